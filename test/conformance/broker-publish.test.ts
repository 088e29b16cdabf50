import type { IPubackPacket } from 'mqtt-packet';
import { BrokerFixture, until } from '../../local-cloud/src/broker/testing/broker-fixture.ts';
import type { RawClient } from '../../local-cloud/src/broker/testing/raw-client.ts';
import type { MqttMessage } from '../../local-cloud/src/core/mqtt.ts';

// source: AWS IoT developer guide, mqtt ("Publish", "MQTT reason codes", "AWS IoT differences"), reserved-topics; MQTT 5 §3.3

let fixture: BrokerFixture;
beforeEach(async () => {
  fixture = await BrokerFixture.start();
});
afterEach(() => fixture.stop());

function pubacks(client: RawClient): number[] {
  return client.packets.filter((packet) => packet.cmd === 'puback').map((packet) => packet.messageId as number);
}

async function reasonCode(client: RawClient): Promise<number> {
  return ((await client.next('puback')) as IPubackPacket).reasonCode as number;
}

describe('acknowledgement', () => {
  test('a PUBACK follows only when the rules engine has the message', async () => {
    const held: (() => void)[] = [];
    fixture.rules.onAccept = (message) =>
      message.topic === 't' ? new Promise((resolve) => held.push(resolve)) : Promise.resolve();
    const client = await fixture.connected('a');
    client.publish('t', 'x', 7);
    await until(() => held.length === 1);
    await client.settle();
    expect(pubacks(client)).toEqual([]);
    held[0]?.();
    expect((await client.next('puback')).messageId).toBe(7);
  });

  // source: MQTT 5 [MQTT-4.6.0-2]
  test('PUBACKs keep the order of the publishes, whichever is safe first [MQTT-4.6.0-2]', async () => {
    const held: (() => void)[] = [];
    fixture.rules.onAccept = (message) =>
      message.topic === 't' ? new Promise((resolve) => held.push(resolve)) : Promise.resolve();
    const client = await fixture.connected('a');
    for (const id of [3, 1, 2]) client.publish('t', String(id), id);
    await until(() => held.length === 3);
    held[2]?.();
    held[1]?.();
    await client.settle();
    expect(pubacks(client)).toEqual([]);
    held[0]?.();
    await until(() => client.packets.length === 3);
    expect(pubacks(client)).toEqual([3, 1, 2]);
  });

  test('an ingress that fails is not acknowledged as success', async () => {
    fixture.rules.onAccept = (message) =>
      message.topic === 't' ? Promise.reject(new Error('disk full')) : Promise.resolve();
    const five = await fixture.connected('five', 5);
    five.publish('t', 'x', 1);
    expect(await reasonCode(five)).toBe(0x80);
    const four = await fixture.connected('four', 4);
    four.publish('t', 'x', 1);
    await four.ended;
    expect(pubacks(four)).toEqual([]);
  });

  test('the rules engine gets the message with its publisher', async () => {
    const client = await fixture.connected('a', 5);
    client.publish('t', 'payload', 1, {
      contentType: 'text/plain',
      responseTopic: 'answers',
      correlationData: Buffer.from([1, 2]),
      payloadFormatIndicator: true,
      messageExpiryInterval: 30,
      userProperties: { k: ['1', '2'] },
    });
    await client.next('puback');
    const { certificateId } = await BrokerFixture.identity();
    const message = fixture.rules.published[0] as MqttMessage;
    expect(message).toMatchObject({
      topic: 't',
      qos: 1,
      retain: false,
      receivedAt: fixture.clock.now(),
      publisher: { clientId: 'a', principalId: certificateId, sourceIp: '127.0.0.1' },
    });
    expect(message.payload.toString()).toBe('payload');
    expect(message.properties).toEqual({
      contentType: 'text/plain',
      responseTopic: 'answers',
      correlationData: Buffer.from([1, 2]),
      payloadFormatIndicator: true,
      messageExpiryInterval: 30,
      userProperties: Object.assign(Object.create(null), { k: ['1', '2'] }),
    });
  });
});

