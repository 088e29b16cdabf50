import { mkdtempSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type {
  CreateSecretResponse,
  DescribeSecretResponse,
  GetSecretValueResponse,
  ListSecretsResponse,
  ListSecretVersionIdsResponse,
  PutSecretValueResponse,
} from '@aws-sdk/client-secrets-manager';
import { createSecretsManagerPlugin } from '../../local-cloud/src/services/secrets-manager/plugin.ts';
import { ADMINISTRATOR, createTestCloud } from '../../local-cloud/src/testing/context.ts';

/** Expected values: Secrets Manager API reference; user guide, "Finding a secret from a partial ARN", "Concepts: Version". */

const DAY = 24 * 3_600_000;
const TOKEN = (n: number) => `00000000-0000-4000-8000-${String(n).padStart(12, '0')}`;

function open(directory?: string) {
  const cloud = createTestCloud(directory === undefined ? {} : { directory });
  const plugin = cloud.use(createSecretsManagerPlugin);
  return {
    cloud,
    plugin,
    call: <O = unknown>(operation: string, input: object) =>
      cloud.api.call<O>(ADMINISTRATOR, 'secrets-manager', operation, input),
  };
}

let { cloud, plugin, call } = open();
beforeEach(async () => {
  await cloud.close();
  ({ cloud, plugin, call } = open());
  await plugin.start?.();
});
afterAll(() => cloud.close());

test('a secret is found by name, ARN and partial ARN; its ARN ends in six random characters', async () => {
  const { ARN } = await call<CreateSecretResponse>('CreateSecret', { Name: 'app/db', SecretString: 'hunter2' });
  expect(ARN).toMatch(/^arn:aws:secretsmanager:us-east-1:123456789012:secret:app\/db-[A-Za-z0-9]{6}$/);
  for (const SecretId of ['app/db', ARN, ARN?.slice(0, -7)]) {
    expect(await call('GetSecretValue', { SecretId })).toMatchObject({
      ARN,
      Name: 'app/db',
      SecretString: 'hunter2',
      VersionStages: ['AWSCURRENT'],
    });
  }
});

test('binary values come back as bytes', async () => {
  await call('CreateSecret', { Name: 'a', SecretBinary: Buffer.from([0, 255, 7]) });
  const answer = await call<GetSecretValueResponse>('GetSecretValue', { SecretId: 'a' });
  expect([...(answer.SecretBinary ?? [])]).toEqual([0, 255, 7]);
  expect(answer.SecretString).toBeUndefined();
});

test('a new version takes AWSCURRENT, the one before gets AWSPREVIOUS, the one before that no label', async () => {
  await call('CreateSecret', { Name: 'a', SecretString: 'one', ClientRequestToken: TOKEN(1) });
  await call('PutSecretValue', { SecretId: 'a', SecretString: 'two', ClientRequestToken: TOKEN(2) });
  await call('PutSecretValue', { SecretId: 'a', SecretString: 'three', ClientRequestToken: TOKEN(3) });
  const described = await call<DescribeSecretResponse>('DescribeSecret', { SecretId: 'a' });
  expect(described.VersionIdsToStages).toEqual({ [TOKEN(3)]: ['AWSCURRENT'], [TOKEN(2)]: ['AWSPREVIOUS'] });
  const value = async (input: object) =>
    (await call<GetSecretValueResponse>('GetSecretValue', { SecretId: 'a', ...input })).SecretString;
  expect(await value({})).toBe('three');
  expect(await value({ VersionStage: 'AWSPREVIOUS' })).toBe('two');
  expect(await value({ VersionId: TOKEN(1) })).toBe('one');
  const live = await call<ListSecretVersionIdsResponse>('ListSecretVersionIds', { SecretId: 'a' });
  expect(live.Versions?.map((version) => version.VersionId)).toEqual([TOKEN(2), TOKEN(3)]);
});

test('a label asked for leaves AWSCURRENT where it is', async () => {
  await call('CreateSecret', { Name: 'a', SecretString: 'one' });
  const put = { SecretId: 'a', SecretString: 'next', VersionStages: ['AWSPENDING'], ClientRequestToken: TOKEN(2) };
  expect(await call<PutSecretValueResponse>('PutSecretValue', put)).toMatchObject({ VersionStages: ['AWSPENDING'] });
  expect(await call('GetSecretValue', { SecretId: 'a' })).toMatchObject({ SecretString: 'one' });
  const [current] = Object.keys(
    (await call<DescribeSecretResponse>('DescribeSecret', { SecretId: 'a' })).VersionIdsToStages ?? {},
  );
  const move = { SecretId: 'a', VersionStage: 'AWSCURRENT', MoveToVersionId: TOKEN(2) };
  await expect(call('UpdateSecretVersionStage', move)).rejects.toMatchObject({ code: 'InvalidParameterException' });
  await call('UpdateSecretVersionStage', { ...move, RemoveFromVersionId: current });
  expect(await call('GetSecretValue', { SecretId: 'a' })).toMatchObject({
    SecretString: 'next',
    VersionStages: ['AWSPENDING', 'AWSCURRENT'],
  });
  expect(await call('GetSecretValue', { SecretId: 'a', VersionStage: 'AWSPREVIOUS' })).toMatchObject({
    SecretString: 'one',
  });
});

test('the same token with the same value changes nothing, with another value fails', async () => {
  const create = { Name: 'a', SecretString: 'one', ClientRequestToken: TOKEN(1) };
  const first = await call('CreateSecret', create);
  expect(await call('CreateSecret', create)).toEqual(first);
  await expect(call('CreateSecret', { ...create, SecretString: 'two' })).rejects.toMatchObject({
    code: 'ResourceExistsException',
  });
  await call('PutSecretValue', { SecretId: 'a', SecretString: 'one', ClientRequestToken: TOKEN(1) });
  await expect(
    call('PutSecretValue', { SecretId: 'a', SecretString: 'two', ClientRequestToken: TOKEN(1) }),
  ).rejects.toMatchObject({ code: 'ResourceExistsException' });
});

test.each([
  ['a name with a space', { Name: 'a b', SecretString: 'x' }, 'InvalidParameterException'],
  [
    'text and bytes together',
    { Name: 'a', SecretString: 'x', SecretBinary: Buffer.from('x') },
    'InvalidParameterException',
  ],
  ['more than 65,536 bytes', { Name: 'a', SecretString: 'x'.repeat(65_537) }, 'ValidationException'],
  ['an empty value', { Name: 'a', SecretString: '' }, 'ValidationException'],
  ['a customer managed key', { Name: 'a', KmsKeyId: 'alias/mine' }, 'NotImplemented'],
  ['replicas', { Name: 'a', AddReplicaRegions: [{ Region: 'eu-west-1' }] }, 'NotImplemented'],
])('refuses %s', async (_title, input, code) => {
  const refused = call('CreateSecret', input);
  await expect(refused).rejects.toMatchObject({ code });
  await expect(refused).rejects.not.toMatchObject({ message: expect.stringContaining('xxx') });
});

test('names what is missing', async () => {
  await expect(call('GetSecretValue', { SecretId: 'absent' })).rejects.toMatchObject({
    code: 'ResourceNotFoundException',
    message: "Secrets Manager can't find the specified secret.",
  });
  await call('CreateSecret', { Name: 'empty' });
  await expect(call('GetSecretValue', { SecretId: 'empty' })).rejects.toMatchObject({
    message: "Secrets Manager can't find the specified secret value for staging label: AWSCURRENT",
  });
});

test('a deleted secret can be restored in its recovery window and is gone after it', async () => {
  await call('CreateSecret', { Name: 'a', SecretString: 'x' });
  await call('DeleteSecret', { SecretId: 'a', RecoveryWindowInDays: 7 });
  await expect(call('GetSecretValue', { SecretId: 'a' })).rejects.toMatchObject({
    code: 'InvalidRequestException',
    message: "You can't perform this operation on the secret because it was marked for deletion.",
  });
  await expect(call('CreateSecret', { Name: 'a', SecretString: 'y' })).rejects.toMatchObject({
    message: "You can't create this secret because a secret with this name is already scheduled for deletion.",
  });
  const described = await call<DescribeSecretResponse>('DescribeSecret', { SecretId: 'a' });
  expect(described.DeletedDate?.getTime()).toBe(cloud.clock.now() + 7 * DAY);
  expect(await call('ListSecrets', {})).toMatchObject({ SecretList: [] });
  await cloud.clock.advance(6 * DAY);
  await call('RestoreSecret', { SecretId: 'a' });
  await call('GetSecretValue', { SecretId: 'a' });
  await call('DeleteSecret', { SecretId: 'a' });
  await cloud.clock.advance(29 * DAY);
  await call('DescribeSecret', { SecretId: 'a' });
  await cloud.clock.advance(DAY);
  await expect(call('DescribeSecret', { SecretId: 'a' })).rejects.toMatchObject({ code: 'ResourceNotFoundException' });
});

test('a forced deletion is immediate and does not mind an absent secret', async () => {
  await call('CreateSecret', { Name: 'a', SecretString: 'x' });
  await call('DeleteSecret', { SecretId: 'a', ForceDeleteWithoutRecovery: true });
  await call('CreateSecret', { Name: 'a', SecretString: 'y' });
  await call('DeleteSecret', { SecretId: 'absent', ForceDeleteWithoutRecovery: true });
  for (const RecoveryWindowInDays of [6, 31]) {
    await expect(call('DeleteSecret', { SecretId: 'a', RecoveryWindowInDays })).rejects.toMatchObject({
      message: 'The RecoveryWindowInDays value must be between 7 and 30 days (inclusive).',
    });
  }
  await expect(
    call('DeleteSecret', { SecretId: 'a', RecoveryWindowInDays: 7, ForceDeleteWithoutRecovery: true }),
  ).rejects.toMatchObject({
    message: "You can't use ForceDeleteWithoutRecovery in conjunction with RecoveryWindowInDays.",
  });
});

test('secrets are listed newest first, by filters and in pages', async () => {
  for (const Name of ['fleet/a', 'fleet/b', 'other']) {
    await call('CreateSecret', { Name, Tags: [{ Key: 'stage', Value: Name === 'other' ? 'prod' : 'dev' }] });
    await cloud.clock.advance(1000);
  }
  const names = async (input: object) =>
    (await call<ListSecretsResponse>('ListSecrets', input)).SecretList?.map((secret) => secret.Name);
  expect(await names({})).toEqual(['other', 'fleet/b', 'fleet/a']);
  expect(await names({ SortOrder: 'asc', Filters: [{ Key: 'name', Values: ['fleet/'] }] })).toEqual([
    'fleet/a',
    'fleet/b',
  ]);
  expect(await names({ Filters: [{ Key: 'tag-value', Values: ['!dev'] }] })).toEqual(['other']);
  const first = await call<ListSecretsResponse>('ListSecrets', { MaxResults: 2 });
  expect(await names({ MaxResults: 2, NextToken: first.NextToken })).toEqual(['fleet/a']);
});

test('values survive a restart, and no file of the data directory holds one in clear', async () => {
  const directory = mkdtempSync(join(tmpdir(), 'fleetwright-secrets-'));
  const first = open(directory);
  await first.call('CreateSecret', { Name: 'a', SecretString: 'correct horse battery staple' });
  await first.cloud.close();
  for (const file of readdirSync(directory, { recursive: true, encoding: 'utf8' })) {
    const path = join(directory, file);
    if (statSync(path).isFile()) expect(readFileSync(path).includes('battery')).toBe(false);
  }
  const second = open(directory);
  expect(await second.call('GetSecretValue', { SecretId: 'a' })).toMatchObject({
    SecretString: 'correct horse battery staple',
  });
  await second.cloud.close();
});
