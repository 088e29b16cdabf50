import { generateKeyPairSync } from 'node:crypto';
import { hasRocaFingerprint } from './roca-fingerprint.ts';

const PRIMORIAL = [
  2, 3, 5, 7, 11, 13, 17, 19, 23, 29, 31, 37, 41, 43, 47, 53, 59, 61, 67, 71, 73, 79, 83, 89, 97, 101, 103, 107, 109,
  113, 127, 131, 137, 139, 149, 151, 157, 163, 167,
].reduce((product, prime) => product * BigInt(prime), 1n);

function power(base: bigint, exponent: bigint, modulus: bigint): bigint {
  let result = 1n;
  for (let bits = exponent, square = base % modulus; bits > 0n; bits >>= 1n, square = (square * square) % modulus) {
    if ((bits & 1n) === 1n) result = (result * square) % modulus;
  }
  return result;
}

/** A number of the form k·M + (65537^a mod M), as the faulty library makes its primes. */
const factor = (k: bigint, a: bigint): bigint => k * PRIMORIAL + power(65_537n, a, PRIMORIAL);

test('a modulus of the faulty form is recognised', () => {
  expect(hasRocaFingerprint(factor(0x1234567n, 98_765_432n) * factor(0x89abcden, 1_357_924_680n))).toBe(true);
});

test('a modulus of a sound library is not', () => {
  const { publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
  const { n } = publicKey.export({ format: 'jwk' });
  expect(hasRocaFingerprint(BigInt(`0x${Buffer.from(n as string, 'base64url').toString('hex')}`))).toBe(false);
});
