import { Agent, request } from 'node:https';
import { CloudUnreachable } from './greengrass-cloud.ts';

export interface HttpsEndpoint {
  readonly host: string;
  readonly port: number;
}

/** What a core shows to prove who it is, as it is now: certificates are rotated. */
export interface DeviceCertificate {
  readonly certificatePem: string;
  readonly privateKeyPem: string;
}

export interface DeviceHttpsOptions {
  /** @default the well-known authorities */
  readonly serverCaPem?: string | undefined;
  certificate(): DeviceCertificate;
}

export interface HttpsAnswer {
  readonly status: number;
  readonly body: string;
}

/** ms for an answer */
const TIMEOUT = 30_000;
/** bytes; a recipe has 16 KB at most */
const MAX_ANSWER = 1024 * 1024;

/** Requests with the certificate of the core. */
export class DeviceHttps {
  readonly #options: DeviceHttpsOptions;

  constructor(options: DeviceHttpsOptions) {
    this.#options = options;
  }

  /** @throws CloudUnreachable also for errors of the server and for throttling */
  async ask(
    { host, port }: HttpsEndpoint,
    method: 'GET' | 'POST',
    path: string,
    options: { body?: string; headers?: Readonly<Record<string, string>>; signal?: AbortSignal } = {},
  ): Promise<HttpsAnswer> {
    const { certificatePem, privateKeyPem } = this.#options.certificate();
    const agent = new Agent({
      cert: certificatePem,
      key: privateKeyPem,
      ...(this.#options.serverCaPem !== undefined && { ca: this.#options.serverCaPem }),
    });
    const { body = '', headers = {}, signal } = options;
    try {
      const answer = await new Promise<HttpsAnswer>((resolve, reject) => {
        const outgoing = request(
          {
            host,
            port,
            method,
            path,
            agent,
            timeout: TIMEOUT,
            headers: { ...headers, 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) },
            ...(signal !== undefined && { signal }),
          },
          (response) => {
            let text = '';
            response.setEncoding('utf8');
            response.on('data', (chunk: string) => {
              text += chunk;
              if (text.length > MAX_ANSWER) outgoing.destroy(new Error('the answer is too long'));
            });
            response.on('end', () => resolve({ status: response.statusCode ?? 0, body: text }));
            response.on('error', reject);
          },
        );
        outgoing.on('timeout', () => outgoing.destroy(new Error(`no answer within ${TIMEOUT} ms`)));
        outgoing.on('error', reject);
        outgoing.end(body);
      });
      if (answer.status >= 500 || answer.status === 429) {
        throw new CloudUnreachable(`${method} ${path}: status ${answer.status}`);
      }
      return answer;
    } catch (error) {
      signal?.throwIfAborted();
      if (error instanceof CloudUnreachable) throw error;
      const reason = error instanceof Error ? error.message : String(error);
      throw new CloudUnreachable(`${method} ${path}: ${reason}`, { cause: error });
    } finally {
      agent.destroy();
    }
  }
}
