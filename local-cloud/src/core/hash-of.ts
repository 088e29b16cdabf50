import * as crypto from 'node:crypto';

type Data = string | Uint8Array;
type OneShot = (algorithm: string, data: Data, encoding: 'hex' | 'buffer') => string | Buffer;

/** Node 20.12 and later hash in one call, at a third of the price of a Hash object. */
const oneShot = (crypto as { hash?: OneShot }).hash;

export function hashOf(algorithm: 'sha256' | 'md5', data: Data, encoding: 'hex'): string;
export function hashOf(algorithm: 'sha256' | 'md5', data: Data, encoding: 'buffer'): Buffer;
export function hashOf(algorithm: 'sha256' | 'md5', data: Data, encoding: 'hex' | 'buffer'): string | Buffer {
  if (oneShot !== undefined) return oneShot(algorithm, data, encoding);
  const hash = crypto.createHash(algorithm).update(data);
  return encoding === 'hex' ? hash.digest('hex') : hash.digest();
}
