import { createHash, type Hash } from 'node:crypto';
import { AwsError } from '../errors.ts';
import { hmacHex, scopeText, sha256Hex } from './sigv4/canonical-request.ts';
import type { Authentication } from './sigv4/signature-verifier.ts';

/** Longest line of a chunk's size and signature, and of one trailer. bytes */
const MAX_LINE = 4096;
const MAX_TRAILERS = 16;
const EMPTY_HASH = sha256Hex('');

/**
 * Decodes `aws-chunked` bodies (Amazon S3 API reference, "Signature calculations for the authorization header:
 * transferring payload in multiple chunks"): `size[;chunk-signature=…]CRLF data CRLF`, ended by a chunk of size 0 and
 * trailers. Each signature covers the chunk's bytes and the signature before it.
 */
export class AwsChunkedDecoder {
  readonly trailers = new Map<string, string>();
  readonly #signer: ChunkSigner | undefined;
  #state: 'size' | 'data' | 'data-end' | 'trailers' | 'end' = 'size';
  #line: Buffer = Buffer.alloc(0);
  #left = 0;
  #signature = '';
  #trailerText = '';

  /** @param seed the request's own signature, where chunks are signed */
  constructor(seed?: Authentication) {
    this.#signer = seed === undefined ? undefined : new ChunkSigner(seed);
  }

  /** @returns the bytes of the object that `data` holds. @throws AwsError */
  push(data: Buffer): Buffer[] {
    const pieces: Buffer[] = [];
    let rest = data;
    while (rest.length > 0) {
      if (this.#state === 'data') {
        const piece = rest.subarray(0, this.#left);
        this.#signer?.update(piece);
        pieces.push(piece);
        this.#left -= piece.length;
        rest = rest.subarray(piece.length);
        if (this.#left === 0) this.#state = 'data-end';
        continue;
      }
      if (this.#state === 'end') throw incomplete();
      const line = this.#readLine(rest);
      if (line === undefined) break;
      rest = line.rest;
      this.#take(line.text);
    }
    return pieces;
  }

  /** @throws AwsError when the body ended early or its last signature is wrong */
  end(): void {
    if (this.#state !== 'end' && (this.#state !== 'trailers' || this.#line.length > 0)) throw incomplete();
    const signature = this.trailers.get('x-amz-trailer-signature');
    if (this.#signer === undefined) return;
    if (this.#trailerText !== '' || signature !== undefined) {
      this.#signer.checkTrailers(this.#trailerText, signature ?? '');
    }
  }

  #take(text: string): void {
    switch (this.#state) {
      case 'size':
        this.#beginChunk(text);
        return;
      case 'data-end':
        if (text !== '') throw incomplete();
        this.#signer?.checkChunk(this.#signature);
        this.#state = 'size';
        return;
      default:
        this.#takeTrailer(text);
    }
  }

  #beginChunk(line: string): void {
    const parts = /^([0-9a-fA-F]{1,8})(?:;chunk-signature=([0-9a-f]{64}))?$/.exec(line);
    if (parts === null || (this.#signer !== undefined) !== (parts[2] !== undefined)) throw incomplete();
    this.#left = Number.parseInt(parts[1] as string, 16);
    this.#signature = parts[2] ?? '';
    if (this.#left === 0) this.#signer?.checkChunk(this.#signature);
    this.#state = this.#left === 0 ? 'trailers' : 'data';
  }

  #takeTrailer(line: string): void {
    if (line === '') {
      this.#state = 'end';
      return;
    }
    const colon = line.indexOf(':');
    if (colon < 1 || this.trailers.size >= MAX_TRAILERS) throw incomplete();
    const name = line.slice(0, colon).trim().toLowerCase();
    const value = line.slice(colon + 1).trim();
    this.trailers.set(name, value);
    if (name !== 'x-amz-trailer-signature') this.#trailerText += `${name}:${value}\n`;
  }

  #readLine(data: Buffer): { text: string; rest: Buffer } | undefined {
    const joined = this.#line.length === 0 ? data : Buffer.concat([this.#line, data]);
    const end = joined.indexOf('\r\n');
    if (end > MAX_LINE || (end < 0 && joined.length > MAX_LINE)) throw incomplete();
    if (end < 0) {
      this.#line = Buffer.from(joined);
      return undefined;
    }
    this.#line = Buffer.alloc(0);
    return { text: joined.toString('latin1', 0, end), rest: joined.subarray(end + 2) };
  }
}

/** The chain of chunk signatures. */
class ChunkSigner {
  readonly #seed: Authentication;
  #previous: string;
  #hash: Hash = createHash('sha256');

  constructor(seed: Authentication) {
    this.#seed = seed;
    this.#previous = seed.request.signature;
  }

  update(data: Buffer): void {
    this.#hash.update(data);
  }

  checkChunk(signature: string): void {
    this.#check('AWS4-HMAC-SHA256-PAYLOAD', `${EMPTY_HASH}\n${this.#hash.digest('hex')}`, signature);
    this.#hash = createHash('sha256');
  }

  checkTrailers(text: string, signature: string): void {
    this.#check('AWS4-HMAC-SHA256-TRAILER', sha256Hex(text), signature);
  }

  #check(algorithm: string, content: string, signature: string): void {
    const { request, signingKey } = this.#seed;
    const text = `${algorithm}\n${request.timestamp}\n${scopeText(request.scope)}\n${this.#previous}\n${content}`;
    if (hmacHex(signingKey, text) !== signature) {
      throw new AwsError(
        'SignatureDoesNotMatch',
        'The request signature we calculated does not match the signature you provided. Check your key and signing method.',
        403,
      );
    }
    this.#previous = signature;
  }
}

export function incomplete(): AwsError {
  return new AwsError(
    'IncompleteBody',
    'The request body terminated unexpectedly, or is not encoded as its headers say.',
    400,
  );
}
