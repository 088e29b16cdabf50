import { createPublicKey, type KeyObject, verify } from 'node:crypto';
import type { FirmwareSignature, TrustedKeySet } from '@fleetwright/contracts';

type TrustedKey = TrustedKeySet['keys'][number];

/**
 * - `KEY_UNKNOWN`: none of the signatures names a trusted key of that use and algorithm.
 * - `SIGNATURE_INVALID`: some do, but none of them is over these bytes.
 */
export type SignatureVerdict =
  | { readonly ok: true; readonly keyId: string }
  | { readonly ok: false; readonly reason: 'KEY_UNKNOWN' | 'SIGNATURE_INVALID'; readonly detail: string };

/** Whether one of the signatures is over the bytes and by a key of the set with that use. */
export function verifySignatures(
  bytes: Uint8Array,
  signatures: readonly FirmwareSignature[],
  { keys }: TrustedKeySet,
  use: TrustedKey['use'],
): SignatureVerdict {
  let known = false;
  for (const { algorithm, keyId, signature } of signatures) {
    const key = keys.find((candidate) => candidate.keyId === keyId);
    if (key === undefined || key.use !== use || key.algorithm !== algorithm) continue;
    known = true;
    if (isSignedBy(key, bytes, Buffer.from(signature, 'base64'))) return { ok: true, keyId };
  }
  const named = signatures.map(({ algorithm, keyId }) => `${keyId} (${algorithm})`).join(', ');
  return known
    ? { ok: false, reason: 'SIGNATURE_INVALID', detail: `no signature is over these bytes: ${named}` }
    : { ok: false, reason: 'KEY_UNKNOWN', detail: `no trusted ${use} key: ${named}` };
}

/** ECDSA signatures are DER (RFC 3279 section 2.2.3), as AWS Signer and AWS KMS give them; Ed25519 as in RFC 8032. */
function isSignedBy(key: TrustedKey, bytes: Uint8Array, signature: Uint8Array): boolean {
  try {
    const publicKey = createPublicKey(key.publicKeyPem);
    if (!isOfAlgorithm(publicKey, key.algorithm)) return false;
    return verify(key.algorithm === 'ED25519' ? null : 'sha256', bytes, publicKey, signature);
  } catch {
    // What OpenSSL cannot read as a key or a signature verifies nothing.
    return false;
  }
}

/** A key must be what the set says: an algorithm is never taken from the key alone. */
function isOfAlgorithm(key: KeyObject, algorithm: TrustedKey['algorithm']): boolean {
  if (algorithm === 'ED25519') return key.asymmetricKeyType === 'ed25519';
  return key.asymmetricKeyType === 'ec' && key.asymmetricKeyDetails?.namedCurve === 'prime256v1';
}
