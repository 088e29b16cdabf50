import type { IncomingMessage } from 'node:http';
import { gunzipSync } from 'node:zlib';
import { AwsError } from '../errors.ts';
import { MAX_BODY_SIZE } from './service-traits.ts';
import type { Headers } from './wire.ts';

/** The body is larger than the service takes. */
export class BodyTooLargeError extends Error {
  readonly limit: number;

  constructor(limit: number) {
    super(`the body exceeds ${limit} bytes`);
    this.limit = limit;
  }
}

/** The client went away before it had sent its body. */
export class ClientGoneError extends Error {}

/** @throws BodyTooLargeError as soon as it is known, ClientGoneError */
export function readBody(request: IncomingMessage, limit: number): Promise<Buffer> {
  const declared = Number(request.headers['content-length'] ?? 0);
  if (declared > limit) return Promise.reject(new BodyTooLargeError(limit));
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let length = 0;
    request.on('data', (chunk: Buffer) => {
      length += chunk.length;
      if (length > limit) {
        request.removeAllListeners('data');
        reject(new BodyTooLargeError(limit));
        return;
      }
      chunks.push(chunk);
    });
    request.on('end', () => resolve(chunks.length === 1 ? (chunks[0] as Buffer) : Buffer.concat(chunks, length)));
    request.on('error', () => reject(new ClientGoneError('the client went away')));
    request.on('close', () => {
      if (!request.complete) reject(new ClientGoneError('the client went away'));
    });
  });
}

/**
 * The body that was compressed for the way, as the SDKs do for large `PutMetricData` requests (smithy.io,
 * "requestCompression trait"). The signature is of the compressed bytes.
 *
 * @throws AwsError `SerializationException`
 */
export function inflated(head: { readonly headers: Headers }, sent: Buffer): Buffer {
  if (head.headers['content-encoding'] !== 'gzip') return sent;
  try {
    return gunzipSync(sent, { maxOutputLength: MAX_BODY_SIZE });
  } catch (cause) {
    throw new AwsError('SerializationException', 'the body is not valid gzip, or too large', 400, { cause });
  }
}
