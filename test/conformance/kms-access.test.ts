import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import type { CreateKeyResponse, DescribeKeyResponse, EncryptResponse } from '@aws-sdk/client-kms';
import { ManualClock } from '../../local-cloud/src/core/clock.ts';
import type { AssumedRole, Principal } from '../../local-cloud/src/core/iam/principal.ts';
import type { ResourceProvider } from '../../local-cloud/src/core/resources.ts';
import { createIamPlugin } from '../../local-cloud/src/services/iam/plugin.ts';
import { createKmsPlugin } from '../../local-cloud/src/services/kms/plugin.ts';
import { ADMINISTRATOR, createTestCloud, testScope } from '../../local-cloud/src/testing/context.ts';

// source: KMS developer guide, "Key policies in AWS KMS", "Default key policy", "Key policy conditions"

const ACCOUNT = 'arn:aws:iam::123456789012:root';
const ROLE = 'arn:aws:iam::123456789012:role/signer';
const DAY = 86_400_000;

function setUp() {
  const cloud = createTestCloud({ clock: new ManualClock() });
  cloud.use(createIamPlugin);
  const plugin = cloud.use(createKmsPlugin);
  const call = <O = unknown>(operation: string, input: object, principal: Principal = ADMINISTRATOR) =>
    cloud.api.call<O>(principal, 'kms', operation, input);
  return {
    cloud,
    plugin,
    call,
    provider: (type: string) => plugin.resources?.find((one) => one.type === type) as ResourceProvider,
    async key(input: object = {}) {
      return (await call<CreateKeyResponse>('CreateKey', input)).KeyMetadata?.KeyId as string;
    },
    /** A role with this identity policy, or none. */
    async role(statement?: object): Promise<AssumedRole> {
      const iam = (operation: string, input: object) => cloud.api.call(ADMINISTRATOR, 'iam', operation, input);
      const trust = { Effect: 'Allow', Principal: { AWS: ACCOUNT }, Action: 'sts:AssumeRole' };
      await iam('CreateRole', { RoleName: 'signer', AssumeRolePolicyDocument: document(trust) });
      if (statement !== undefined) {
        await iam('PutRolePolicy', { RoleName: 'signer', PolicyName: 'own', PolicyDocument: document(statement) });
      }
      return cloud.ports.get('authorizer').assumeRole(ADMINISTRATOR, ROLE, 'session');
    },
  };
}

function document(...Statement: object[]): string {
  return JSON.stringify({ Version: '2012-10-17', Statement });
}

const TO_ACCOUNT = { Effect: 'Allow', Principal: { AWS: ACCOUNT }, Action: 'kms:*', Resource: '*' };

let my: ReturnType<typeof setUp>;
beforeEach(() => {
  my = setUp();
});
afterEach(() => my.cloud.close());

const Plaintext = Buffer.from('x');
const DENIED = { code: 'AccessDeniedException' };

test('under the default key policy the identity policies of the account decide', async () => {
  const KeyId = await my.key();
  const role = await my.role({ Effect: 'Allow', Action: 'kms:Encrypt', Resource: '*' });
  await expect(my.call('Encrypt', { KeyId, Plaintext }, role)).resolves.toBeDefined();
  await expect(my.call('DescribeKey', { KeyId }, role)).rejects.toMatchObject(DENIED);
});

test('an identity policy alone gives no access to a key whose policy does not name the account', async () => {
  const administrators = { ...TO_ACCOUNT, Action: ['kms:PutKeyPolicy', 'kms:DescribeKey'] };
  const KeyId = await my.key({ Policy: document(administrators) });
  const role = await my.role({ Effect: 'Allow', Action: 'kms:*', Resource: '*' });
  await expect(my.call('Encrypt', { KeyId, Plaintext }, role)).rejects.toMatchObject(DENIED);
  await expect(my.call('DescribeKey', { KeyId }, role)).resolves.toBeDefined();
  await expect(my.call('Encrypt', { KeyId, Plaintext })).rejects.toMatchObject(DENIED);
});

test('a key policy that names a role is enough for it', async () => {
  const role = await my.role();
  const grant = { Effect: 'Allow', Principal: { AWS: ROLE }, Action: 'kms:Encrypt', Resource: '*' };
  const KeyId = await my.key({ Policy: document(TO_ACCOUNT, grant) });
  await expect(my.call('Encrypt', { KeyId, Plaintext }, role)).resolves.toBeDefined();
  await expect(my.call('Decrypt', { CiphertextBlob: Buffer.alloc(80, 1) }, role)).rejects.toMatchObject(DENIED);
});

// source: developer guide, "kms:EncryptionContext:context-key", "kms:SigningAlgorithm", "kms:ResourceAliases"
test('policies can ask for the encryption context and the aliases of the key', async () => {
  const KeyId = await my.key();
  const role = await my.role({
    Effect: 'Allow',
    Action: 'kms:Encrypt',
    Resource: '*',
    Condition: {
      StringEquals: { 'kms:EncryptionContext:Site': 'north' },
      'ForAnyValue:StringEquals': { 'kms:ResourceAliases': 'alias/data' },
    },
  });
  const encrypt = (EncryptionContext?: object) => my.call('Encrypt', { KeyId, Plaintext, EncryptionContext }, role);
  await expect(encrypt({ Site: 'north' })).rejects.toMatchObject(DENIED);
  await my.call('CreateAlias', { AliasName: 'alias/data', TargetKeyId: KeyId });
  await expect(encrypt({ Site: 'north' })).resolves.toBeDefined();
  await expect(encrypt({ Site: 'south' })).rejects.toMatchObject(DENIED);
  await expect(encrypt()).rejects.toMatchObject(DENIED);
});

