import { createHash, type Hash } from 'node:crypto';
import { Transform, type TransformCallback } from 'node:stream';
import { AwsError, NotImplementedError } from '../errors.ts';
import { AwsChunkedDecoder, incomplete } from './aws-chunked.ts';
import { type Checksum, createChecksum } from './checksums.ts';
import { signatureError } from './sigv4/signature-error.ts';
import type { Authentication } from './sigv4/signature-verifier.ts';
import type { Headers } from './wire.ts';

const UNSIGNED = 'UNSIGNED-PAYLOAD';
const SIGNED_CHUNKS = 'STREAMING-AWS4-HMAC-SHA256-PAYLOAD';
const SIGNED_CHUNKS_AND_TRAILER = 'STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER';
const UNSIGNED_CHUNKS_AND_TRAILER = 'STREAMING-UNSIGNED-PAYLOAD-TRAILER';

/** `x-amz-content-sha256`, or what stands for it in a presigned or anonymous request. @throws AwsError */
export function declaredPayloadHash(headers: Headers, presigned: boolean): string {
  const declared = headers['x-amz-content-sha256'];
  if (declared === undefined) {
    if (presigned) return UNSIGNED;
    throw signatureError('s3', 'missing-payload-hash');
  }
  const known = [UNSIGNED, SIGNED_CHUNKS, SIGNED_CHUNKS_AND_TRAILER, UNSIGNED_CHUNKS_AND_TRAILER];
  if (/^[0-9a-f]{64}$/.test(declared) || known.includes(declared)) return declared;
  if (declared.startsWith('STREAMING-')) throw new NotImplementedError(`s3 payload signature ${declared}`);
  throw new AwsError(
    'InvalidArgument',
    'x-amz-content-sha256 must be UNSIGNED-PAYLOAD, STREAMING-UNSIGNED-PAYLOAD-TRAILER, STREAMING-AWS4-HMAC-SHA256-PAYLOAD, STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER or a valid sha256 value.',
    400,
  );
}

/** Bytes of the object in the body, or undefined where the headers do not say. */
export function declaredLength(headers: Headers): number | undefined {
  const text = isChunked(headers) ? headers['x-amz-decoded-content-length'] : headers['content-length'];
  return text !== undefined && /^\d{1,15}$/.test(text) ? Number(text) : undefined;
}

function isChunked(headers: Headers): boolean {
  return headers['x-amz-content-sha256']?.startsWith('STREAMING-') ?? false;
}

/**
 * The bytes of an S3 request's body: `aws-chunked` decoded; length, SHA-256, chunk signatures, Content-MD5 and
 * checksums verified. It fails with an AwsError at the latest before its end, so whoever keeps the bytes must not
 * commit to them before `end`. `trailers` are complete then.
 */
export class S3Payload extends Transform {
  readonly #decoder: AwsChunkedDecoder | undefined;
  readonly #hash: { readonly declared: string; readonly running: Hash } | undefined;
  readonly #checksums: { readonly header: string; readonly running: Checksum }[] = [];
  readonly #headers: Headers;
  readonly #limit: number;
  #length = 0;

  /** @param checksummed checksum headers of the request speak of the body */
  constructor(headers: Headers, authentication: Authentication | undefined, checksummed: boolean, limit: number) {
    super();
    this.#headers = headers;
    this.#limit = limit;
    const declared = headers['x-amz-content-sha256'];
    if (isChunked(headers)) {
      this.#decoder = new AwsChunkedDecoder(declared === UNSIGNED_CHUNKS_AND_TRAILER ? undefined : authentication);
    } else if (declared !== undefined && declared !== UNSIGNED && authentication !== undefined) {
      this.#hash = { declared, running: createHash('sha256') };
    }
    const names = Object.keys(headers).filter((name) => checksummed && isChecksum(name));
    const trailing = (headers['x-amz-trailer'] ?? '').toLowerCase().split(',');
    for (const name of [...names, ...trailing.map((text) => text.trim())]) {
      if (name === '') continue;
      if (!isChecksum(name)) throw new NotImplementedError(`s3 trailer ${name}`);
      this.#checksums.push({ header: name, running: createChecksum(name.slice('x-amz-checksum-'.length)) });
    }
    if (headers['content-md5'] !== undefined) {
      this.#checksums.push({ header: 'content-md5', running: createChecksum('md5') });
    }
  }

  /** Trailing headers, complete once the stream has ended. */
  get trailers(): ReadonlyMap<string, string> {
    return this.#decoder?.trailers ?? new Map();
  }

  override _transform(chunk: Buffer, _encoding: string, callback: TransformCallback): void {
    try {
      for (const piece of this.#decoder?.push(chunk) ?? [chunk]) this.#pass(piece);
      callback();
    } catch (error) {
      callback(error as Error);
    }
  }

  override _flush(callback: TransformCallback): void {
    try {
      this.#decoder?.end();
      const length = declaredLength(this.#headers);
      if (length !== undefined && length !== this.#length) throw incomplete();
      if (this.#hash !== undefined && this.#hash.running.digest('hex') !== this.#hash.declared) {
        throw signatureError('s3', 'payload-mismatch');
      }
      for (const { header, running } of this.#checksums) this.#checkChecksum(header, running);
      callback();
    } catch (error) {
      callback(error as Error);
    }
  }

  #pass(piece: Buffer): void {
    this.#length += piece.length;
    if (this.#length > this.#limit) throw entityTooLarge(this.#limit);
    this.#hash?.running.update(piece);
    for (const { running } of this.#checksums) running.update(piece);
    this.push(piece);
  }

  #checkChecksum(header: string, running: Checksum): void {
    const given = this.#headers[header] ?? this.trailers.get(header);
    if (given === undefined) throw incomplete();
    if (running.value() === given) return;
    const name = header === 'content-md5' ? 'Content-MD5' : header.slice('x-amz-checksum-'.length).toUpperCase();
    throw new AwsError(
      'BadDigest',
      header === 'content-md5'
        ? 'The Content-MD5 you specified did not match what we received.'
        : `The ${name} you specified did not match the calculated checksum.`,
      400,
    );
  }
}

/** `x-amz-checksum-algorithm`, `-mode` and `-type` are no checksums. */
function isChecksum(header: string): boolean {
  return /^x-amz-checksum-(?!algorithm$|mode$|type$)/.test(header);
}

/** Amazon S3 API reference, "Error responses". */
export function entityTooLarge(limit: number): AwsError {
  return new AwsError('EntityTooLarge', 'Your proposed upload exceeds the maximum allowed object size.', 400, {
    fields: { MaxSizeAllowed: limit },
  });
}
