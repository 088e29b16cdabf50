import { generate } from 'mqtt-packet';
import { BrokerFixture } from '../../local-cloud/src/broker/testing/broker-fixture.ts';
import type { RawClient } from '../../local-cloud/src/broker/testing/raw-client.ts';

// Properties of MQTT 5 (§3.3.2.3; developer guide, mqtt.html, "MQTT 5 properties").

let fixture: BrokerFixture;
let publisher: RawClient;
beforeEach(async () => {
  fixture = await BrokerFixture.start();
  publisher = await fixture.connected('publisher', 5);
});
afterEach(() => fixture.stop());

async function subscriber(fields: object = {}): Promise<RawClient> {
  const client = await fixture.connected('subscriber', 5, fields);
  await client.subscribe(1, 't/+');
  return client;
}

test('what describes a message is forwarded as it came', async () => {
  const client = await subscriber();
  const properties = {
    payloadFormatIndicator: true,
    contentType: 'application/json',
    responseTopic: 'answers/1',
    correlationData: Buffer.from([0, 255]),
    userProperties: { a: ['1', '2'], b: '3' },
  };
  publisher.publish('t/1', '{}', 1, properties);
  const { properties: forwarded } = await client.next('publish');
  expect(forwarded).toMatchObject({
    ...properties,
    userProperties: expect.objectContaining({ a: ['1', '2'], b: '3' }),
  });
});

// source: MQTT 5 [MQTT-3.3.2-18]
test('user properties keep their order [MQTT-3.3.2-18]', async () => {
  const client = await subscriber();
  const pair = (name: string, value: string): Buffer =>
    Buffer.concat([
      Buffer.from([0x26, 0, name.length]),
      Buffer.from(name),
      Buffer.from([0, value.length]),
      Buffer.from(value),
    ]);
  const pairs = Buffer.concat([pair('z', '1'), pair('1', '2'), pair('z', '3'), pair('0', '4')]);
  const body = Buffer.concat([
    Buffer.from([0, 3]),
    Buffer.from('t/1'),
    Buffer.from([pairs.length]),
    pairs,
    Buffer.from('x'),
  ]);
  const chunks: Buffer[] = [];
  client.socket.on('data', (chunk: Buffer) => chunks.push(chunk));
  publisher.write(Buffer.concat([Buffer.from([0x30, body.length]), body]));
  await client.next('publish');
  expect(Buffer.concat(chunks).includes(pairs)).toBe(true);
});

test('a message published by a service carries its properties', async () => {
  const client = await subscriber();
  await fixture.broker.publish({
    topic: 't/1',
    payload: Buffer.from('x'),
    qos: 1,
    retain: false,
    receivedAt: 0,
    properties: { contentType: 'text/plain', messageExpiryInterval: 7, userProperties: { k: ['v', 'w'] } },
  });
  expect((await client.next('publish')).properties).toMatchObject({
    contentType: 'text/plain',
    messageExpiryInterval: 7,
    userProperties: expect.objectContaining({ k: ['v', 'w'] }),
  });
});

// source: developer guide, mqtt.html, "Message expiry"
describe('message expiry (mqtt.html, "Message expiry")', () => {
  test.each([
    [0, 1],
    [30, 30],
    [700_000, 604_800],
  ])('%i s asked for is %i s', async (asked, effective) => {
    const client = await subscriber();
    publisher.publish('t/1', 'x', 1, { messageExpiryInterval: asked });
    expect((await client.next('publish')).properties?.messageExpiryInterval).toBe(effective);
  });
});

describe('topic aliases', () => {
  // source: MQTT 5 [MQTT-3.3.2-12]
  test('of the publisher stand for their topics [MQTT-3.3.2-12]', async () => {
    const client = await subscriber();
    publisher.publish('t/1', 'named', 1, { topicAlias: 8 });
    publisher.publish('', 'by alias', 2, { topicAlias: 8 });
    publisher.publish('t/2', 'renamed', 3, { topicAlias: 8 });
    publisher.publish('', 'by new alias', 4, { topicAlias: 8 });
    const seen: string[] = [];
    for (let index = 0; index < 4; index++) {
      const { topic, payload } = await client.next('publish');
      seen.push(`${topic} ${payload}`);
    }
    expect(seen).toEqual(['t/1 named', 't/1 by alias', 't/2 renamed', 't/2 by new alias']);
  });

  test.each([
    ['above 8', 't/1', 9, 0x94],
    ['0', 't/1', 0, 0x94],
    ['without a topic', '', 3, 0x82],
  ])('an alias %s is refused [MQTT-3.3.2-8], [MQTT-3.3.2-9]', async (_what, topic, topicAlias, code) => {
    publisher.publish(topic, 'x', 1, { topicAlias });
    expect((await publisher.next('disconnect')).reasonCode).toBe(code);
  });

  test('to a subscriber that takes them replace its first topics', async () => {
    const client = await subscriber({ properties: { topicAliasMaximum: 1 } });
    const seen: unknown[] = [];
    for (const [index, topic] of ['t/1', 't/1', 't/2', 't/1'].entries()) {
      publisher.publish(topic, 'x', index + 1);
      const message = await client.next('publish');
      seen.push([message.topic, message.properties?.topicAlias]);
    }
    expect(seen).toEqual([
      ['t/1', 1],
      ['', 1],
      ['t/2', undefined],
      ['', 1],
    ]);
  });
});

// source: MQTT 5 [MQTT-3.1.2-24]
test('a packet larger than the client takes is not sent [MQTT-3.1.2-24], and frees its place', async () => {
  const client = await subscriber({ properties: { maximumPacketSize: 100, receiveMaximum: 1 } });
  publisher.publish('t/1', Buffer.alloc(100), 1);
  publisher.publish('t/1', 'small', 2);
  expect(String((await client.next('publish')).payload)).toBe('small');
});

test.each([
  ['a wildcard in the response topic [MQTT-3.3.2-14]', { responseTopic: 'a/#' }, 0x82],
  ['a subscription identifier from a client [MQTT-3.3.4-6]', { subscriptionIdentifier: 1 }, 0x82],
])('%s ends the connection', async (_what, properties, code) => {
  publisher.publish('t/1', 'x', 1, properties);
  expect((await publisher.next('disconnect')).reasonCode).toBe(code);
});

test.each([
  ['receive maximum 0', { receiveMaximum: 0 }],
  ['maximum packet size 0', { maximumPacketSize: 0 }],
])('a CONNECT with %s is a protocol error and not answered', async (_what, properties) => {
  const client = await fixture.raw(5);
  client.write(
    generate(
      { cmd: 'connect', protocolId: 'MQTT', protocolVersion: 5, clean: true, keepalive: 1, clientId: 'x', properties },
      { protocolVersion: 5 },
    ),
  );
  await client.ended;
  expect(client.packets).toEqual([]);
});
