import { createHash, createHmac } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { Agent, request as httpsRequest } from 'node:https';
import { fromIni } from '@aws-sdk/credential-provider-ini';
import { SignatureV4 } from '@smithy/signature-v4';
import type { CloudDescription } from '../../../local-cloud/src/index.ts';
import type { CorpusRequest } from './corpus/capture.ts';

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
}

/** ms; longer than any operation may take, long polls of a queue included */
const PATIENCE = 60_000;
/** Characters of an answer kept for a finding. */
const KEPT = 400;

/** Signs as the cloud's administrator and sends over kept connections. */
export class HttpSender {
  readonly host: string;
  readonly port: number;
  readonly ca: Buffer;
  readonly #agent: Agent;
  readonly #signers = new Map<string, SignatureV4>();
  readonly #region: string;
  readonly #credentials: { readonly accessKeyId: string; readonly secretAccessKey: string };

  private constructor(cloud: CloudDescription, credentials: { accessKeyId: string; secretAccessKey: string }) {
    const url = new URL(cloud.apiUrl);
    this.host = url.hostname;
    this.port = Number(url.port);
    this.ca = readFileSync(cloud.caFile);
    this.#region = cloud.region;
    this.#credentials = credentials;
    // Named here, because Node would take a mutated Host header for the name to expect in the server's certificate.
    this.#agent = new Agent({ ca: this.ca, keepAlive: true, maxSockets: 64, servername: this.host });
  }

  static async create(cloud: CloudDescription): Promise<HttpSender> {
    return new HttpSender(
      cloud,
      await fromIni({ filepath: cloud.credentialsFile, profile: 'default', ignoreCache: true })(),
    );
  }

  async sign(request: CorpusRequest): Promise<SignedMessage> {
    const { signingName, query } = request;
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
    const search = Object.entries(signed.query ?? {})
      .flatMap(([name, value]) => [value ?? ''].flat().map((one) => `${percentEncoded(name)}=${percentEncoded(one)}`))
      .join('&');
    return {
      method: request.method,
      target: search === '' ? signed.path : `${signed.path}?${search}`,
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
          agent: this.#agent,
          host: this.host,
          port: this.port,
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
  }
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
