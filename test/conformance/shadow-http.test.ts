import { request } from 'node:https';
import { Sha256 } from '@aws-crypto/sha256-js';
import {
  ConflictException,
  DeleteThingShadowCommand,
  ForbiddenException,
  GetThingShadowCommand,
  InvalidRequestException,
  type IoTDataPlaneClient,
  ListNamedShadowsForThingCommand,
  PublishCommand,
  RequestEntityTooLargeException,
  ResourceNotFoundException,
  UnsupportedDocumentEncodingException,
  UpdateThingShadowCommand,
} from '@aws-sdk/client-iot-data-plane';
import { SignatureV4 } from '@smithy/signature-v4';
import { until } from '../../local-cloud/src/broker/testing/broker-fixture.ts';
import { ARN, DataPlaneCloud } from './data-plane-cloud.ts';

let cloud: DataPlaneCloud;
let client: IoTDataPlaneClient;

beforeAll(async () => {
  cloud = await DataPlaneCloud.start();
  client = cloud.client();
});
afterAll(async () => {
  client.destroy();
  await cloud.close();
});

const json = (payload: Uint8Array | undefined) => JSON.parse(Buffer.from(payload ?? []).toString('utf8'));

async function update(thingName: string, document: object | Buffer, shadowName?: string) {
  const payload = Buffer.isBuffer(document) ? document : Buffer.from(JSON.stringify(document));
  const output = await client.send(new UpdateThingShadowCommand({ thingName, shadowName, payload }));
  return json(output.payload);
}

/** Status of a GET whose signature names the service. */
async function signedGet(path: string, service: string): Promise<number> {
  const { administrator, cloud: https, identity, port } = cloud.https;
  const signer = new SignatureV4({
    service,
    region: https.account.region,
    credentials: { accessKeyId: administrator.accessKeyId, secretAccessKey: administrator.secretAccessKey },
    sha256: Sha256,
  });
  const headers = { host: `localhost:${port}` };
  const signed = await signer.sign({ method: 'GET', protocol: 'https:', hostname: 'localhost', path, headers });
  return new Promise((resolve, reject) => {
    const options = { host: 'localhost', port, path, headers: signed.headers, ca: identity.caCertificatePem };
    request(options, (response) => {
      response.resume();
      resolve(response.statusCode ?? 0);
    })
      .on('error', reject)
      .end();
  });
}

const get = async (thingName: string, shadowName?: string) =>
  json((await client.send(new GetThingShadowCommand({ thingName, shadowName }))).payload);

// source: device-shadow-rest-api
describe('the REST API', () => {
  test('an update answers the accepted document, a get the whole one with its delta', async () => {
    const timestamp = expect.any(Number);
    expect(await update('rest', { state: { desired: { color: 'red' } }, clientToken: 'app' })).toEqual({
      state: { desired: { color: 'red' } },
      metadata: { desired: { color: { timestamp } } },
      version: 1,
      timestamp,
      clientToken: 'app',
    });
    expect(await get('rest')).toEqual({
      state: { desired: { color: 'red' }, delta: { color: 'red' } },
      metadata: { desired: { color: { timestamp } }, delta: { color: { timestamp } } },
      version: 1,
      timestamp,
    });
  });

  test('timestamps are seconds since the epoch', async () => {
    const { timestamp } = await update('seconds', { state: {} });
    expect(Math.abs(timestamp - Date.now() / 1000)).toBeLessThan(60);
  });

  test('named shadows go by the query parameter name', async () => {
    await update('rest', { state: { reported: { a: 1 } } }, 'settings');
    expect(await get('rest', 'settings')).toMatchObject({ state: { reported: { a: 1 } }, version: 1 });
  });

  // source: device-shadow-rest-api ("you must use iotdevicegateway as the service name for authentication")
  test('requests may be signed for iotdevicegateway as well as for iotdata', async () => {
    await update('gateway', { state: {} });
    expect(await signedGet('/things/gateway/shadow', 'iotdevicegateway')).toBe(200);
    expect(await signedGet('/things/gateway/shadow', 'iotdata')).toBe(200);
    expect(await signedGet('/things/gateway/shadow', 'iotelse')).not.toBe(200);
  });

  test('a delete answers the version that was deleted', async () => {
    await update('deleted', { state: {} });
    const output = await client.send(new DeleteThingShadowCommand({ thingName: 'deleted' }));
    expect(json(output.payload)).toEqual({ version: 1, timestamp: expect.any(Number) });
    await expect(get('deleted')).rejects.toThrow(ResourceNotFoundException);
  });

  test('named shadows are listed in pages, without the classic one', async () => {
    for (const name of [undefined, 'c', 'a', 'b']) await update('listed', { state: {} }, name);
    const list = (nextToken?: string) =>
      client.send(new ListNamedShadowsForThingCommand({ thingName: 'listed', pageSize: 2, nextToken }));
    const first = await list();
    expect(first).toMatchObject({ results: ['a', 'b'], timestamp: expect.any(Number) });
    const second = await list(first.nextToken);
    expect(second.results).toEqual(['c']);
    expect(second.nextToken).toBeUndefined();
    await expect(list('bm9uc2Vuc2U')).rejects.toThrow(InvalidRequestException);
  });

  test('a thing that does not exist has an empty list', async () => {
    const { results } = await client.send(new ListNamedShadowsForThingCommand({ thingName: 'nothing' }));
    expect(results).toEqual([]);
  });
});

