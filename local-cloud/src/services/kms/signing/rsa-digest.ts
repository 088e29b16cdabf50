import { constants, createHash, type KeyObject, privateEncrypt, publicDecrypt, timingSafeEqual } from 'node:crypto';
import type { Entropy } from '../../../core/entropy.ts';

export type RsaHash = 'sha256' | 'sha384' | 'sha512';

/** DigestInfo up to the digest (RFC 8017, section 9.2, note 1). */
const DIGEST_INFO: Readonly<Record<RsaHash, Buffer>> = {
  sha256: Buffer.from('3031300d060960864801650304020105000420', 'hex'),
  sha384: Buffer.from('3041300d060960864801650304020205000430', 'hex'),
  sha512: Buffer.from('3051300d060960864801650304020305000440', 'hex'),
};

/** RSASSA-PKCS1-v1_5 over a digest that the caller made. */
export function signPkcs1(key: KeyObject, hash: RsaHash, digest: Uint8Array): Buffer {
  return privateEncrypt({ key, padding: constants.RSA_PKCS1_PADDING }, Buffer.concat([DIGEST_INFO[hash], digest]));
}

export function verifyPkcs1(key: KeyObject, hash: RsaHash, digest: Uint8Array, signature: Uint8Array): boolean {
  const wanted = Buffer.concat([DIGEST_INFO[hash], digest]);
  const found = opened(key, signature, constants.RSA_PKCS1_PADDING);
  return found !== undefined && found.length === wanted.length && timingSafeEqual(found, wanted);
}

/** RSASSA-PSS over a digest that the caller made; MGF1 and salt of the same hash and length, as KMS documents ("Sign"). */
export function signPss(key: KeyObject, hash: RsaHash, digest: Uint8Array, entropy: Entropy): Buffer {
  const size = octetsOf(key);
  const salt = entropy.bytes(digest.length);
  const h = hashOf(hash, Buffer.alloc(8), digest, salt);
  const db = Buffer.alloc(size - h.length - 1);
  db[db.length - salt.length - 1] = 1;
  salt.copy(db, db.length - salt.length);
  const masked = xor(db, mask(hash, h, db.length));
  // The modulus has a multiple of eight bits, so that emBits is one less: the first bit is clear.
  masked[0] = (masked[0] as number) & 0x7f;
  const encoded = Buffer.concat([masked, h, Buffer.from([0xbc])]);
  return privateEncrypt({ key, padding: constants.RSA_NO_PADDING }, encoded);
}

/** RFC 8017, section 9.1.2 */
export function verifyPss(key: KeyObject, hash: RsaHash, digest: Uint8Array, signature: Uint8Array): boolean {
  const encoded = signature.length === octetsOf(key) ? opened(key, signature, constants.RSA_NO_PADDING) : undefined;
  if (encoded === undefined || encoded.at(-1) !== 0xbc) return false;
  const split = encoded.length - digest.length - 1;
  const masked = encoded.subarray(0, split);
  const h = encoded.subarray(split, -1);
  if (((masked[0] as number) & 0x80) !== 0) return false;
  const db = xor(masked, mask(hash, h, masked.length));
  db[0] = (db[0] as number) & 0x7f;
  const start = db.length - digest.length - 1;
  if (db[start] !== 1 || db.subarray(0, start).some((byte) => byte !== 0)) return false;
  return timingSafeEqual(h, hashOf(hash, Buffer.alloc(8), digest, db.subarray(start + 1)));
}

function opened(key: KeyObject, signature: Uint8Array, padding: number): Buffer | undefined {
  try {
    return publicDecrypt({ key, padding }, signature);
  } catch {
    return undefined;
  }
}

function octetsOf(key: KeyObject): number {
  return (key.asymmetricKeyDetails?.modulusLength ?? 0) / 8;
}

/** MGF1 (RFC 8017, appendix B.2.1) */
function mask(hash: RsaHash, seed: Uint8Array, length: number): Buffer {
  const blocks: Buffer[] = [];
  for (let counter = 0, made = 0; made < length; counter++) {
    const octets = Buffer.alloc(4);
    octets.writeUInt32BE(counter);
    const block = hashOf(hash, seed, octets);
    blocks.push(block);
    made += block.length;
  }
  return Buffer.concat(blocks).subarray(0, length);
}

function hashOf(hash: RsaHash, ...parts: readonly Uint8Array[]): Buffer {
  const made = createHash(hash);
  for (const part of parts) made.update(part);
  return made.digest();
}

function xor(a: Buffer, b: Buffer): Buffer {
  return Buffer.from(a.map((byte, index) => byte ^ (b[index] as number)));
}
