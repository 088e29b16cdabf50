import { createSign, generateKeyPairSync } from 'node:crypto';
import { until } from '../../local-cloud/src/broker/testing/broker-fixture.ts';
import { ManualClock, sleep, systemClock } from '../../local-cloud/src/core/clock.ts';
import type { CustomAuthenticationRequest, DeviceConnection } from '../../local-cloud/src/core/mqtt.ts';
import { registerHookFunction } from '../../local-cloud/src/services/iot/testing/iot-test-cloud.ts';
import { type DeviceGateway, startDeviceGateway } from '../support/device-gateway.ts';

// source: config-custom-auth, custom-auth, custom-authorizer

const FUNCTION = 'arn:aws:lambda:us-east-1:123456789012:function:authorize';
const AUTHORIZER = 'arn:aws:iot:us-east-1:123456789012:authorizer/tokens';
const keys = generateKeyPairSync('rsa', {
  modulusLength: 2048,
  publicKeyEncoding: { format: 'pem', type: 'spki' },
  privateKeyEncoding: { format: 'pem', type: 'pkcs8' },
});
const sign = (token: string): string => createSign('SHA256').update(token).sign(keys.privateKey, 'base64');

const documentFor = (...topics: string[]) => ({
  Version: '2012-10-17',
  Statement: [
    { Effect: 'Allow', Action: 'iot:Connect', Resource: 'arn:aws:iot:us-east-1:123456789012:client/${iot:ClientId}' },
    ...topics.map((topic) => ({
      Effect: 'Allow',
      Action: 'iot:Publish',
      Resource: `arn:aws:iot:us-east-1:123456789012:topic/${topic}`,
    })),
  ],
});
const GOOD = {
  isAuthenticated: true,
  principalId: 'device1',
  policyDocuments: [documentFor('telemetry/${iot:ClientId}')],
  disconnectAfterInSeconds: 3600,
  refreshAfterInSeconds: 300,
};

let gateway: DeviceGateway<ManualClock>;
let answer: () => object | Promise<object>;
let events: Record<string, unknown>[];
let callers: unknown[];

beforeEach(async () => {
  answer = () => GOOD;
  events = [];
  callers = [];
  gateway = await startDeviceGateway({
    clock: new ManualClock(),
    prepare: (cloud) =>
      registerHookFunction(cloud, (event, call) => {
        events.push(event);
        callers.push(call.principal);
        return answer();
      }),
  });
});
afterEach(() => gateway.stop());

const create = (options: object = {}) =>
  gateway.call('CreateAuthorizer', {
    authorizerName: 'tokens',
    authorizerFunctionArn: FUNCTION,
    tokenKeyName: 'my-token',
    tokenSigningPublicKeys: { first: keys.publicKey },
    status: 'ACTIVE',
    ...options,
  });

const unsigned = () => create({ signingDisabled: true, tokenKeyName: undefined, tokenSigningPublicKeys: undefined });

const authenticate = (request: Partial<CustomAuthenticationRequest>, clientId = 'client-1') =>
  gateway.cloud.ports
    .get('devices')
    .authenticate(
      { kind: 'custom', request: { protocols: ['tls', 'mqtt'], ...request } },
      clientId,
      '203.0.113.7',
    ) as Promise<DeviceConnection | undefined>;

const may = (connection: DeviceConnection | undefined, topic: string): boolean =>
  connection !== undefined && gateway.cloud.ports.get('devices').isAllowed(connection, 'iot:Publish', topic);

const withToken = (token: string, signature: string) => ({
  mqtt: {
    clientId: 'client-1',
    username: `user?x-amz-customauthorizer-name=tokens&x-amz-customauthorizer-signature=${encodeURIComponent(signature)}&my-token=${encodeURIComponent(token)}`,
  },
});

describe('the token of an authorizer with signing', () => {
  test('is verified with the public keys before the function is invoked with it', async () => {
    await create();
    const connection = await authenticate(withToken('a token', sign('a token')));
    expect(connection).toMatchObject({ clientId: 'client-1', principalId: 'device1' });
    expect(events).toMatchObject([{ token: 'a token', signatureVerified: true, protocols: ['tls', 'mqtt'] }]);
    expect(callers).toEqual([
      { kind: 'service', service: 'iot.amazonaws.com', sourceArn: AUTHORIZER, sourceAccount: '123456789012' },
    ]);
  });

  test.each([
    ['a signature of another token', withToken('a token', sign('another token'))],
    ['a signature that is no Base64', withToken('a token', '!!')],
    ['no token', { authorizerName: 'tokens', signature: sign('a token') }],
    ['no signature', { authorizerName: 'tokens', token: 'a token' }],
  ])('with %s is refused without an invocation', async (_name, request) => {
    await create();
    expect(await authenticate(request)).toBeUndefined();
    expect(events).toEqual([]);
  });

  test.each([
    ['headers', { headers: { 'my-token': 'a token' }, queryString: '' }],
    ['the query string', { headers: {}, queryString: '?qos=1&my-token=a%20token' }],
  ])('is found in %s of an HTTP request', async (_name, http) => {
    await create();
    const request = { authorizerName: 'tokens', signature: sign('a token'), protocols: ['tls', 'http'] as const, http };
    expect(await authenticate(request)).toMatchObject({ principalId: 'device1' });
    expect(events).toMatchObject([{ token: 'a token', protocolData: { http } }]);
  });
});

