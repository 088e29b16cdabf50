import { createHash, createHmac } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { Agent, request as httpsRequest } from 'node:https';
import { fromIni } from '@aws-sdk/credential-provider-ini';
import { SignatureV4 } from '@smithy/signature-v4';
import type { CloudDescription } from '../../../local-cloud/src/index.ts';
import type { CorpusRequest } from './corpus/capture.ts';
import { BY_CERTIFICATE } from './corpus/device-requests.ts';
import type { Credentials } from './mqtt-wire.ts';

export interface HttpAnswer {
  readonly status: number;
  readonly requestId: string;
  readonly body: string;
}

/**
 * What became of a request: an answer, a connection that ended without one, nothing in time, or never sent because the
 * HTTP client refuses to write it.
 */
export type HttpOutcome = HttpAnswer | 'closed' | 'silent' | 'unsendable';

/** A request ready to be written. */
export interface SignedMessage {
  readonly method: string;
  /** Path and query. */
  readonly target: string;
  readonly headers: Record<string, string>;
  readonly body: Buffer;
  /** To the port of the devices, with a certificate instead of a signature. */
  readonly byCertificate?: true;
}

/** ms; longer than any operation may take, long polls of a queue included */
const PATIENCE = 60_000;
/** Characters of an answer kept for a finding. */
const KEPT = 400;

/** Signs as the cloud's administrator, or speaks as a device, and sends over kept connections. */
export class HttpSender {
  readonly host: string;
  readonly port: number;
  readonly ca: Buffer;
  readonly #agent: Agent;
  readonly #deviceAgent: Agent;
  readonly #devicePort: number;
  readonly #signers = new Map<string, SignatureV4>();
  readonly #region: string;
  readonly #credentials: { readonly accessKeyId: string; readonly secretAccessKey: string };

  private constructor(
    cloud: CloudDescription,
    credentials: { accessKeyId: string; secretAccessKey: string },
    device: Credentials,
  ) {
    const url = new URL(cloud.apiUrl);
    this.host = url.hostname;
    this.port = Number(url.port);
    this.ca = readFileSync(cloud.caFile);
    this.#region = cloud.region;
    this.#credentials = credentials;
    // Named here, because Node would take a mutated Host header for the name to expect in the server's certificate.
    this.#agent = new Agent({ ca: this.ca, keepAlive: true, maxSockets: 64, servername: this.host });
    this.#devicePort = cloud.mqttPort;
    this.#deviceAgent = new Agent({
      ca: this.ca,
      cert: device.certificatePem,
      key: device.privateKeyPem,
      // "x-amzn-http-ca" (developer guide, `protocols`)
      ALPNProtocols: ['x-amzn-http-ca'],
      keepAlive: true,
      maxSockets: 64,
      servername: this.host,
    });
  }

  static async create(cloud: CloudDescription, device: Credentials): Promise<HttpSender> {
    return new HttpSender(
      cloud,
      await fromIni({ filepath: cloud.credentialsFile, profile: 'default', ignoreCache: true })(),
      device,
    );
  }

  async sign(request: CorpusRequest): Promise<SignedMessage> {
    const { signingName, query } = request;
    if (signingName === BY_CERTIFICATE) return unsigned(request);
    let signer = this.#signers.get(signingName);
    if (signer === undefined) {
      signer = new SignatureV4({
        service: signingName,
        region: this.#region,
        credentials: this.#credentials,
        sha256: Sha256,
        uriEscapePath: signingName !== 's3',
        applyChecksum: signingName === 's3',
      });
      this.#signers.set(signingName, signer);
    }
    const signed = await signer.sign({
      method: request.method,
      protocol: 'https:',
      hostname: this.host,
      port: this.port,
      path: request.path,
      query: Object.fromEntries(Object.entries(query).map(([name, value]) => [name, value ?? ''])),
      headers: { host: `${this.host}:${this.port}`, ...request.headers },
      body: request.body,
    });
    return {
      method: request.method,
      target: targetOf(signed.path, signed.query ?? {}),
      headers: { ...signed.headers, 'content-length': String(request.body.length) },
      body: request.body,
    };
  }

  async send(message: SignedMessage): Promise<HttpOutcome> {
    try {
      return await this.#exchange(message);
    } catch {
      return 'unsendable';
    }
  }

  /** @throws TypeError for headers or a path that Node does not write */
  #exchange(message: SignedMessage): Promise<Exclude<HttpOutcome, 'unsendable'>> {
    return new Promise((resolve) => {
      const sent = httpsRequest(
        {
          agent: message.byCertificate === true ? this.#deviceAgent : this.#agent,
          host: this.host,
          port: message.byCertificate === true ? this.#devicePort : this.port,
          method: message.method,
          path: message.target,
          headers: message.headers,
          timeout: PATIENCE,
        },
        (response) => {
          const chunks: Buffer[] = [];
          response.on('data', (chunk: Buffer) => {
            if (chunks.length < 4) chunks.push(chunk);
          });
          response.on('error', () => resolve('closed'));
          response.on('close', () => {
            const requestId = response.headers['x-amzn-requestid'] ?? response.headers['x-amz-request-id'] ?? '';
            const body = Buffer.concat(chunks).toString('utf8').slice(0, KEPT);
            resolve({ status: response.statusCode ?? 0, requestId: String(requestId), body });
          });
        },
      );
      sent.on('timeout', () => {
        resolve('silent');
        sent.destroy();
      });
      sent.on('error', () => resolve('closed'));
      sent.end(message.body);
    });
  }

  close(): void {
    this.#agent.destroy();
    this.#deviceAgent.destroy();
  }
}

function unsigned({ method, path, query, headers, body }: CorpusRequest): SignedMessage {
  return {
    method,
    target: targetOf(path, query),
    headers: { ...headers, 'content-length': String(body.length) },
    body,
    byCertificate: true,
  };
}

function targetOf(path: string, query: Readonly<Record<string, string | readonly string[] | null>>): string {
  const search = Object.entries(query)
    .flatMap(([name, value]) => [value ?? ''].flat().map((one) => `${percentEncoded(name)}=${percentEncoded(one)}`))
    .join('&');
  return search === '' ? path : `${path}?${search}`;
}

function percentEncoded(text: string): string {
  return encodeURIComponent(text).replace(
    /[!'()*]/g,
    (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`,
  );
}

/** SHA-256 and its HMAC, in the shape that the signer asks for. */
class Sha256 {
  readonly #hash: ReturnType<typeof createHash> | ReturnType<typeof createHmac>;

  constructor(secret?: string | ArrayBuffer | ArrayBufferView) {
    this.#hash = secret === undefined ? createHash('sha256') : createHmac('sha256', secret as string);
  }

  update(data: Uint8Array | string): void {
    this.#hash.update(data);
  }

  async digest(): Promise<Uint8Array> {
    return this.#hash.digest();
  }

  reset(): void {
    throw new Error('a digest is made once');
  }
}
