import {
  DeleteConnectionCommand,
  ForbiddenException,
  GatewayTimeoutException,
  GetConnectionCommand,
  InvalidRequestException,
  type IoTDataPlaneClient,
  ListSubscriptionsCommand,
  ResourceNotFoundException,
  SendDirectMessageCommand,
} from '@aws-sdk/client-iot-data-plane';
import type { IPublishPacket, MqttClient } from 'mqtt';
import { until } from '../../local-cloud/src/broker/testing/broker-fixture.ts';
import { ARN, DataPlaneCloud, type TestDevice } from './data-plane-cloud.ts';

let cloud: DataPlaneCloud;
let client: IoTDataPlaneClient;
let device: TestDevice;

beforeAll(async () => {
  cloud = await DataPlaneCloud.start();
  client = cloud.client();
  device = await cloud.device('connected', [
    { Effect: 'Allow', Action: ['iot:Connect', 'iot:Subscribe', 'iot:Publish'], Resource: '*' },
    { Effect: 'Allow', Action: 'iot:Receive', Resource: [`${ARN}topic/commands/*`, `${ARN}topic/wills/*`] },
  ]);
});
afterAll(async () => {
  client.destroy();
  await cloud.close();
});

const PERSISTENT = { clean: false, properties: { sessionExpiryInterval: 600 } };
const clientId = 'connected';
const get = (id = clientId) => client.send(new GetConnectionCommand({ clientId: id }));

function closed(mqtt: MqttClient): Promise<unknown> {
  return new Promise((resolve) => mqtt.once('close', () => resolve(undefined)));
}

// source: API iotdata DeleteConnection
describe('DeleteConnection', () => {
  const will = { topic: 'wills/1', payload: Buffer.from('gone'), qos: 1 as const, retain: false };
  const wills = () => cloud.rules.accepted.filter(({ topic }) => topic === will.topic).length;

  test('ends the connection, publishes the last will and keeps a persistent session', async () => {
    const mqtt = await cloud.connect(device, { ...PERSISTENT, will });
    await mqtt.subscribeAsync('commands/a', { qos: 1 });
    const reason = new Promise((resolve) => mqtt.once('disconnect', resolve));
    await client.send(new DeleteConnectionCommand({ clientId }));
    expect(await reason).toMatchObject({ reasonCode: 0x98 });
    await until(() => wills() === 1, 'the will');
    const again = await cloud.connect(device, PERSISTENT);
    const { subscriptions } = await client.send(new ListSubscriptionsCommand({ clientId }));
    expect(subscriptions).toEqual([{ topicFilter: 'commands/a', qos: 1 }]);
    again.end(true);
    const events = cloud.rules.events('presence/disconnected');
    expect(events[0]).toMatchObject({ disconnectReason: 'API_INITIATED_DISCONNECT', clientInitiatedDisconnect: false });
  });

  test('prevents the will and removes the session when asked to', async () => {
    const mqtt = await cloud.connect(device, { ...PERSISTENT, will });
    const ended = closed(mqtt);
    await client.send(new DeleteConnectionCommand({ clientId, cleanSession: true, preventWillMessage: true }));
    await ended;
    await expect(client.send(new ListSubscriptionsCommand({ clientId }))).rejects.toThrow(ResourceNotFoundException);
    expect(wills()).toBe(1);
  });

  test('of a client that is not connected answers 404', async () => {
    await expect(client.send(new DeleteConnectionCommand({ clientId: 'nobody' }))).rejects.toThrow(
      ResourceNotFoundException,
    );
  });

  // source: API iotdata DeleteConnection, "Pattern: ^[^$].*", at most 128 characters
  test.each(['$x', 'x'.repeat(129)])('refuses the client id %p', async (id) => {
    await expect(client.send(new DeleteConnectionCommand({ clientId: id }))).rejects.toThrow(InvalidRequestException);
  });
});

// source: API iotdata GetConnection
describe('GetConnection', () => {
  test('describes a connected client', async () => {
    const before = Date.now();
    const mqtt = await cloud.connect(device, { ...PERSISTENT, keepalive: 90 });
    const { $metadata, connectedSince, ...found } = await get();
    expect(found).toEqual({
      connected: true,
      clientId,
      thingName: 'connected',
      cleanSession: false,
      sessionExpiry: 600,
      keepAliveDuration: 90,
    });
    expect(connectedSince).toBeGreaterThanOrEqual(before);
    mqtt.end(true);
  });

  test('tells when and why a client has disconnected', async () => {
    const mqtt = await cloud.connect(device, { clean: true });
    await mqtt.endAsync();
    await until(() => !cloud.https.cloud.ports.get('broker').connectedClients().length, 'the end');
    expect(await get()).toMatchObject({
      connected: false,
      cleanSession: true,
      disconnectedSince: expect.any(Number),
      disconnectReason: 'CLIENT_INITIATED_DISCONNECT',
    });
    await expect(get('nobody')).rejects.toThrow(ResourceNotFoundException);
  });

  // assumed: what permission it takes is not in the API reference, so it is refused
  test('refuses to give socket information', async () => {
    const command = new GetConnectionCommand({ clientId, includeSocketInformation: true });
    await expect(client.send(command)).rejects.toMatchObject({ $metadata: { httpStatusCode: 501 } });
  });
});