// source: device-shadow-error-messages; API iotdata UpdateThingShadow, "Errors"
describe('errors', () => {
  test.each([
    [
      '404 for no named shadow',
      () => get('none', 'x'),
      ResourceNotFoundException,
      "No shadow exists with name: 'x'",
      404,
    ],
    ['400 for no JSON', () => update('e', Buffer.from('{')), InvalidRequestException, 'Invalid JSON', 400],
    ['400 for no state', () => update('e', {}), InvalidRequestException, 'Missing required node: state', 400],
    [
      '409 for another version',
      () => update('e', { state: {}, version: 7 }),
      ConflictException,
      'Version conflict',
      409,
    ],
    [
      '413 for more than 8 KB',
      () => update('e', { state: { desired: { a: 'x'.repeat(8192) } } }),
      RequestEntityTooLargeException,
      'The payload exceeds the maximum size allowed',
      413,
    ],
    [
      '415 for what is not UTF-8',
      () => update('e', Buffer.from([0x7b, 0xff, 0x7d])),
      UnsupportedDocumentEncodingException,
      'Unsupported documented encoding; supported encoding is UTF-8',
      415,
    ],
  ])('%s', async (_what, call, type, message, status) => {
    const error = await call().catch((caught: unknown) => caught);
    expect(error).toBeInstanceOf(type);
    expect(error).toMatchObject({ message, $metadata: { httpStatusCode: status } });
  });

  // assumed: device-shadow-error-messages names the shadow; that a classic one goes by the thing's name is not said
  test('404 for no classic shadow names the thing', async () => {
    const error = await get('none').catch((caught: unknown) => caught);
    expect(error).toBeInstanceOf(ResourceNotFoundException);
    expect(error).toMatchObject({ message: "No shadow exists with name: 'none'", $metadata: { httpStatusCode: 404 } });
  });

  test.each([
    ['thing', { thingName: 'a b' }],
    ['thing', { thingName: 'x'.repeat(129) }],
    ['shadow', { thingName: 't', shadowName: 'a/b' }],
    ['shadow', { thingName: 't', shadowName: 'x'.repeat(65) }],
  ])('400 for a %s name outside its pattern', async (_what, input) => {
    await expect(client.send(new GetThingShadowCommand(input))).rejects.toThrow(InvalidRequestException);
  });
});

// source: device-shadow-data-flow; device-shadow-error-messages ("no MQTT error messages are emitted")
test('MQTT subscribers hear of what HTTP accepts, and of nothing that it refuses', async () => {
  const watcher = await cloud.device('watched', [{ Effect: 'Allow', Action: 'iot:*', Resource: '*' }]);
  const heard: string[] = [];
  const mqtt = await cloud.connect(watcher, {}, (topic) =>
    heard.push(topic.slice('$aws/things/watched/shadow/'.length)),
  );
  await mqtt.subscribeAsync('$aws/things/watched/shadow/#', { qos: 1 });
  await update('watched', { state: { desired: { a: 1 } } });
  await expect(update('watched', { state: 5 })).rejects.toThrow(InvalidRequestException);
  await get('watched');
  await client.send(new DeleteThingShadowCommand({ thingName: 'watched' }));
  await until(() => heard.includes('delete/accepted'), 'the deletion');
  expect(heard).toEqual(['update/accepted', 'update/delta', 'update/documents', 'delete/accepted']);
});

