import { createHash, randomBytes } from 'node:crypto';

/** Randomness as a port: every identifier, token and key of the cloud comes from here. */
export interface Entropy {
  bytes(length: number): Buffer;
}

const POOL_BYTES = 16 * 1024;
/** Longer requests go to the source itself. */
const MAX_POOLED_BYTES = 256;
let pool = Buffer.alloc(0);
let poolUsed = 0;

/**
 * The operating system's randomness. Small requests are served from a pool, because each draw costs a system call's worth
 * of time; bytes that were handed out are wiped from it.
 */
export const systemEntropy: Entropy = {
  bytes(length) {
    if (length > MAX_POOLED_BYTES) return randomBytes(length);
    if (poolUsed + length > pool.length) {
      pool = randomBytes(POOL_BYTES);
      poolUsed = 0;
    }
    const drawn = Buffer.from(pool.subarray(poolUsed, poolUsed + length));
    pool.fill(0, poolUsed, poolUsed + length);
    poolUsed += length;
    return drawn;
  },
};

/** Reproducible bytes for tests: SHA-256 of the seed and a counter. Never use it for keys. */
export function seededEntropy(seed: string): Entropy {
  let counter = 0;
  return {
    bytes(length) {
      const blocks: Buffer[] = [];
      for (let size = 0; size < length; size += 32) {
        blocks.push(createHash('sha256').update(`${seed}:${counter++}`).digest());
      }
      return Buffer.concat(blocks).subarray(0, length);
    },
  };
}

/** RFC 4122 version 4 UUID. */
export function uuid(entropy: Entropy): string {
  const bytes = entropy.bytes(16);
  bytes[6] = ((bytes[6] as number) & 0x0f) | 0x40;
  bytes[8] = ((bytes[8] as number) & 0x3f) | 0x80;
  const hex = bytes.toString('hex');
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`;
}

/** `length` characters drawn evenly from `alphabet` (at most 256 characters). */
export function randomText(entropy: Entropy, length: number, alphabet: string): string {
  const limit = 256 - (256 % alphabet.length);
  let text = '';
  while (text.length < length) {
    for (const byte of entropy.bytes(length * 2)) {
      if (byte < limit && text.length < length) text += alphabet[byte % alphabet.length];
    }
  }
  return text;
}
