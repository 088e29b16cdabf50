import { createHash, createPublicKey, type KeyObject, verify } from 'node:crypto';
import type { SIGNATURE_ALGORITHMS } from '../firmware-manifest.ts';

/** A public key that somebody trusts, with what it signs by. */
export interface VerifyingKey {
  readonly algorithm: (typeof SIGNATURE_ALGORITHMS)[number];
  readonly publicKeyPem: string;
}

/** Id of a key in key sets and signatures: the first 32 hexadecimal digits of SHA-256 over its SubjectPublicKeyInfo (DER). */
export function keyIdOf(publicKey: KeyObject): string {
  const der = publicKey.export({ type: 'spki', format: 'der' });
  return createHash('sha256').update(der).digest('hex').slice(0, 32);
}

/**
 * Whether a signature is over the bytes. ECDSA signatures are DER (RFC 3279 section 2.2.3), as AWS Signer and AWS KMS give them;
 * Ed25519 as in RFC 8032.
 */
export function isSignedBy(key: VerifyingKey, bytes: Uint8Array, signature: Uint8Array): boolean {
  try {
    const publicKey = createPublicKey(key.publicKeyPem);
    if (!isOfAlgorithm(publicKey, key.algorithm)) return false;
    return verify(key.algorithm === 'ED25519' ? null : 'sha256', bytes, publicKey, signature);
  } catch {
    // What OpenSSL cannot read as a key or a signature verifies nothing.
    return false;
  }
}

/** A key must be what whoever trusts it says: an algorithm is never taken from the key alone. */
function isOfAlgorithm(key: KeyObject, algorithm: VerifyingKey['algorithm']): boolean {
  if (algorithm === 'ED25519') return key.asymmetricKeyType === 'ed25519';
  return key.asymmetricKeyType === 'ec' && key.asymmetricKeyDetails?.namedCurve === 'prime256v1';
}
