import {
  ForbiddenException,
  GetRetainedMessageCommand,
  InvalidRequestException,
  type IoTDataPlaneClient,
  ListRetainedMessagesCommand,
  PublishCommand,
  type PublishCommandInput,
  RequestEntityTooLargeException,
  ResourceNotFoundException,
  type RetainedMessageSummary,
} from '@aws-sdk/client-iot-data-plane';
import type { IPublishPacket } from 'mqtt';
import { until } from '../../local-cloud/src/broker/testing/broker-fixture.ts';
import { ARN, DataPlaneCloud, type TestDevice } from './data-plane-cloud.ts';

let cloud: DataPlaneCloud;
let client: IoTDataPlaneClient;
let subscriber: TestDevice;

beforeAll(async () => {
  cloud = await DataPlaneCloud.start();
  client = cloud.client();
  subscriber = await cloud.device('subscriber', [{ Effect: 'Allow', Action: 'iot:*', Resource: '*' }]);
});
afterAll(async () => {
  client.destroy();
  await cloud.close();
});

const publish = (input: PublishCommandInput) => client.send(new PublishCommand(input));

/** What a subscriber of the topic receives of one publish. */
async function received(filter: string, input: PublishCommandInput): Promise<IPublishPacket> {
  const mqtt = await cloud.connect(subscriber);
  const packets: IPublishPacket[] = [];
  mqtt.on('message', (_topic, _payload, packet) => packets.push(packet));
  await mqtt.subscribeAsync(filter, { qos: 1, rap: true });
  await publish(input);
  await until(() => packets.length === 1, 'the message');
  mqtt.end(true);
  return packets[0] as IPublishPacket;
}

const payload = Buffer.from('hello');

// source: http; API iotdata Publish
describe('a publish over HTTP', () => {
  test.each([0, 1])('reaches subscribers with QoS %i', async (qos) => {
    expect(await received('plain/topic', { topic: 'plain/topic', qos, payload })).toMatchObject({
      topic: 'plain/topic',
      payload,
      qos,
      retain: false,
    });
  });

  test('has QoS 0 by default and may be empty', async () => {
    const packet = await received('empty', { topic: 'empty' });
    expect([packet.qos, packet.payload]).toEqual([0, Buffer.alloc(0)]);
  });

  test('carries the MQTT 5 properties', async () => {
    const packet = await received('properties', {
      topic: 'properties',
      qos: 1,
      payload,
      userProperties: '[{"deviceName": "alpha"}, {"deviceCnt": "45"}, {"deviceName": "beta"}]',
      payloadFormatIndicator: 'UTF8_DATA',
      contentType: 'text/plain',
      responseTopic: 'answers/1',
      correlationData: Buffer.from([0, 1, 255]).toString('base64'),
      messageExpiry: 600,
    });
    expect(packet.properties).toMatchObject({
      userProperties: { deviceName: ['alpha', 'beta'], deviceCnt: '45' },
      payloadFormatIndicator: true,
      contentType: 'text/plain',
      responseTopic: 'answers/1',
      correlationData: Buffer.from([0, 1, 255]),
    });
    // What is left of it [MQTT-3.3.2-6].
    expect(packet.properties?.messageExpiryInterval).toBeGreaterThan(590);
    expect(packet.properties?.messageExpiryInterval).toBeLessThanOrEqual(600);
  });

  test('reaches the rules, without a client id', async () => {
    await publish({ topic: 'ruled', payload });
    const message = cloud.rules.accepted.find(({ topic }) => topic === 'ruled');
    expect(message?.publisher).toEqual({ clientId: 'n/a', principalId: '123456789012', sourceIp: '127.0.0.1' });
  });

  // source: AWS General Reference, "Publish request maximum size" (that the error is 413 is assumed)
  test('takes 128 KB and no more', async () => {
    await publish({ topic: 'large', payload: Buffer.alloc(131_072) });
    await expect(publish({ topic: 'large', payload: Buffer.alloc(131_073) })).rejects.toThrow(
      RequestEntityTooLargeException,
    );
  });

  test('goes to a rule alone with a Basic Ingest topic', async () => {
    await publish({ topic: '$aws/rules/store/a/b', payload });
    expect(cloud.rules.accepted.map(({ topic }) => topic)).toContain('$aws/rules/store/a/b');
  });

  test('of a device goes by its certificate, its topic encoded or not', async () => {
    const device = await cloud.device('publisher', [
      { Effect: 'Allow', Action: 'iot:Publish', Resource: `${ARN}topic/device/publisher` },
    ]);
    for (const path of ['/topics/device/publisher?qos=1', '/topics/device%2Fpublisher?qos=1']) {
      expect(await cloud.ask(device, 'POST', path, 'x')).toMatchObject({ status: 200 });
    }
    expect(cloud.rules.accepted.filter(({ topic }) => topic === 'device/publisher')).toHaveLength(2);
    for (const path of ['/topics/device/other?qos=1', '/topics/device%2Fpublisher?qos=1&retain=true']) {
      expect(await cloud.ask(device, 'POST', path, 'x')).toMatchObject({
        status: 403,
        errorType: 'ForbiddenException',
      });
    }
  });
});