describe('the function', () => {
  test('sees all that is relevant of the connection, the password in Base64', async () => {
    await unsigned();
    await authenticate({
      authorizerName: 'tokens',
      serverName: 'localhost',
      mqtt: { clientId: 'client-1', username: 'aladdin', password: Buffer.from('open sesame') },
    });
    expect(events).toEqual([
      {
        signatureVerified: false,
        protocols: ['tls', 'mqtt'],
        protocolData: {
          tls: { serverName: 'localhost' },
          mqtt: { username: 'aladdin', password: 'b3BlbiBzZXNhbWU=', clientId: 'client-1' },
        },
        connectionMetadata: { id: expect.stringMatching(/^[0-9a-f-]{36}$/) },
      },
    ]);
  });

  test.each([
    ['does not authenticate', { ...GOOD, isAuthenticated: false }],
    ['gives a principalId with other characters', { ...GOOD, principalId: 'device-1' }],
    ['gives no principalId', { ...GOOD, principalId: '' }],
    ['gives a principalId of 129 characters', { ...GOOD, principalId: 'a'.repeat(129) }],
    ['gives eleven policy documents', { ...GOOD, policyDocuments: Array(11).fill(documentFor()) }],
    [
      'gives a policy document of more than 2048 characters',
      { ...GOOD, policyDocuments: [documentFor('x'.repeat(2048))] },
    ],
    ['gives a malformed policy document', { ...GOOD, policyDocuments: [{ Version: '2012-10-17' }] }],
    ['gives disconnectAfterInSeconds below 300', { ...GOOD, disconnectAfterInSeconds: 299 }],
    ['gives disconnectAfterInSeconds above 86400', { ...GOOD, disconnectAfterInSeconds: 86_401 }],
    ['gives refreshAfterInSeconds below 300', { ...GOOD, refreshAfterInSeconds: 299 }],
    ['gives refreshAfterInSeconds above 86400', { ...GOOD, refreshAfterInSeconds: 86_401 }],
    ['fails', { FunctionError: 'Unhandled' }],
  ])('that %s leads to a refusal', async (_name, result) => {
    await unsigned();
    answer = () => result;
    expect(await authenticate({ authorizerName: 'tokens' })).toBeUndefined();
    expect(events).toHaveLength(1);
  });

  // source: config-custom-auth ("The Lambda function timeout limit for custom authorizer is 5 seconds")
  test('that takes longer than five seconds leads to a refusal', async () => {
    await unsigned();
    answer = () => new Promise(() => {});
    const pending = authenticate({ authorizerName: 'tokens' });
    await gateway.cloud.clock.advance(5_000);
    expect(await pending).toBeUndefined();
  });

  test('decides with its policies and their variables what the connection may do', async () => {
    await unsigned();
    const connection = await authenticate({ authorizerName: 'tokens' });
    const devices = gateway.cloud.ports.get('devices');
    expect(connection !== undefined && devices.isAllowed(connection, 'iot:Connect', 'client-1')).toBe(true);
    expect([may(connection, 'telemetry/client-1'), may(connection, 'telemetry/client-2')]).toEqual([true, false]);
    expect(connection?.endsAt).toBe(gateway.cloud.clock.now() + 3_600_000);
  });

  test('may give policy documents as JSON text', async () => {
    await unsigned();
    answer = () => ({ ...GOOD, policyDocuments: [JSON.stringify(documentFor('a'))] });
    expect(may(await authenticate({ authorizerName: 'tokens' }), 'a')).toBe(true);
  });
});