describe('authorization', () => {
  // source: developer guide, mqtt.html, "MQTT reason codes"
  test('MQTT 5, QoS 1: PUBACK 0x87 and the connection lives (mqtt.html, "MQTT reason codes")', async () => {
    fixture.devices.deny('iot:Publish', 't');
    const client = await fixture.connected('a', 5);
    client.publish('t', 'x', 1);
    expect(await reasonCode(client)).toBe(0x87);
    await client.settle();
    expect(fixture.rules.published).toEqual([]);
  });

  test('MQTT 5, QoS 0: disconnected with 0x87', async () => {
    fixture.devices.deny('iot:Publish', 't');
    const client = await fixture.connected('a', 5);
    client.publish('t', 'x');
    expect((await client.next('disconnect')).reasonCode).toBe(0x87);
    await client.ended;
    expect(fixture.rules.events('presence/disconnected')).toMatchObject([{ disconnectReason: 'AUTH_ERROR' }]);
  });

  // source: MQTT 3.1.1 and 5 [MQTT-3.3.5-2]
  test.each([undefined, 1])('MQTT 3.1.1: disconnected without PUBACK [MQTT-3.3.5-2] (packet id %p)', async (id) => {
    fixture.devices.deny('iot:Publish', 't');
    const client = await fixture.connected('a', 4);
    client.publish('t', 'x', id);
    await client.ended;
    expect(pubacks(client)).toEqual([]);
    expect(fixture.rules.published).toEqual([]);
  });

  // source: developer guide, iot-policy-actions.md
  test('a retained publish takes iot:RetainPublish as well (iot-policy-actions.md)', async () => {
    fixture.devices.deny('iot:RetainPublish', 't');
    const client = await fixture.connected('a', 5);
    client.publish('t', 'x', 1, undefined, true);
    expect(await reasonCode(client)).toBe(0x87);
    client.publish('t', 'x', 2);
    expect(await reasonCode(client)).toBe(0);
  });

  test('it is asked for every message, so that a policy change holds at once', async () => {
    const client = await fixture.connected('a', 5);
    client.publish('t', 'x', 1);
    expect(await reasonCode(client)).toBe(0);
    fixture.devices.deny('iot:Publish', 't');
    client.publish('t', 'x', 2);
    expect(await reasonCode(client)).toBe(0x87);
  });
});

// source: developer guide, mqtt.html, "AWS IoT differences"
describe('QoS 2 is not supported and never acknowledged (mqtt.html, "AWS IoT differences")', () => {
  test.each([
    [4, undefined],
    [5, 0x9b],
  ] as const)('MQTT level %i', async (version, code) => {
    const client = await fixture.connected('a', version);
    client.send({ cmd: 'publish', topic: 't', payload: 'x', qos: 2, messageId: 1, dup: false, retain: false });
    if (code !== undefined) expect((await client.next('disconnect')).reasonCode).toBe(code);
    await client.ended;
    expect(client.packets).toEqual([]);
    expect(fixture.rules.published).toEqual([]);
  });

  test.each(['pubrec', 'pubrel', 'pubcomp'] as const)('%s ends the connection', async (cmd) => {
    const client = await fixture.connected('a', 5);
    client.send({ cmd, messageId: 1, reasonCode: 0 });
    expect((await client.next('disconnect')).reasonCode).toBe(0x82);
  });
});

