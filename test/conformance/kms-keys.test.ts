import {
  CancelKeyDeletionCommand,
  CreateAliasCommand,
  CreateKeyCommand,
  type CreateKeyCommandInput,
  DeleteAliasCommand,
  DescribeKeyCommand,
  DisableKeyCommand,
  EnableKeyCommand,
  EnableKeyRotationCommand,
  EncryptCommand,
  GetKeyRotationStatusCommand,
  GetPublicKeyCommand,
  KMSClient,
  ListAliasesCommand,
  ListKeyRotationsCommand,
  ListKeysCommand,
  ListResourceTagsCommand,
  RotateKeyOnDemandCommand,
  ScheduleKeyDeletionCommand,
  SignCommand,
  TagResourceCommand,
  UntagResourceCommand,
  UpdateAliasCommand,
} from '@aws-sdk/client-kms';
import { createKmsPlugin } from '../../local-cloud/src/services/kms/plugin.ts';
import { type HttpsCloud, startHttpsCloud } from '../../local-cloud/src/testing/https.ts';

// source: KMS API reference; KMS developer guide, "Key states of AWS KMS keys"

let https: HttpsCloud;
let kms: KMSClient;

beforeAll(async () => {
  https = await startHttpsCloud({ plugins: [createKmsPlugin] });
  kms = new KMSClient(https.client());
});

afterAll(async () => {
  kms.destroy();
  await https.close();
});

async function newKey(input: CreateKeyCommandInput = {}) {
  const { KeyMetadata } = await kms.send(new CreateKeyCommand(input));
  if (KeyMetadata?.KeyId === undefined) throw new Error('no key was made');
  return { ...KeyMetadata, KeyId: KeyMetadata.KeyId };
}

// source: API reference, "CreateKey", "KeyMetadata"
test('a new key is a symmetric encryption key unless the request says otherwise', async () => {
  const key = await newKey({ Description: 'firmware' });
  expect(key).toMatchObject({
    Arn: `arn:aws:kms:us-east-1:123456789012:key/${key.KeyId}`,
    AWSAccountId: '123456789012',
    Description: 'firmware',
    Enabled: true,
    KeyState: 'Enabled',
    KeySpec: 'SYMMETRIC_DEFAULT',
    KeyUsage: 'ENCRYPT_DECRYPT',
    EncryptionAlgorithms: ['SYMMETRIC_DEFAULT'],
    Origin: 'AWS_KMS',
    KeyManager: 'CUSTOMER',
    MultiRegion: false,
  });
  expect(key.KeyId).toMatch(/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/);
  const { Keys } = await kms.send(new ListKeysCommand({}));
  expect(Keys).toContainEqual({ KeyId: key.KeyId, KeyArn: key.Arn });
});

// source: developer guide, "Key spec reference"
test.each([
  ['ECC_NIST_P256', 'SIGN_VERIFY', { SigningAlgorithms: ['ECDSA_SHA_256'] }],
  ['ECC_NIST_P521', 'SIGN_VERIFY', { SigningAlgorithms: ['ECDSA_SHA_512'] }],
  ['RSA_2048', 'ENCRYPT_DECRYPT', { EncryptionAlgorithms: ['RSAES_OAEP_SHA_1', 'RSAES_OAEP_SHA_256'] }],
  ['HMAC_384', 'GENERATE_VERIFY_MAC', { MacAlgorithms: ['HMAC_SHA_384'] }],
] as const)('a key of spec %s and usage %s lists the algorithms of its spec', async (KeySpec, KeyUsage, algorithms) => {
  expect(await newKey({ KeySpec, KeyUsage })).toMatchObject({ KeySpec, KeyUsage, ...algorithms });
});

// source: API reference, "CreateKey", KeyUsage
test.each([
  [{ KeySpec: 'ECC_NIST_P256' }, 'ValidationException'],
  [{ KeySpec: 'ECC_NIST_P256', KeyUsage: 'ENCRYPT_DECRYPT' }, 'ValidationException'],
  [{ KeyUsage: 'SIGN_VERIFY' }, 'ValidationException'],
  [{ KeySpec: 'AES_512' as never }, 'ValidationException'],
  [{ Policy: '{' }, 'MalformedPolicyDocumentException'],
  [{ Tags: [{ TagKey: 'aws:x', TagValue: '1' }] }, 'TagException'],
] satisfies [CreateKeyCommandInput, string][])('CreateKey refuses %j with %s', async (input, name) => {
  await expect(kms.send(new CreateKeyCommand(input))).rejects.toMatchObject({ name });
});

