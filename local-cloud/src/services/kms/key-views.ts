import type { KeyMetadata } from '@aws-sdk/client-kms';
import type { KeyRecord } from './key-record.ts';
import { algorithmsOf } from './key-specs.ts';

/** The members that list a key's algorithms, whichever it has. */
export function algorithmMembers(key: Pick<KeyRecord, 'spec' | 'usage'>): Partial<KeyMetadata> {
  const algorithms = [...algorithmsOf(key.spec, key.usage)];
  switch (key.usage) {
    case 'SIGN_VERIFY':
      return { SigningAlgorithms: algorithms as KeyMetadata['SigningAlgorithms'] };
    case 'GENERATE_VERIFY_MAC':
      return { MacAlgorithms: algorithms as KeyMetadata['MacAlgorithms'] };
    default:
      return { EncryptionAlgorithms: algorithms as KeyMetadata['EncryptionAlgorithms'] };
  }
}

/** KMS API reference, "KeyMetadata". */
export function keyMetadata(key: KeyRecord, accountId: string): KeyMetadata {
  return {
    AWSAccountId: accountId,
    KeyId: key.id,
    Arn: key.arn,
    CreationDate: new Date(key.created),
    Enabled: key.state === 'Enabled',
    Description: key.description,
    KeyUsage: key.usage,
    KeyState: key.state,
    ...(key.deletion === undefined ? {} : { DeletionDate: new Date(key.deletion.at) }),
    Origin: 'AWS_KMS',
    KeyManager: 'CUSTOMER',
    CustomerMasterKeySpec: key.spec as KeyMetadata['CustomerMasterKeySpec'],
    KeySpec: key.spec,
    ...algorithmMembers(key),
    MultiRegion: false,
    // "This field is present only for symmetric encryption KMS keys with AWS_KMS or EXTERNAL origin".
    ...(key.spec === 'SYMMETRIC_DEFAULT' ? { CurrentKeyMaterialId: key.materials.at(-1)?.id } : {}),
  };
}
