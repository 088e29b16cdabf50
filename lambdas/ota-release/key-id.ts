import { createHash, createPublicKey } from 'node:crypto';

/** Id of a key in key sets and signatures: the beginning of the digest of its SubjectPublicKeyInfo, in hexadecimal. */
export function keyIdOf(publicKeyPem: string): string {
  const spki = createPublicKey(publicKeyPem).export({ type: 'spki', format: 'der' });
  return createHash('sha256').update(spki).digest('hex').slice(0, 32);
}