// source: iot-device-shadows ("receive delta messages after they reconnect, you can use the persistent session feature")
test('a device with a persistent session gets the delta of while it was away', async () => {
  const sleeper = await cloud.device('sleeper', [{ Effect: 'Allow', Action: 'iot:*', Resource: '*' }]);
  const session = { clean: false, properties: { sessionExpiryInterval: 600 } };
  const first = await cloud.connect(sleeper, session);
  await first.subscribeAsync('$aws/things/sleeper/shadow/update/delta', { qos: 1 });
  await first.endAsync();
  await update('sleeper', { state: { desired: { awake: true } } });
  const heard: unknown[] = [];
  await cloud.connect(sleeper, session, (_topic, payload) => heard.push(JSON.parse(payload.toString())));
  await until(() => heard.length === 1, 'the delta');
  expect(heard[0]).toMatchObject({ state: { awake: true }, version: 1 });
});

// source: device-shadow-mqtt; http (Publish to a reserved topic is a request)
test('a publish over HTTP to a shadow topic is a request to the shadow', async () => {
  const payload = Buffer.from('{"state":{"reported":{"via":"http"}}}');
  await client.send(new PublishCommand({ topic: '$aws/things/published/shadow/update', qos: 1, payload }));
  expect(await get('published')).toMatchObject({ state: { reported: { via: 'http' } }, version: 1 });
});

// source: device-shadow-rest-api, "Authorization"; iot-action-resources
describe('authorization', () => {
  test('a role may do what its policy names, on the shadows it names', async () => {
    await update('allowed', { state: {} });
    await update('allowed', { state: {} }, 'one');
    await update('other', { state: {} });
    const reader = await cloud.clientWith({
      Effect: 'Allow',
      Action: 'iot:GetThingShadow',
      Resource: [`${ARN}thing/allowed`, `${ARN}thing/allowed/one`],
    });
    await reader.send(new GetThingShadowCommand({ thingName: 'allowed' }));
    await reader.send(new GetThingShadowCommand({ thingName: 'allowed', shadowName: 'one' }));
    const refused = [
      new GetThingShadowCommand({ thingName: 'allowed', shadowName: 'two' }),
      new GetThingShadowCommand({ thingName: 'other' }),
      new UpdateThingShadowCommand({ thingName: 'allowed', payload: Buffer.from('{"state":{}}') }),
      new DeleteThingShadowCommand({ thingName: 'allowed' }),
      new ListNamedShadowsForThingCommand({ thingName: 'allowed' }),
    ];
    for (const command of refused) {
      const error = await reader.send(command as GetThingShadowCommand).catch((caught: unknown) => caught);
      expect(error).toBeInstanceOf(ForbiddenException);
      expect(error).toMatchObject({ message: 'Forbidden', $metadata: { httpStatusCode: 403 } });
    }
    reader.destroy();
  });

  test('a device with its certificate reaches its own shadow and no other', async () => {
    const device = await cloud.device('http-device', [
      {
        Effect: 'Allow',
        Action: ['iot:GetThingShadow', 'iot:UpdateThingShadow', 'iot:DeleteThingShadow'],
        Resource: `${ARN}thing/http-device`,
      },
    ]);
    const body = '{"state":{"reported":{"a":1}}}';
    expect(await cloud.ask(device, 'POST', '/things/http-device/shadow', body)).toMatchObject({ status: 200 });
    const answer = await cloud.ask(device, 'GET', '/things/http-device/shadow');
    expect(JSON.parse(answer.body)).toMatchObject({ state: { reported: { a: 1 } }, version: 1 });
    await update('http-neighbour', { state: {} });
    for (const [method, path] of [
      ['GET', '/things/http-neighbour/shadow'],
      ['POST', '/things/http-neighbour/shadow'],
      ['DELETE', '/things/http-neighbour/shadow'],
      ['GET', '/things/http-device/shadow?name=other'],
      ['GET', '/api/things/shadow/ListNamedShadowsForThing/http-neighbour'],
      ['POST', `/topics/${encodeURIComponent('$aws/things/http-neighbour/shadow/update')}?qos=1`],
    ] as const) {
      const refused = await cloud.ask(device, method, path, method === 'POST' ? body : '');
      expect([path, refused.status, refused.errorType]).toEqual([path, 403, 'ForbiddenException']);
    }
    expect(await get('http-neighbour')).toMatchObject({ state: {}, version: 1 });
  });
});

// source: device-shadow-data-flow, "Deleting a thing object does not delete the corresponding device's shadow"
test('the shadows of a thing outlive it', async () => {
  await cloud.iot('CreateThing', { thingName: 'short-lived' });
  await update('short-lived', { state: { reported: { a: 1 } } });
  await update('short-lived', { state: { reported: { b: 1 } } }, 'named');
  await cloud.iot('DeleteThing', { thingName: 'short-lived' });
  expect(await get('short-lived')).toMatchObject({ state: { reported: { a: 1 } } });
  expect(await get('short-lived', 'named')).toMatchObject({ state: { reported: { b: 1 } } });
});
