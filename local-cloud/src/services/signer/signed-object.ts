import { createSign, type KeyObject } from 'node:crypto';
import { MEGABYTE } from './limits.ts';
import type { Platform } from './platforms.ts';
import type { JobRecord } from './records.ts';

/**
 * The object that a signing job writes. Detached as in the AWS IoT developer guide, `manage-job-cli`, "Code signing with
 * jobs" (element `codesign`); embedded with the image itself as `payload` in place of its location.
 * The signature is DER in base64, which `openssl dgst -sha256 -verify` takes once decoded.
 *
 * @param body Buffer, text or stream
 * @throws Error for an image over the platform's limit
 */
export async function signObject(
  platform: Platform,
  key: KeyObject,
  body: unknown,
  source: JobRecord['source'],
): Promise<string> {
  const signing = createSign('sha256');
  const kept: Buffer[] = [];
  let size = 0;
  for await (const chunk of chunksOf(body)) {
    size += chunk.length;
    if (size > platform.maxSizeInMB * MEGABYTE) {
      throw new Error(`The object is larger than the ${platform.maxSizeInMB} MB that ${platform.platformId} signs.`);
    }
    signing.update(chunk);
    if (platform.format === 'JSONEmbedded') kept.push(Buffer.from(chunk));
  }
  const { bucketName, key: name, version } = source;
  return JSON.stringify({
    rawPayloadSize: size,
    signature: signing.sign(key).toString('base64'),
    signatureAlgorithm: 'SHA256withECDSA',
    ...(platform.format === 'JSONEmbedded'
      ? { payload: Buffer.concat(kept).toString('base64') }
      : { payloadLocation: { s3: { bucketName, key: name, version } } }),
  });
}

/** Inside the process a body is a Buffer, a text or a stream (core, `Operation.handle`). */
async function* chunksOf(body: unknown): AsyncGenerator<Uint8Array> {
  if (body === undefined || body === null) return;
  if (typeof body === 'string') yield Buffer.from(body);
  else if (body instanceof Uint8Array) yield body;
  else yield* body as AsyncIterable<Uint8Array>;
}