// assumed: multi-Region keys, imported material and other curves need what is not here: better no key than a wrong one
test.each<CreateKeyCommandInput>([
  { MultiRegion: true },
  { Origin: 'EXTERNAL' },
  { KeySpec: 'ML_DSA_44', KeyUsage: 'SIGN_VERIFY' },
  { KeySpec: 'ECC_NIST_P256', KeyUsage: 'KEY_AGREEMENT' },
])('CreateKey answers 501 to %j', async (input) => {
  await expect(kms.send(new CreateKeyCommand(input))).rejects.toMatchObject({
    name: 'NotImplemented',
    $metadata: { httpStatusCode: 501 },
  });
});

// source: API reference, "DescribeKey", Errors
test.each([
  ['12345678-1234-1234-1234-123456789012', 'NotFoundException'],
  ['alias/absent', 'NotFoundException'],
  ['nonsense', 'NotFoundException'],
  ['arn:aws:sqs:us-east-1:123456789012:queue', 'InvalidArnException'],
])('DescribeKey of %s answers %s', async (KeyId, name) => {
  await expect(kms.send(new DescribeKeyCommand({ KeyId }))).rejects.toMatchObject({ name });
});

// source: developer guide, "Key states of AWS KMS keys", table
test('a disabled key signs and encrypts nothing until it is enabled again', async () => {
  const { KeyId } = await newKey();
  const encrypt = () => kms.send(new EncryptCommand({ KeyId, Plaintext: Buffer.from('x') }));
  await kms.send(new DisableKeyCommand({ KeyId }));
  await expect(encrypt()).rejects.toMatchObject({ name: 'DisabledException' });
  await expect(kms.send(new EnableKeyRotationCommand({ KeyId }))).rejects.toMatchObject({ name: 'DisabledException' });
  const { KeyMetadata } = await kms.send(new DescribeKeyCommand({ KeyId }));
  expect(KeyMetadata).toMatchObject({ Enabled: false, KeyState: 'Disabled' });
  await kms.send(new EnableKeyCommand({ KeyId }));
  await expect(encrypt()).resolves.toMatchObject({ EncryptionAlgorithm: 'SYMMETRIC_DEFAULT' });
});

// source: API reference, "ScheduleKeyDeletion", "CancelKeyDeletion"; developer guide, "Key states of AWS KMS keys"
test('a key that is pending deletion is refused everywhere, and is disabled when the deletion is cancelled', async () => {
  const { KeyId, Arn } = await newKey();
  for (const PendingWindowInDays of [6, 31]) {
    await expect(kms.send(new ScheduleKeyDeletionCommand({ KeyId, PendingWindowInDays }))).rejects.toMatchObject({
      name: 'ValidationException',
    });
  }
  await expect(kms.send(new CancelKeyDeletionCommand({ KeyId }))).rejects.toMatchObject({
    name: 'KMSInvalidStateException',
  });
  const scheduled = await kms.send(new ScheduleKeyDeletionCommand({ KeyId, PendingWindowInDays: 7 }));
  expect(scheduled).toMatchObject({ KeyId: Arn, KeyState: 'PendingDeletion', PendingWindowInDays: 7 });
  const refusal = { name: 'KMSInvalidStateException', message: `${Arn} is pending deletion.` };
  await expect(kms.send(new EncryptCommand({ KeyId, Plaintext: Buffer.from('x') }))).rejects.toMatchObject(refusal);
  await expect(kms.send(new EnableKeyCommand({ KeyId }))).rejects.toMatchObject(refusal);
  await expect(
    kms.send(new CreateAliasCommand({ AliasName: 'alias/doomed', TargetKeyId: KeyId })),
  ).rejects.toMatchObject(refusal);
  expect(await kms.send(new CancelKeyDeletionCommand({ KeyId }))).toMatchObject({ KeyId: Arn });
  const { KeyMetadata } = await kms.send(new DescribeKeyCommand({ KeyId }));
  expect(KeyMetadata?.KeyState).toBe('Disabled');
  expect(KeyMetadata?.DeletionDate).toBeUndefined();
});

