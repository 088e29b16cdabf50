import type { ModelKey, ModelSignatures } from '@fleetwright/contracts';
import { isSignedBy } from '@fleetwright/contracts/signatures';
import { ModelRefusal } from './model-refusal.ts';

/** By key id. Null: withdrawn, though the defaults have it. */
export type TrustedKeys = Readonly<Record<string, ModelKey | null>>;

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
