import { createSign, generateKeyPairSync } from 'node:crypto';
import {
  type IotTestCloud,
  registerHookFunction,
  startIot,
} from '../../local-cloud/src/services/iot/testing/iot-test-cloud.ts';

const FUNCTION = 'arn:aws:lambda:us-east-1:123456789012:function:authorize';
const ARN = 'arn:aws:iot:us-east-1:123456789012:authorizer/';
const rsa = (modulusLength: number) =>
  generateKeyPairSync('rsa', {
    modulusLength,
    publicKeyEncoding: { format: 'pem', type: 'spki' },
    privateKeyEncoding: { format: 'pem', type: 'pkcs8' },
  });
const keys = rsa(2048);

let iot: IotTestCloud;
let answer: object;

beforeEach(async () => {
  answer = {};
  iot = await startIot({ prepare: (cloud) => registerHookFunction(cloud, () => answer) });
});
afterEach(() => iot.cloud.close());

const create = (options: object = {}) =>
  iot.call('CreateAuthorizer', {
    authorizerName: 'tokens',
    authorizerFunctionArn: FUNCTION,
    tokenKeyName: 'my-token',
    tokenSigningPublicKeys: { first: keys.publicKey },
    ...options,
  });

describe('authorizers', () => {
  // source: API reference, CreateAuthorizer, DescribeAuthorizer
  test('are created with what was asked for, and described', async () => {
    const now = new Date(iot.cloud.clock.now());
    const tags = [{ Key: 'site', Value: 'north' }];
    expect(await create({ tags, status: 'INACTIVE' })).toEqual({
      authorizerName: 'tokens',
      authorizerArn: `${ARN}tokens`,
    });
    expect(await iot.call('DescribeAuthorizer', { authorizerName: 'tokens' })).toEqual({
      authorizerDescription: {
        authorizerName: 'tokens',
        authorizerArn: `${ARN}tokens`,
        authorizerFunctionArn: FUNCTION,
        tokenKeyName: 'my-token',
        tokenSigningPublicKeys: { first: keys.publicKey },
        status: 'INACTIVE',
        signingDisabled: false,
        enableCachingForHttp: false,
        creationDate: now,
        lastModifiedDate: now,
      },
    });
    expect(await iot.call('ListTagsForResource', { resourceArn: `${ARN}tokens` })).toEqual({ tags });
  });

  // assumed: the API reference names no default of the status; an authorizer that nobody asked for authenticates nobody
  test('are inactive unless told otherwise', async () => {
    await create();
    expect(await iot.call('DescribeAuthorizer', { authorizerName: 'tokens' })).toMatchObject({
      authorizerDescription: { status: 'INACTIVE' },
    });
  });

  // source: config-custom-auth ("They are required values if signing is enabled", "minimum length is 2,048 bits")
  test.each([
    ['no token key name', { tokenKeyName: undefined }],
    ['no public key', { tokenSigningPublicKeys: undefined }],
    ['a short public key', { tokenSigningPublicKeys: { first: rsa(1024).publicKey } }],
    ['a public key that is none', { tokenSigningPublicKeys: { first: 'rubbish' } }],
    ['a function that is none', { authorizerFunctionArn: 'arn:aws:s3:::bucket' }],
    ['a name with a space', { authorizerName: 'a b' }],
    ['an unknown status', { status: 'ASLEEP' }],
  ])('are refused with %s', async (_name, options) => {
    await expect(create(options)).rejects.toMatchObject({ code: 'InvalidRequestException', statusCode: 400 });
  });

  // source: API reference, CreateAuthorizer, "Errors"
  test('have names of their own', async () => {
    await create();
    await expect(create()).rejects.toMatchObject({ code: 'ResourceAlreadyExistsException', statusCode: 409 });
  });

  // source: API reference, UpdateAuthorizer
  test('change in status, keys and function, and keep the rest', async () => {
    await create();
    const second = rsa(2048).publicKey;
    await iot.call('UpdateAuthorizer', {
      authorizerName: 'tokens',
      status: 'ACTIVE',
      tokenSigningPublicKeys: { second },
    });
    expect(await iot.call('DescribeAuthorizer', { authorizerName: 'tokens' })).toMatchObject({
      authorizerDescription: { status: 'ACTIVE', tokenSigningPublicKeys: { second }, tokenKeyName: 'my-token' },
    });
  });

  // source: API reference, DeleteAuthorizer ("DeleteConflictException")
  test('are deleted only while they are not the default', async () => {
    await create();
    const remove = () => iot.call('DeleteAuthorizer', { authorizerName: 'tokens' });
    await iot.call('SetDefaultAuthorizer', { authorizerName: 'tokens' });
    await expect(remove()).rejects.toMatchObject({ code: 'DeleteConflictException', statusCode: 409 });
    await iot.call('ClearDefaultAuthorizer');
    await remove();
    await expect(iot.call('DescribeAuthorizer', { authorizerName: 'tokens' })).rejects.toMatchObject({
      code: 'ResourceNotFoundException',
    });
  });

  // assumed: the API reference does not say that it matters; certificates and CAs must be inactive, so must these
  test('are not deleted while they are active', async () => {
    await create({ status: 'ACTIVE' });
    const remove = () => iot.call('DeleteAuthorizer', { authorizerName: 'tokens' });
    await expect(remove()).rejects.toMatchObject({ code: 'DeleteConflictException' });
    await iot.call('UpdateAuthorizer', { authorizerName: 'tokens', status: 'INACTIVE' });
    await remove();
  });

  // source: API reference, ListAuthorizers
  test('are listed by name, by status and by pages', async () => {
    for (const authorizerName of ['b', 'a', 'c']) {
      await create({ authorizerName, status: authorizerName === 'b' ? 'INACTIVE' : 'ACTIVE' });
    }
    const names = async (input: object) => {
      const page = await iot.call<{ authorizers: { authorizerName: string }[]; nextMarker?: string }>(
        'ListAuthorizers',
        input,
      );
      return [page.authorizers.map(({ authorizerName }) => authorizerName), page.nextMarker] as const;
    };
    expect(await names({ status: 'ACTIVE', ascendingOrder: true })).toEqual([['a', 'c'], undefined]);
    const [first, marker] = await names({ pageSize: 2, ascendingOrder: true });
    expect([first, (await names({ pageSize: 2, ascendingOrder: true, marker }))[0]]).toEqual([['a', 'b'], ['c']]);
  });

  // source: API reference, SetDefaultAuthorizer, DescribeDefaultAuthorizer, ClearDefaultAuthorizer
  test('one of them can be the default', async () => {
    await create();
    await expect(iot.call('DescribeDefaultAuthorizer')).rejects.toMatchObject({ code: 'ResourceNotFoundException' });
    const named = { authorizerName: 'tokens', authorizerArn: `${ARN}tokens` };
    expect(await iot.call('SetDefaultAuthorizer', { authorizerName: 'tokens' })).toEqual(named);
    expect(await iot.call('DescribeDefaultAuthorizer')).toMatchObject({ authorizerDescription: named });
    await expect(iot.call('SetDefaultAuthorizer', { authorizerName: 'tokens' })).rejects.toMatchObject({
      code: 'ResourceAlreadyExistsException',
    });
    await iot.call('ClearDefaultAuthorizer');
    await expect(iot.call('ClearDefaultAuthorizer')).rejects.toMatchObject({ code: 'ResourceNotFoundException' });
  });
});

