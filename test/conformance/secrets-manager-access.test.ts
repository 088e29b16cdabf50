import type { GetResourcePolicyResponse, GetSecretValueResponse } from '@aws-sdk/client-secrets-manager';
import type { ResourceProvider } from '../../local-cloud/src/core/resources.ts';
import { createSecretsManagerPlugin } from '../../local-cloud/src/services/secrets-manager/plugin.ts';
import { ADMINISTRATOR, createTestCloud, testScope } from '../../local-cloud/src/testing/context.ts';

/** Expected values: CloudFormation template reference, "AWS::SecretsManager::*"; service authorization reference. */

function setUp() {
  const cloud = createTestCloud();
  const plugin = cloud.use(createSecretsManagerPlugin);
  return {
    cloud,
    provider: (type: string) => plugin.resources?.find((one) => one.type === type) as ResourceProvider,
    call: <O = unknown>(operation: string, input: object) =>
      cloud.api.call<O>(ADMINISTRATOR, 'secrets-manager', operation, input),
  };
}

let { cloud, call, provider } = setUp();
beforeEach(async () => {
  await cloud.close();
  ({ cloud, call, provider } = setUp());
});
afterAll(() => cloud.close());

const POLICY = {
  Version: '2012-10-17',
  Statement: [
    {
      Effect: 'Allow',
      Principal: { AWS: 'arn:aws:iam::123456789012:role/reader' },
      Action: 'secretsmanager:GetSecretValue',
      Resource: '*',
    },
  ],
};

/** Resources as in AWS's own messages: CreateSecret names the full new ARN, a missing secret the id as given. */
test('permissions are asked for on the full ARN, with the policy of the secret', async () => {
  const created = await call<{ ARN: string }>('CreateSecret', { Name: 'a', SecretString: 'x' });
  await call('PutResourcePolicy', { SecretId: 'a', ResourcePolicy: JSON.stringify(POLICY) });
  await call('GetSecretValue', { SecretId: 'a' });
  await expect(call('GetSecretValue', { SecretId: 'absent' })).rejects.toThrow();
  expect(cloud.asked).toMatchObject([
    { action: 'secretsmanager:CreateSecret', resource: created.ARN },
    { action: 'secretsmanager:PutResourcePolicy', resource: created.ARN },
    {
      action: 'secretsmanager:GetSecretValue',
      resource: created.ARN,
      resourcePolicy: POLICY,
      conditions: { 'secretsmanager:VersionStage': 'AWSCURRENT', 'secretsmanager:SecretId': created.ARN },
    },
    { action: 'secretsmanager:GetSecretValue', resource: 'absent' },
  ]);
});

test('a caller without permission gets no value', async () => {
  await call('CreateSecret', { Name: 'a', SecretString: 'x' });
  cloud.denied.add('secretsmanager:GetSecretValue');
  await expect(call('GetSecretValue', { SecretId: 'a' })).rejects.toMatchObject({ code: 'AccessDeniedException' });
});

test('broken and public policies are refused', async () => {
  await call('CreateSecret', { Name: 'a', SecretString: 'x' });
  const put = (ResourcePolicy: string, BlockPublicPolicy?: boolean) =>
    call('PutResourcePolicy', { SecretId: 'a', ResourcePolicy, BlockPublicPolicy });
  await expect(put('{')).rejects.toMatchObject({ code: 'MalformedPolicyDocumentException' });
  await expect(put('{"Statement":[{"Effect":"Maybe"}]}')).rejects.toMatchObject({
    code: 'MalformedPolicyDocumentException',
  });
  const open = JSON.stringify({ ...POLICY, Statement: [{ ...POLICY.Statement[0], Principal: '*' }] });
  await expect(put(open, true)).rejects.toMatchObject({ code: 'PublicPolicyException' });
  await put(open, false);
});

test('CloudFormation creates a secret from a template with a generated key', async () => {
  const secrets = provider('AWS::SecretsManager::Secret');
  const properties = {
    Description: 'claim',
    GenerateSecretString: {
      SecretStringTemplate: '{"username":"admin"}',
      GenerateStringKey: 'password',
      PasswordLength: '20',
      ExcludePunctuation: 'true',
    },
  };
  const state = await secrets.create(properties, testScope('Secret'));
  expect(state.physicalId).toMatch(/:secret:test-stack-Secret-ABCDEFGHIJKL-[A-Za-z0-9]{6}$/);
  expect(state.attributes).toEqual({ Id: state.physicalId });
  const value = async () =>
    (await call<GetSecretValueResponse>('GetSecretValue', { SecretId: state.physicalId })).SecretString as string;
  const first = await value();
  expect(JSON.parse(first)).toEqual({ username: 'admin', password: expect.stringMatching(/^[A-Za-z0-9]{20}$/) });

  await secrets.update({ ...properties, Description: 'changed' }, properties, state, testScope('Secret'));
  expect(await value()).toBe(first);
  const changed = { GenerateSecretString: { ...properties.GenerateSecretString, PasswordLength: 24 } };
  await secrets.update(changed, properties, state, testScope('Secret'));
  expect(JSON.parse(await value()).password).toHaveLength(24);

  await secrets.delete(state, changed, testScope('Secret'));
  await expect(call('DescribeSecret', { SecretId: state.physicalId })).rejects.toMatchObject({
    code: 'ResourceNotFoundException',
  });
});

test('CloudFormation attaches and removes a resource policy, and blocks public ones unless told otherwise', async () => {
  const { ARN } = await call<{ ARN: string }>('CreateSecret', { Name: 'a', SecretString: 'x' });
  const policies = provider('AWS::SecretsManager::ResourcePolicy');
  const state = await policies.create({ SecretId: ARN, ResourcePolicy: POLICY }, testScope());
  const current = async () =>
    (await call<GetResourcePolicyResponse>('GetResourcePolicy', { SecretId: 'a' })).ResourcePolicy;
  expect(JSON.parse((await current()) as string)).toEqual(POLICY);
  const open = { ...POLICY, Statement: [{ ...POLICY.Statement[0], Principal: '*' }] };
  await expect(policies.create({ SecretId: ARN, ResourcePolicy: open }, testScope())).rejects.toMatchObject({
    code: 'PublicPolicyException',
  });
  await policies.delete(state, { SecretId: ARN, ResourcePolicy: POLICY }, testScope());
  expect(await current()).toBeUndefined();
});