// source: AWS General Reference, "AWS IoT Core endpoints and quotas"
describe('limits (quotas page)', () => {
  const eight = '1/2/3/4/5/6/7/8';

  test.each([eight, 'x'.repeat(256), `$aws/rules/r/${eight}`, `$aws/rules/r/${'x'.repeat(256)}`])(
    'a topic at the limit is accepted: %.20s…',
    async (topic) => {
      const client = await fixture.connected('a', 5);
      client.publish(topic, 'x', 1);
      expect(await reasonCode(client)).toBe(0);
    },
  );

  test.each([`${eight}/9`, 'x'.repeat(257), `$aws/rules/r/${eight}/9`, `$aws/rules/r/${'x'.repeat(257)}`])(
    'a topic beyond it is refused with 0x90: %.20s…',
    async (topic) => {
      const client = await fixture.connected('a', 5);
      client.publish(topic, 'x', 1);
      expect(await reasonCode(client)).toBe(0x90);
      const old = await fixture.connected('b', 4);
      old.publish(topic, 'x', 1);
      await old.ended;
      expect(fixture.rules.published).toEqual([]);
    },
  );

  test('a payload of 128 KB is accepted, one byte more disconnects', async () => {
    const client = await fixture.connected('a', 5);
    client.publish('t', Buffer.alloc(131_072), 1);
    expect(await reasonCode(client)).toBe(0);
    client.publish('t', Buffer.alloc(131_073), 2);
    expect((await client.next('disconnect')).reasonCode).toBe(0x95);
    await client.ended;
    expect(fixture.rules.published).toHaveLength(1);
  });

  test('publishes beyond 100 in a second are discarded, and later ones taken again', async () => {
    const client = await fixture.connected('a', 4);
    for (let id = 1; id <= 105; id++) client.publish('t', 'x', id);
    await client.settle();
    await until(() => pubacks(client).length === 100);
    expect(fixture.rules.published).toHaveLength(100);
    await fixture.clock.advance(1000);
    client.publish('t', 'x', 200);
    await until(() => pubacks(client).includes(200));
    expect(pubacks(client)).not.toContain(101);
  });

  test('MQTT 5 is told of a discarded publish with 0x97', async () => {
    const client = await fixture.connected('a', 5);
    for (let id = 1; id <= 100; id++) client.publish('t', 'x');
    client.publish('t', 'x', 1);
    expect(await reasonCode(client)).toBe(0x97);
  });

  test('bytes beyond 512 KiB in a second are delayed, not lost', async () => {
    const client = await fixture.connected('a', 4);
    for (let id = 1; id <= 8; id++) client.publish('t', Buffer.alloc(100_000), id);
    await until(() => pubacks(client).length >= 5);
    await client.next('puback');
    expect(fixture.rules.published.length).toBeLessThan(8);
    await fixture.clock.advance(1000);
    await until(() => fixture.rules.published.length === 8);
  });

  // source: MQTT 5 [MQTT-3.3.4-9]
  test('MQTT 5 with more than 100 unacknowledged publishes is disconnected with 0x93 [MQTT-3.3.4-9]', async () => {
    fixture.rules.onAccept = (message) => (message.topic === 't' ? new Promise(() => {}) : Promise.resolve());
    const client = await fixture.connected('a', 5);
    for (let id = 1; id <= 101; id++) client.publish('t', 'x', id);
    expect((await client.next('disconnect')).reasonCode).toBe(0x93);
  });

  test('MQTT 3.1.1 is not read from while 100 publishes are unacknowledged', async () => {
    const lifted = await BrokerFixture.start({ limits: { publishesPerSecond: Infinity } });
    const held: (() => void)[] = [];
    lifted.rules.onAccept = (message) =>
      message.topic === 't' ? new Promise((resolve) => held.push(resolve)) : Promise.resolve();
    const client = await lifted.connected('a', 4);
    for (let id = 1; id <= 150; id++) client.publish('t', 'x', id);
    await until(() => held.length === 100);
    const other = await lifted.connected('b', 4);
    await other.settle();
    expect(held).toHaveLength(100);
    lifted.rules.onAccept = undefined;
    for (const release of held) release();
    await until(() => pubacks(client).length === 150);
    await lifted.stop();
  });
});

describe('topic names', () => {
  // source: MQTT 5 [MQTT-3.3.2-2]
  test.each(['a/+', 'a/#', '#'])('%s is no topic name [MQTT-3.3.2-2]', async (topic) => {
    const client = await fixture.connected('a', 5);
    const bytes = Buffer.concat([Buffer.from([0, topic.length]), Buffer.from(topic), Buffer.from([0, 1, 0])]);
    client.write(Buffer.concat([Buffer.from([0x32, bytes.length]), bytes]));
    expect((await client.next('disconnect')).reasonCode).toBe(0x90);
  });

  test.each([
    ['ill-formed UTF-8 [MQTT-1.5.4-1]', [0xff, 0xfe]],
    ['U+0000 [MQTT-1.5.4-2]', [0x61, 0x00]],
  ])('%s ends the connection', async (_what, topic) => {
    const client = await fixture.connected('a', 5);
    client.write(Buffer.from([0x32, 7, 0, 2, ...topic, 0, 1, 0]));
    expect((await client.next('disconnect')).reasonCode).toBe(0x81);
  });

  // source: MQTT 5 [MQTT-2.2.1-3]
  test('packet identifier 0 ends the connection [MQTT-2.2.1-3]', async () => {
    const client = await fixture.connected('a', 5);
    client.write(Buffer.from([0x32, 6, 0, 1, 0x61, 0, 0, 0]));
    expect((await client.next('disconnect')).reasonCode).toBe(0x82);
  });
});