// source: API reference, "CreateAlias", "UpdateAlias", "DeleteAlias", "ListAliases"
test('an alias stands for its key, can be moved to a key of its kind, and ends apart from it', async () => {
  const first = await newKey({ KeySpec: 'ECC_NIST_P256', KeyUsage: 'SIGN_VERIFY' });
  const second = await newKey({ KeySpec: 'ECC_NIST_P384', KeyUsage: 'SIGN_VERIFY' });
  const symmetric = await newKey();
  const AliasName = 'alias/firmware/signing';
  await kms.send(new CreateAliasCommand({ AliasName, TargetKeyId: first.KeyId }));
  const publicKey = async (KeyId: string) => (await kms.send(new GetPublicKeyCommand({ KeyId }))).KeyId;
  expect(await publicKey(AliasName)).toBe(first.Arn);
  expect(await publicKey(`arn:aws:kms:us-east-1:123456789012:${AliasName}`)).toBe(first.Arn);
  await expect(kms.send(new CreateAliasCommand({ AliasName, TargetKeyId: second.KeyId }))).rejects.toMatchObject({
    name: 'AlreadyExistsException',
  });
  await expect(kms.send(new UpdateAliasCommand({ AliasName, TargetKeyId: symmetric.KeyId }))).rejects.toMatchObject({
    name: 'ValidationException',
  });
  await kms.send(new UpdateAliasCommand({ AliasName, TargetKeyId: second.Arn }));
  expect(await publicKey(AliasName)).toBe(second.Arn);
  const { Aliases } = await kms.send(new ListAliasesCommand({ KeyId: second.KeyId }));
  expect(Aliases).toMatchObject([{ AliasName, TargetKeyId: second.KeyId }]);
  await kms.send(new DeleteAliasCommand({ AliasName }));
  await expect(publicKey(AliasName)).rejects.toMatchObject({ name: 'NotFoundException' });
  await expect(publicKey(second.KeyId)).resolves.toBe(second.Arn);
});

// source: API reference, "CreateAlias", AliasName and TargetKeyId
test.each([
  ['firmware', 'InvalidAliasNameException'],
  ['alias/a b', 'InvalidAliasNameException'],
  ['alias/aws/s3', 'InvalidAliasNameException'],
])('%s is no name for an alias', async (AliasName, name) => {
  const { KeyId } = await newKey();
  await expect(kms.send(new CreateAliasCommand({ AliasName, TargetKeyId: KeyId }))).rejects.toMatchObject({ name });
});

// source: API reference, "TagResource", "UntagResource", "ListResourceTags"
test('tags are set, replaced, listed in pages and removed', async () => {
  const { KeyId } = await newKey({ Tags: [{ TagKey: 'a', TagValue: '1' }] });
  await kms.send(
    new TagResourceCommand({
      KeyId,
      Tags: [
        { TagKey: 'a', TagValue: '2' },
        { TagKey: 'b', TagValue: '3' },
      ],
    }),
  );
  const first = await kms.send(new ListResourceTagsCommand({ KeyId, Limit: 1 }));
  expect(first).toMatchObject({ Tags: [{ TagKey: 'a', TagValue: '2' }], Truncated: true });
  const second = await kms.send(new ListResourceTagsCommand({ KeyId, Marker: first.NextMarker }));
  expect(second).toMatchObject({ Tags: [{ TagKey: 'b', TagValue: '3' }], Truncated: false });
  await kms.send(new UntagResourceCommand({ KeyId, TagKeys: ['a'] }));
  expect((await kms.send(new ListResourceTagsCommand({ KeyId }))).Tags).toEqual([{ TagKey: 'b', TagValue: '3' }]);
});

// source: API reference, "EnableKeyRotation", "RotateKeyOnDemand", "ListKeyRotations", "GetKeyRotationStatus"
test('rotation can be set and asked for, and only of symmetric encryption keys', async () => {
  const { KeyId, CurrentKeyMaterialId } = await newKey();
  for (const RotationPeriodInDays of [89, 2561]) {
    await expect(kms.send(new EnableKeyRotationCommand({ KeyId, RotationPeriodInDays }))).rejects.toMatchObject({
      name: 'ValidationException',
    });
  }
  await kms.send(new EnableKeyRotationCommand({ KeyId, RotationPeriodInDays: 90 }));
  const status = await kms.send(new GetKeyRotationStatusCommand({ KeyId }));
  expect(status).toMatchObject({ KeyRotationEnabled: true, RotationPeriodInDays: 90 });
  await kms.send(new RotateKeyOnDemandCommand({ KeyId }));
  const { Rotations } = await kms.send(new ListKeyRotationsCommand({ KeyId }));
  expect(Rotations).toMatchObject([{ KeyId, RotationType: 'ON_DEMAND' }]);
  expect(Rotations?.[0]?.KeyMaterialId).not.toBe(CurrentKeyMaterialId);
  const pair = await newKey({ KeySpec: 'ECC_NIST_P256', KeyUsage: 'SIGN_VERIFY' });
  await expect(kms.send(new EnableKeyRotationCommand({ KeyId: pair.KeyId }))).rejects.toMatchObject({
    name: 'UnsupportedOperationException',
  });
});

// source: API reference, "Sign", Errors: the key's usage must fit the operation
test('a key is refused for what it is not meant for', async () => {
  const { KeyId } = await newKey();
  await expect(
    kms.send(new SignCommand({ KeyId, Message: Buffer.from('x'), SigningAlgorithm: 'ECDSA_SHA_256' })),
  ).rejects.toMatchObject({ name: 'InvalidKeyUsageException' });
  await expect(kms.send(new GetPublicKeyCommand({ KeyId }))).rejects.toMatchObject({
    name: 'UnsupportedOperationException',
  });
});