describe('TestInvokeAuthorizer', () => {
  const document = { Version: '2012-10-17', Statement: [{ Effect: 'Allow', Action: 'iot:Connect', Resource: '*' }] };
  const good = {
    isAuthenticated: true,
    principalId: 'device1',
    policyDocuments: [document],
    disconnectAfterInSeconds: 3600,
    refreshAfterInSeconds: 300,
  };
  const tokenSignature = createSign('SHA256').update('a token').sign(keys.privateKey, 'base64');
  const invoke = (input: object) => iot.call('TestInvokeAuthorizer', { authorizerName: 'tokens', ...input });

  // source: API reference, TestInvokeAuthorizer
  test('returns what the function decided', async () => {
    await create();
    answer = good;
    expect(await invoke({ token: 'a token', tokenSignature })).toEqual({
      ...good,
      policyDocuments: [JSON.stringify(document)],
    });
  });

  // source: API reference, TestInvokeAuthorizer ("InvalidResponseException")
  test('says when the answer of the function is not valid', async () => {
    await create();
    answer = { ...good, principalId: 'not-alphanumeric' };
    await expect(invoke({ token: 'a token', tokenSignature })).rejects.toMatchObject({
      code: 'InvalidResponseException',
      statusCode: 400,
    });
  });

  // assumed: config-custom-auth gives both times a range, and does not say that either may be left out
  test.each(['disconnectAfterInSeconds', 'refreshAfterInSeconds'])('takes no answer without %s', async (time) => {
    await create();
    answer = { ...good, [time]: undefined };
    await expect(invoke({ token: 'a token', tokenSignature })).rejects.toMatchObject({
      code: 'InvalidResponseException',
    });
  });

  // assumed: the API reference does not say which error a bad token signature leads to
  test('refuses a token signature that does not verify', async () => {
    await create();
    answer = good;
    await expect(invoke({ token: 'another token', tokenSignature })).rejects.toMatchObject({
      code: 'InvalidRequestException',
    });
  });
});
