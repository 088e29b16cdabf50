import { createHash, createPublicKey, type KeyObject, verify } from 'node:crypto';
import type { ModelKey, ModelSignatures } from '@fleetwright/contracts';
import { ModelRefusal } from './model-refusal.ts';

/** By key id. Null: withdrawn, though the defaults have it. */
export type TrustedKeys = Readonly<Record<string, ModelKey | null>>;

/** First 32 hexadecimal digits of SHA-256 over the SubjectPublicKeyInfo (DER). */
export function keyIdOf(publicKey: KeyObject): string {
  const der = publicKey.export({ type: 'spki', format: 'der' });
  return createHash('sha256').update(der).digest('hex').slice(0, 32);
}

/** @returns id of the trusted key that has signed the bytes @throws ModelRefusal `KEY_UNKNOWN`, `SIGNATURE_INVALID` */
export function verifySignatures(bytes: Uint8Array, { signatures }: ModelSignatures, keys: TrustedKeys): string {
  let known = false;
  for (const { algorithm, keyId, signature } of signatures) {
    const key = Object.hasOwn(keys, keyId) ? keys[keyId] : undefined;
    if (key === undefined || key === null || key.algorithm !== algorithm) continue;
    known = true;
    if (isSignedBy(key, bytes, Buffer.from(signature, 'base64'))) return keyId;
  }
  const named = signatures.map(({ algorithm, keyId }) => `${keyId} (${algorithm})`).join(', ');
  if (known) throw new ModelRefusal('SIGNATURE_INVALID', `no signature is over this manifest: ${named}`);
  throw new ModelRefusal('KEY_UNKNOWN', `no trusted key: ${named}`);
}

/** ECDSA signatures are DER (RFC 3279 section 2.2.3), as AWS Signer and AWS KMS give them; Ed25519 as in RFC 8032. */
function isSignedBy(key: ModelKey, bytes: Uint8Array, signature: Uint8Array): boolean {
  try {
    const publicKey = createPublicKey(key.publicKeyPem);
    if (!isOfAlgorithm(publicKey, key.algorithm)) return false;
    return verify(key.algorithm === 'ED25519' ? null : 'sha256', bytes, publicKey, signature);
  } catch {
    // What OpenSSL cannot read as a key or a signature verifies nothing.
    return false;
  }
}

/** A key must be what the configuration says: an algorithm is never taken from the key alone. */
function isOfAlgorithm(key: KeyObject, algorithm: ModelKey['algorithm']): boolean {
  if (algorithm === 'ED25519') return key.asymmetricKeyType === 'ed25519';
  return key.asymmetricKeyType === 'ec' && key.asymmetricKeyDetails?.namedCurve === 'prime256v1';
}
