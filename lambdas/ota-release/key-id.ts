import { createPublicKey } from 'node:crypto';
import { keyIdOf } from '@fleetwright/contracts/signatures';

/** As {@link keyIdOf}, of a key as AWS KMS and AWS Signer give it. */
export function pemKeyIdOf(publicKeyPem: string): string {
  return keyIdOf(createPublicKey(publicKeyPem));
}