// source: API iotdata Publish, "Errors": InvalidRequestException
test.each<[string, Partial<PublishCommandInput>]>([
  ['QoS 2', { qos: 2 }],
  ['a wildcard', { topic: 'a/+' }],
  ['too many levels', { topic: 'a/b/c/d/e/f/g/h/i' }],
  ['more than 256 bytes of topic', { topic: 'x'.repeat(257) }],
  ['an event topic of AWS', { topic: '$aws/events/presence/connected/a' }],
  ['a topic of the broker itself', { topic: '$SYS/a' }],
  ['user properties that are no list', { userProperties: '{"a":"b"}' }],
  ['a response topic with a wildcard', { responseTopic: 'a/#' }],
  ['correlation data that is not Base64', { correlationData: '%%%' }],
  ['an expiry of nothing', { messageExpiry: 0 }],
])('a publish with %s is refused', async (_what, input) => {
  await expect(publish({ topic: 'a', payload, ...input })).rejects.toThrow(InvalidRequestException);
});

// source: reserved-topics ("Subscribe" is the only client operation of a shadow's answers)
test.each(['$aws/things/x/shadow/update/accepted', '$aws/things/x/jobs/notify'])(
  'a publish to %s is refused',
  async (topic) => {
    await expect(publish({ topic, payload })).rejects.toMatchObject({ $fault: expect.any(String) });
    expect(cloud.rules.accepted.filter((message) => message.topic === topic)).toEqual([]);
  },
);

// source: iot-action-resources; retained-message-policy-examples
describe('authorization', () => {
  test('a role publishes to the topics of its policy and retains only with iot:RetainPublish', async () => {
    const publisher = await cloud.clientWith({
      Effect: 'Allow',
      Action: 'iot:Publish',
      Resource: `${ARN}topic/mine/*`,
    });
    await publisher.send(new PublishCommand({ topic: 'mine/a', payload }));
    for (const input of [
      { topic: 'other/a', payload },
      { topic: 'mine/a', payload, retain: true },
    ]) {
      await expect(publisher.send(new PublishCommand(input))).rejects.toThrow(ForbiddenException);
    }
    publisher.destroy();
  });

  test('reading and listing retained messages need their own permissions', async () => {
    await publish({ topic: 'kept/a', payload, retain: true });
    const reader = await cloud.clientWith({
      Effect: 'Allow',
      Action: 'iot:GetRetainedMessage',
      Resource: `${ARN}topic/kept/a`,
    });
    await reader.send(new GetRetainedMessageCommand({ topic: 'kept/a' }));
    await expect(reader.send(new GetRetainedMessageCommand({ topic: 'kept/b' }))).rejects.toThrow(ForbiddenException);
    await expect(reader.send(new ListRetainedMessagesCommand({}))).rejects.toThrow(ForbiddenException);
    reader.destroy();
  });
});