// source: API reference, "PutKeyPolicy", BypassPolicyLockoutSafetyCheck
test('a policy under which the caller could not set another is refused unless the check is bypassed', async () => {
  const locked = document({ ...TO_ACCOUNT, Action: 'kms:Encrypt' });
  const refusal = { code: 'MalformedPolicyDocumentException' };
  await expect(my.call('CreateKey', { Policy: locked })).rejects.toMatchObject(refusal);
  const KeyId = await my.key();
  await expect(my.call('PutKeyPolicy', { KeyId, Policy: locked })).rejects.toMatchObject(refusal);
  await my.call('PutKeyPolicy', { KeyId, Policy: locked, BypassPolicyLockoutSafetyCheck: true });
  await expect(my.call('PutKeyPolicy', { KeyId, Policy: document(TO_ACCOUNT) })).rejects.toMatchObject(DENIED);
});

// source: API reference, "ScheduleKeyDeletion": "AWS KMS waits for the number of days specified"
test('a key and its aliases are gone once the waiting period is over', async () => {
  await my.plugin.start?.();
  const KeyId = await my.key();
  await my.call('CreateAlias', { AliasName: 'alias/data', TargetKeyId: KeyId });
  await my.call('ScheduleKeyDeletion', { KeyId, PendingWindowInDays: 7 });
  await my.cloud.clock.advance(7 * DAY - 1);
  await expect(my.call<DescribeKeyResponse>('DescribeKey', { KeyId })).resolves.toMatchObject({
    KeyMetadata: { KeyState: 'PendingDeletion' },
  });
  await my.cloud.clock.advance(1);
  await expect(my.call('DescribeKey', { KeyId })).rejects.toMatchObject({ code: 'NotFoundException' });
  await my.cloud.clock.advance(DAY);
  await expect(my.call('ListAliases', {})).resolves.toMatchObject({ Aliases: [] });
});

// source: API reference, "EnableKeyRotation", RotationPeriodInDays
test('automatic rotation comes when its period is over', async () => {
  await my.plugin.start?.();
  const KeyId = await my.key();
  await my.call('EnableKeyRotation', { KeyId, RotationPeriodInDays: 90 });
  await my.cloud.clock.advance(89 * DAY);
  await expect(my.call('ListKeyRotations', { KeyId })).resolves.toMatchObject({ Rotations: [] });
  await my.cloud.clock.advance(2 * DAY);
  await expect(my.call('ListKeyRotations', { KeyId })).resolves.toMatchObject({
    Rotations: [{ RotationType: 'AUTOMATIC' }],
  });
});

// assumed: keys outlive a restart of the cloud as they outlive anything on AWS, and lie on disk only sealed
test('keys open after a restart what they sealed before, and their material is the owner’s alone', async () => {
  const KeyId = await my.key();
  const { CiphertextBlob } = await my.call<EncryptResponse>('Encrypt', { KeyId, Plaintext });
  await my.cloud.store.durable();
  const directory = join(my.cloud.dataDirectory, 'kms');
  for (const name of readdirSync(directory)) expect(statSync(join(directory, name)).mode & 0o777).toBe(0o600);
  expect(readFileSync(join(directory, 'material.key'))).toHaveLength(32);
  const again = createKmsPlugin(my.cloud).apis?.[0]?.operations.find(({ name }) => name === 'Decrypt');
  const call = { principal: ADMINISTRATOR, requestId: '1', sourceIp: '127.0.0.1', secure: true };
  await expect(again?.handle({ CiphertextBlob }, call)).toMatchObject({ Plaintext });
});

// source: CloudFormation template reference, "AWS::KMS::Key", "AWS::KMS::Alias"
test('a stack makes a key with its policy, rotation and alias, and schedules its deletion', async () => {
  const keys = my.provider('AWS::KMS::Key');
  const properties = {
    Description: 'lake',
    EnableKeyRotation: true,
    KeyPolicy: JSON.parse(document(TO_ACCOUNT)),
    PendingWindowInDays: 7,
    Tags: [{ Key: 'stage', Value: 'test' }],
  };
  const state = await keys.create(properties, testScope('Key'));
  expect(state.attributes.Arn).toBe(`arn:aws:kms:us-east-1:123456789012:key/${state.physicalId}`);
  const aliases = my.provider('AWS::KMS::Alias');
  const alias = { AliasName: 'alias/lake', TargetKeyId: state.physicalId };
  const aliasState = await aliases.create(alias, testScope('Alias'));
  expect(aliasState.physicalId).toBe('alias/lake');
  const KeyId = 'alias/lake';
  await expect(my.call('GetKeyRotationStatus', { KeyId })).resolves.toMatchObject({ KeyRotationEnabled: true });
  await expect(my.call('ListResourceTags', { KeyId })).resolves.toMatchObject({
    Tags: [{ TagKey: 'stage', TagValue: 'test' }],
  });
  const changed = { ...properties, EnableKeyRotation: false, Enabled: false };
  await keys.update(changed, properties, state, testScope('Key'));
  await expect(my.call('DescribeKey', { KeyId })).resolves.toMatchObject({ KeyMetadata: { KeyState: 'Disabled' } });
  await expect(
    keys.update({ ...changed, KeySpec: 'RSA_2048' }, changed, state, testScope('Key')),
  ).rejects.toMatchObject({ code: 'ValidationException' });
  await aliases.delete(aliasState, alias, testScope('Alias'));
  await keys.delete(state, changed, testScope('Key'));
  await expect(my.call('DescribeKey', { KeyId: state.physicalId })).resolves.toMatchObject({
    KeyMetadata: { KeyState: 'PendingDeletion', DeletionDate: new Date(my.cloud.clock.now() + 7 * DAY) },
  });
});
