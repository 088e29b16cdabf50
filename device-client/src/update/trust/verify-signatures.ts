import type { FirmwareSignature, TrustedKeySet } from '@fleetwright/contracts';
import { isSignedBy } from '@fleetwright/contracts/signatures';

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
