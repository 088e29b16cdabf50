import { createECDH, type KeyObject } from 'node:crypto';
import type { Entropy } from '../../../core/entropy.ts';
import type { Curve } from '../key-specs.ts';
import { combine, DOMAINS, type Domain, inverse, mod } from './curve-arithmetic.ts';
import { readSignature, writeSignature } from './der-signature.ts';

/**
 * ECDSA over a digest that the caller made (FIPS 186-5, 6.4): Node's own functions always hash first.
 */
export function signDigest(curve: Curve, key: KeyObject, digest: Uint8Array, entropy: Entropy): Buffer {
  const domain = DOMAINS[curve.name];
  const { d = '' } = key.export({ format: 'jwk' });
  const secret = integer(Buffer.from(d, 'base64url'));
  const z = digestNumber(digest, domain);
  for (;;) {
    const k = drawScalar(domain, entropy);
    const ephemeral = createECDH(curve.name);
    ephemeral.setPrivateKey(octets(k, domain.size));
    const point = ephemeral.getPublicKey();
    const r = mod(integer(point.subarray(1, 1 + domain.size)), domain.n);
    // The blinding factor keeps the time of the inversion apart from k.
    const blind = drawScalar(domain, entropy);
    const s = mod(inverse(k * blind, domain.n) * mod(blind * (z + r * secret), domain.n), domain.n);
    if (r !== 0n && s !== 0n) return writeSignature(r, s);
  }
}

/** `signature` is DER (RFC 3279, section 2.2.3); anything else is not valid. */
export function verifyDigest(curve: Curve, key: KeyObject, digest: Uint8Array, signature: Uint8Array): boolean {
  const domain = DOMAINS[curve.name];
  const read = readSignature(Buffer.from(signature));
  if (read === undefined) return false;
  const { r, s } = read;
  if (r < 1n || r >= domain.n || s < 1n || s >= domain.n) return false;
  const { x = '', y = '' } = key.export({ format: 'jwk' });
  const point = { x: integer(Buffer.from(x, 'base64url')), y: integer(Buffer.from(y, 'base64url')) };
  const w = inverse(s, domain.n);
  const sum = combine(domain, mod(digestNumber(digest, domain) * w, domain.n), point, mod(r * w, domain.n));
  return sum !== undefined && mod(sum.x, domain.n) === r;
}

/** The leftmost bits of the digest, as many as the order of the group has. */
function digestNumber(digest: Uint8Array, { n }: Domain): bigint {
  const surplus = digest.length * 8 - n.toString(2).length;
  const value = integer(Buffer.from(digest));
  return surplus > 0 ? value >> BigInt(surplus) : value;
}

/** Evenly from 1 to n - 1 (FIPS 186-5, A.2.1: 64 bits more than needed, reduced). */
function drawScalar({ n, size }: Domain, entropy: Entropy): bigint {
  return mod(integer(entropy.bytes(size + 8)), n - 1n) + 1n;
}

function integer(bytes: Buffer): bigint {
  return bytes.length === 0 ? 0n : BigInt(`0x${bytes.toString('hex')}`);
}

function octets(value: bigint, size: number): Buffer {
  return Buffer.from(value.toString(16).padStart(2 * size, '0'), 'hex');
}