describe('the authorizer', () => {
  test('is the default one where the request names none', async () => {
    await unsigned();
    expect(await authenticate({})).toBeUndefined();
    await gateway.call('SetDefaultAuthorizer', { authorizerName: 'tokens' });
    expect(await authenticate({})).toMatchObject({ principalId: 'device1' });
    await gateway.call('ClearDefaultAuthorizer');
    expect(await authenticate({})).toBeUndefined();
  });

  test.each([
    ['is unknown', { authorizerName: 'other' }, 'ACTIVE'],
    ['is not active', { authorizerName: 'tokens' }, 'INACTIVE'],
  ])('that %s leads to a refusal without an invocation', async (_name, request, status) => {
    await create({ signingDisabled: true, status });
    expect(await authenticate(request)).toBeUndefined();
    expect(events).toEqual([]);
  });
});

// source: config-custom-auth ("AWS IoT Core caches this policy for the interval specified in refreshAfterInSeconds")
describe('HTTP requests', () => {
  const http = { headers: { authorization: 'Bearer x' }, queryString: '' };
  const request = (httpConnection: object | undefined, token = 'x') => ({
    authorizerName: 'tokens',
    protocols: ['tls', 'http'] as const,
    http: { ...http, headers: { authorization: `Bearer ${token}` } },
    ...(httpConnection === undefined ? {} : { httpConnection }),
  });

  test('invoke the function each time unless the authorizer enables caching', async () => {
    await unsigned();
    const connection = {};
    await authenticate(request(connection));
    await authenticate(request(connection));
    expect(events).toHaveLength(2);
  });

  test('on one persistent connection use the cached answer until it is to be refreshed, for the same credentials', async () => {
    await create({ signingDisabled: true, enableCachingForHttp: true });
    const connection = {};
    await authenticate(request(connection));
    expect(await authenticate(request(connection))).toMatchObject({ principalId: 'device1' });
    expect(events).toHaveLength(1);
    await authenticate(request({}));
    await authenticate(request(connection, 'y'));
    expect(events).toHaveLength(3);
    await gateway.cloud.clock.advance(300_000);
    await authenticate(request(connection, 'y'));
    expect(events).toHaveLength(4);
  });
});

describe('a device over TLS with ALPN mqtt', () => {
  const connect = async (clientId = 'client-1') => {
    const client = await gateway.open(undefined, { alpn: 'mqtt' });
    const { returnCode } = await client.connect(clientId, {
      username: 'aladdin?x-amz-customauthorizer-name=tokens',
      password: Buffer.from('open sesame'),
      // Longer than what these tests wait: no other reason ends the connection.
      keepalive: 1200,
    });
    return { client, returnCode };
  };

  test('connects, and publishes what the policies of its authorizer allow', async () => {
    await unsigned();
    const { client, returnCode } = await connect();
    expect(returnCode).toBe(0);
    client.publish('telemetry/client-1', '{}', 1);
    expect(await client.next('puback')).toMatchObject({ messageId: 1 });
    expect(gateway.rules.published).toMatchObject([{ publisher: { principalId: 'device1' } }]);
    client.publish('telemetry/client-2', '{}', 2);
    await client.ended;
  });

  test('is refused when its authorizer refuses it', async () => {
    await unsigned();
    answer = () => ({ ...GOOD, isAuthenticated: false });
    const { returnCode } = await connect();
    expect(returnCode).not.toBe(0);
  });

  test('acts under the refreshed policies once refreshAfterInSeconds has passed', async () => {
    await unsigned();
    const { client } = await connect();
    answer = () => ({ ...GOOD, policyDocuments: [documentFor('other')] });
    await gateway.cloud.clock.advance(299_000);
    await client.settle();
    expect(events).toHaveLength(1);
    await gateway.cloud.clock.advance(1_000);
    await until(() => events.length === 2, 'the refresh');
    await sleep(systemClock, 20);
    client.publish('other', '{}', 1);
    expect(await client.next('puback')).toMatchObject({ messageId: 1 });
  });

  test('is disconnected when a refresh is refused', async () => {
    await create({ signingDisabled: true });
    const { client } = await connect();
    await gateway.call('UpdateAuthorizer', { authorizerName: 'tokens', status: 'INACTIVE' });
    await gateway.cloud.clock.advance(299_000);
    await client.settle();
    expect(client.socket.destroyed).toBe(false);
    await gateway.cloud.clock.advance(1_000);
    await client.ended;
    expect(events).toHaveLength(1);
  });

  // source: config-custom-auth ("terminates the connection if it has been open for longer than disconnectAfterInSeconds")
  test('is disconnected after disconnectAfterInSeconds', async () => {
    await unsigned();
    answer = () => ({ ...GOOD, disconnectAfterInSeconds: 300 });
    const { client } = await connect();
    await gateway.cloud.clock.advance(299_000);
    await client.settle();
    expect(client.socket.destroyed).toBe(false);
    await gateway.cloud.clock.advance(2_000);
    await client.ended;
  });
});
