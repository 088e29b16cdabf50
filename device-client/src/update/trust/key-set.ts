import { type SignedKeySet, type TrustedKeySet, trustedKeySetSchema } from '@fleetwright/contracts';
import { reasonOf } from '../../errors.ts';
import { parseCanonicalJson } from './canonical-json.ts';
import { verifySignatures } from './verify-signatures.ts';

/**
 * - `unchanged`: not newer than what is trusted, so it says nothing.
 * - `refused`: newer by what it says, but not to be believed.
 */
export type KeySetRotation =
  | { readonly kind: 'rotated'; readonly keySet: TrustedKeySet }
  | { readonly kind: 'unchanged' }
  | { readonly kind: 'refused'; readonly reason: 'KEY_UNKNOWN' | 'SIGNATURE_INVALID'; readonly detail: string };

/** What a signed key set does to the trusted one: it replaces it when its serial is greater and a root key *of the trusted one* has signed it. */
export function rotateKeySet(trusted: TrustedKeySet, signed: SignedKeySet): KeySetRotation {
  const bytes = Buffer.from(signed.keySet, 'base64');
  let keySet: TrustedKeySet;
  try {
    keySet = trustedKeySetSchema.parse(parseCanonicalJson(bytes));
  } catch (error) {
    return { kind: 'refused', reason: 'SIGNATURE_INVALID', detail: `the key set cannot be read: ${reasonOf(error)}` };
  }
  // An old set whose signer has been withdrawn since is no attack: jobs carry the newest that their writer knew.
  if (keySet.serial <= trusted.serial) return { kind: 'unchanged' };
  const verdict = verifySignatures(bytes, signed.signatures, trusted, 'root');
  if (!verdict.ok) return { kind: 'refused', reason: verdict.reason, detail: `of the key set: ${verdict.detail}` };
  return { kind: 'rotated', keySet };
}
