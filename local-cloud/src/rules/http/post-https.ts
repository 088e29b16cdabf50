import { readFileSync } from 'node:fs';
import { type RequestOptions, request } from 'node:https';
import { createSecureContext, type SecureContext } from 'node:tls';
import type { Clock } from '../../core/clock.ts';
import { AwsError } from '../../core/errors.ts';

/** Time for one request, answer included (AWS General Reference, "AWS IoT Core rules engine", HTTP action timeout). */
export const REQUEST_TIMEOUT_MS = 3000;
/** Larger answers are not read, and end the tries (`https-rule-action`, "HTTP action retry logic"). */
export const MAX_RESPONSE_BYTES = 16_384;

export interface HttpsPost {
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer;
  /** PEM of the local cloud's CA, trusted beside the well-known ones. */
  readonly caFile: string;
  readonly clock: Clock;
}

export interface HttpsAnswer {
  readonly statusCode: number;
  /** The body is larger than {@link MAX_RESPONSE_BYTES}; the rest of it was not read. */
  readonly oversized: boolean;
}

/** The endpoint took the connection and closed it without an answer: such a try is the last. */
export class ConnectionClosed extends Error {
  override readonly name = 'ConnectionClosed';
}

/** @throws ConnectionClosed, AwsError 503 when the endpoint cannot be reached, 504 when it does not answer in time */
export function postHttps(url: URL, { headers, body, caFile, clock }: HttpsPost): Promise<HttpsAnswer> {
  return new Promise((resolve, reject) => {
    const options: RequestOptions & { secureContext: SecureContext } = {
      method: 'POST',
      headers: { ...headers, 'content-length': String(body.length) },
      secureContext: trusting(caFile),
      agent: false,
    };
    let connected = false;
    const timer = clock.after(REQUEST_TIMEOUT_MS, () => {
      outgoing.destroy();
      reject(new AwsError('RequestTimeout', `no answer within ${REQUEST_TIMEOUT_MS} ms`, 504));
    });
    const outgoing = request(url, options, (incoming) => {
      const answer = (oversized: boolean): void => {
        timer.cancel();
        resolve({ statusCode: incoming.statusCode ?? 0, oversized });
      };
      let received = 0;
      incoming.on('data', (chunk: Buffer) => {
        received += chunk.length;
        if (received <= MAX_RESPONSE_BYTES) return;
        answer(true);
        incoming.destroy();
      });
      incoming.on('end', () => answer(false));
      incoming.on('error', fail);
    });
    outgoing.on('socket', (socket) => {
      socket.once('secureConnect', () => {
        connected = true;
      });
    });
    outgoing.on('error', fail);
    outgoing.end(body);

    function fail(error: Error): void {
      timer.cancel();
      if (connected) reject(new ConnectionClosed(`the endpoint closed the connection: ${error.message}`));
      else reject(new AwsError('ServiceUnavailable', `the endpoint cannot be reached: ${error.message}`, 503));
    }
  });
}

const contexts = new Map<string, SecureContext>();

/** Well-known CAs, those of NODE_EXTRA_CA_CERTS, and the local cloud's own. */
function trusting(caFile: string): SecureContext {
  const pem = readFileSync(caFile, 'utf8');
  let secure = contexts.get(pem);
  if (secure === undefined) {
    secure = createSecureContext();
    (secure.context as { addCACert(pem: string): void }).addCACert(pem);
    contexts.clear();
    contexts.set(pem, secure);
  }
  return secure;
}