// source: API iotdata ListSubscriptions
test('ListSubscriptions lists the filters of a client in pages', async () => {
  const mqtt = await cloud.connect(device);
  for (const filter of ['b/#', 'a/+', 'c']) await mqtt.subscribeAsync(filter, { qos: filter === 'c' ? 0 : 1 });
  const first = await client.send(new ListSubscriptionsCommand({ clientId, maxResults: 2 }));
  expect(first.subscriptions).toEqual([
    { topicFilter: 'a/+', qos: 1 },
    { topicFilter: 'b/#', qos: 1 },
  ]);
  const second = await client.send(new ListSubscriptionsCommand({ clientId, nextToken: first.nextToken }));
  expect(second.subscriptions).toEqual([{ topicFilter: 'c', qos: 0 }]);
  expect(second.nextToken).toBeUndefined();
  mqtt.end(true);
});

// source: direct-messaging; API iotdata SendDirectMessage
describe('SendDirectMessage', () => {
  const send = (input: object) =>
    client.send(
      new SendDirectMessageCommand({ clientId, topic: 'commands/reboot', payload: Buffer.from('now'), ...input }),
    );

  test.each([true, false])('reaches a client that has not subscribed, with confirmation %p', async (confirmation) => {
    const mqtt = await cloud.connect(device);
    const packets: IPublishPacket[] = [];
    mqtt.on('message', (_topic, _payload, packet) => packets.push(packet));
    const answer = await send({ confirmation, contentType: 'text/plain', userProperties: '[{"a":"b"}]' });
    expect(answer.traceId).toEqual(expect.any(String));
    await until(() => packets.length === 1, 'the message');
    expect(packets[0]).toMatchObject({
      topic: 'commands/reboot',
      payload: Buffer.from('now'),
      qos: confirmation ? 1 : 0,
      retain: false,
      properties: { contentType: 'text/plain', userProperties: { a: 'b' } },
    });
    expect(cloud.rules.accepted.map(({ topic }) => topic)).not.toContain('commands/reboot');
    mqtt.end(true);
  });

  test('answers 504 when the client does not confirm in time', async () => {
    const mqtt = await cloud.connect(device);
    // A client that never acknowledges.
    mqtt.handleMessage = () => {};
    await expect(send({ confirmation: true, timeout: 1 })).rejects.toThrow(GatewayTimeoutException);
    mqtt.end(true);
  });

  test('answers 404 for a client that is not connected, even with a persistent session', async () => {
    const mqtt = await cloud.connect(device, PERSISTENT);
    mqtt.end(true);
    await until(() => !cloud.https.cloud.ports.get('broker').connectedClients().length, 'the end');
    await expect(send({})).rejects.toThrow(ResourceNotFoundException);
    await client.send(new ListSubscriptionsCommand({ clientId }));
  });

  // source: direct-messaging ("The receiver must have iot:Receive permission"; that the error is 403 is assumed)
  test('needs the receiver to be allowed to receive from the topic', async () => {
    const mqtt = await cloud.connect(device);
    await expect(send({ topic: 'secret/reboot' })).rejects.toThrow(ForbiddenException);
    mqtt.end(true);
  });

  test('needs iot:SendDirectMessage on the client, for the topics of the policy', async () => {
    const mqtt = await cloud.connect(device);
    const sender = await cloud.clientWith({
      Effect: 'Allow',
      Action: 'iot:SendDirectMessage',
      Resource: `${ARN}client/connected`,
      Condition: { StringEquals: { 'iot:Topic': ['commands/reboot'] } },
    });
    const command = (topic: string, id = clientId) => new SendDirectMessageCommand({ clientId: id, topic });
    await sender.send(command('commands/reboot'));
    await expect(sender.send(command('commands/update'))).rejects.toThrow(ForbiddenException);
    await expect(sender.send(command('commands/reboot', 'other'))).rejects.toThrow(ForbiddenException);
    sender.destroy();
    mqtt.end(true);
  });

  // assumed: the page names no limits of the topic; what could be taken for a message of AWS itself is refused
  test.each([
    ['a wildcard', { topic: 'commands/#' }],
    ['a reserved topic', { topic: '$aws/things/connected/shadow/update/delta' }],
    ['16 seconds of waiting', { confirmation: true, timeout: 16 }],
  ])('refuses %s', async (_what, input) => {
    await expect(send(input)).rejects.toThrow(InvalidRequestException);
  });
});