// source: mqtt, "Common tasks with MQTT retained messages"; API iotdata GetRetainedMessage, ListRetainedMessages
describe('retained messages', () => {
  test('are read with their payload, QoS, time and user properties', async () => {
    const before = Date.now();
    await publish({ topic: 'config/1', qos: 1, payload, retain: true, userProperties: '[{"a":"1"},{"b":"2"}]' });
    const message = await client.send(new GetRetainedMessageCommand({ topic: 'config/1' }));
    expect(message).toMatchObject({ topic: 'config/1', qos: 1 });
    expect(Buffer.from(message.payload ?? [])).toEqual(payload);
    expect(message.lastModifiedTime).toBeGreaterThanOrEqual(before);
    expect(JSON.parse(Buffer.from(message.userProperties ?? []).toString())).toEqual([{ a: '1' }, { b: '2' }]);
  });

  test('come with a subscription to their topic', async () => {
    await publish({ topic: 'config/2', qos: 1, payload, retain: true });
    const mqtt = await cloud.connect(subscriber);
    const packets: IPublishPacket[] = [];
    mqtt.on('message', (_topic, _payload, packet) => packets.push(packet));
    await mqtt.subscribeAsync('config/2', { qos: 1 });
    await until(() => packets.length === 1, 'the retained message');
    expect(packets[0]).toMatchObject({ payload, retain: true });
  });

  test('are removed by an empty one', async () => {
    await publish({ topic: 'config/3', payload, retain: true });
    await publish({ topic: 'config/3', retain: true });
    await expect(client.send(new GetRetainedMessageCommand({ topic: 'config/3' }))).rejects.toThrow(
      ResourceNotFoundException,
    );
  });

  test('are gone once expired', async () => {
    await publish({ topic: 'config/4', payload, retain: true, messageExpiry: 1 });
    await client.send(new GetRetainedMessageCommand({ topic: 'config/4' }));
    await new Promise((resolve) => setTimeout(resolve, 1_100));
    await expect(client.send(new GetRetainedMessageCommand({ topic: 'config/4' }))).rejects.toThrow(
      ResourceNotFoundException,
    );
  });

  test('cannot be on a reserved topic', async () => {
    for (const topic of ['$aws/things/x/shadow/update', '$aws/rules/r/a']) {
      await expect(publish({ topic, payload, retain: true })).rejects.toThrow(InvalidRequestException);
    }
  });

  test('are listed in pages by topic, with sizes and without payloads', async () => {
    for (const n of [3, 1, 2]) await publish({ topic: `page/${n}`, payload: Buffer.alloc(n), retain: true });
    const found: RetainedMessageSummary[] = [];
    let nextToken: string | undefined;
    do {
      const page = await client.send(new ListRetainedMessagesCommand({ maxResults: 2, nextToken }));
      expect(page.retainedTopics?.length).toBeLessThanOrEqual(2);
      found.push(...(page.retainedTopics ?? []));
      nextToken = page.nextToken;
    } while (nextToken !== undefined);
    expect(found.map(({ topic }) => topic)).toEqual([...new Set(found.map(({ topic }) => topic))].sort());
    const pages = found.filter(({ topic }) => topic?.startsWith('page/'));
    expect(pages).toEqual(
      [1, 2, 3].map((n) => ({
        topic: `page/${n}`,
        payloadSize: n,
        qos: 0,
        lastModifiedTime: expect.any(Number),
      })),
    );
    for (const maxResults of [0, 201]) {
      await expect(client.send(new ListRetainedMessagesCommand({ maxResults }))).rejects.toThrow(
        InvalidRequestException,
      );
    }
  });
});