// source: developer guide, iot-basic-ingest.md
describe('Basic Ingest (iot-basic-ingest.md)', () => {
  test('goes to the rules alone', async () => {
    const subscriber = await fixture.connected('s', 5);
    await subscriber.subscribe(1, '#');
    await subscriber.subscribe(2, '$aws/#');
    const client = await fixture.connected('a', 5);
    client.publish('$aws/rules/r/x/y', 'x', 1);
    expect(await reasonCode(client)).toBe(0);
    await subscriber.settle();
    const topics = subscriber.packets.filter((packet) => packet.cmd === 'publish').map((packet) => packet.topic);
    expect(topics.filter((topic) => topic.startsWith('$aws/rules'))).toEqual([]);
    expect(fixture.rules.published.map(({ topic }) => topic)).toEqual(['$aws/rules/r/x/y']);
  });

  test('is authorized by its full topic', async () => {
    fixture.devices.deny('iot:Publish', '$aws/rules/r/x');
    const client = await fixture.connected('a', 5);
    client.publish('$aws/rules/r/x', 'x', 1);
    expect(await reasonCode(client)).toBe(0x87);
  });

  test('without a rule name is refused', async () => {
    const client = await fixture.connected('a', 5);
    client.publish('$aws/rules//x', 'x', 1);
    expect(await reasonCode(client)).toBe(0x90);
  });
});

// source: developer guide, reserved-topics.md
describe('reserved topics (reserved-topics.md)', () => {
  test('a publish to one that nobody answers disconnects', async () => {
    for (const topic of ['$aws/things/t/shadow/update', '$SYS/x', '$events']) {
      const client = await fixture.connected('a', 5);
      client.publish(topic, 'x', 1);
      expect((await client.next('disconnect')).reasonCode).toBe(0x90);
    }
    expect(fixture.rules.published).toEqual([]);
  });

  test('its handler gets the message and the connection, the rules and subscribers do not', async () => {
    const handled: string[] = [];
    fixture.reservedTopics.register({
      filter: '$aws/certificates/create/+',
      handle: (message, connection) => void handled.push(`${connection.clientId} ${message.topic} ${message.payload}`),
    });
    const client = await fixture.connected('a', 5);
    client.publish('$aws/certificates/create/json', '{}', 1);
    expect(await reasonCode(client)).toBe(0);
    expect(handled).toEqual(['a $aws/certificates/create/json {}']);
    expect(fixture.rules.published).toEqual([]);
  });

  test('a reply reaches its client without a subscription, with iot:Receive', async () => {
    fixture.devices.deny('iot:Receive', '$aws/x/rejected');
    const client = await fixture.connected('a');
    fixture.broker.reply('a', '$aws/x/accepted', Buffer.from('yes'));
    fixture.broker.reply('a', '$aws/x/rejected', Buffer.from('no'));
    fixture.broker.reply('nobody', '$aws/x/accepted', Buffer.from('lost'));
    await client.settle();
    expect(client.packets).toMatchObject([{ cmd: 'publish', topic: '$aws/x/accepted', qos: 0 }]);
  });

  test.each([
    '$aws/things/t/shadow/update',
    '$aws/things/t/shadow/name/n/get',
    '$aws/certificates/create/json',
    '$aws/own',
  ])('a service cannot publish the request %s: it would look done', async (topic) => {
    fixture.reservedTopics.register({ filter: '$aws/own', handle: () => {} });
    const message = { topic, payload: Buffer.from('{}'), qos: 0 as const, retain: false, receivedAt: 0 };
    await expect(fixture.broker.publish(message)).rejects.toMatchObject({ code: 'NotImplemented' });
  });

  test.each(['a/#', '', '1/2/3/4/5/6/7/8/9', 'x'.repeat(257)])(
    'a service cannot publish to %.20p either',
    async (topic) => {
      const message = { topic, payload: Buffer.from('{}'), qos: 0 as const, retain: false, receivedAt: 0 };
      await expect(fixture.broker.publish(message)).rejects.toMatchObject({ code: 'InvalidRequestException' });
    },
  );

  test('a service publishes answers and events of its own', async () => {
    const client = await fixture.connected('a');
    await client.subscribe(1, '$aws/things/t/shadow/update/accepted');
    const topic = '$aws/things/t/shadow/update/accepted';
    await fixture.broker.publish({ topic, payload: Buffer.from('{}'), qos: 1, retain: false, receivedAt: 0 });
    expect((await client.next('publish')).topic).toBe(topic);
    expect(fixture.rules.published.map((message) => message.topic)).toEqual([topic]);
  });

  test('a handler that fails is not acknowledged as success', async () => {
    fixture.reservedTopics.register({
      filter: '$aws/x',
      handle: () => {
        throw new Error('broken');
      },
    });
    const client = await fixture.connected('a', 5);
    client.publish('$aws/x', '{}', 1);
    expect(await reasonCode(client)).toBe(0x80);
  });

  test('a retained publish to one is refused ("You can\'t publish to a reserved topic with the RETAIN flag set")', async () => {
    const client = await fixture.connected('a', 5);
    client.publish('$aws/rules/r/x', 'x', 1, undefined, true);
    expect(await reasonCode(client)).toBe(0x90);
  });
});
