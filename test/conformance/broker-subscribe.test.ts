import type { IPublishPacket, ISubackPacket } from 'mqtt-packet';
import { BrokerFixture } from '../../local-cloud/src/broker/testing/broker-fixture.ts';
import type { RawClient } from '../../local-cloud/src/broker/testing/raw-client.ts';

// source: AWS IoT developer guide, topics, mqtt ("AWS IoT differences"); MQTT 5 §3.8 and §4.7

let fixture: BrokerFixture;
beforeEach(async () => {
  fixture = await BrokerFixture.start({ limits: { publishesPerSecond: Infinity } });
});
afterEach(() => fixture.stop());

function received(client: RawClient): string[] {
  return client.packets.filter((packet) => packet.cmd === 'publish').map(({ topic }) => topic);
}

async function publish(topic: string, payload = 'x', qos: 0 | 1 = 1): Promise<void> {
  await fixture.broker.publish({ topic, payload: Buffer.from(payload), qos, retain: false, receivedAt: 0 });
}

async function codes(client: RawClient, ...topics: string[]): Promise<unknown[]> {
  client.send({ cmd: 'subscribe', messageId: 1, subscriptions: topics.map((topic) => ({ topic, qos: 1 })) });
  return ((await client.next('suback')) as ISubackPacket).granted;
}

describe('matching', () => {
  test.each([
    ['sensor/#', ['sensor/', 'sensor/temperature', 'sensor/temperature/room1'], ['sensor', 'sensors/x']],
    ['sensor/+/room1', ['sensor/temperature/room1'], ['sensor/temperature/room2', 'sensor/room1']],
    ['+', ['a'], ['/a', 'a/b']],
    ['/+', ['/a'], ['a']],
    ['+/+', ['/a', 'a/b'], ['a']],
    ['a//b', ['a//b'], ['a/b']],
    ['Sensor', ['Sensor'], ['sensor']],
  ])('%s (topics.md, "Topic filters"; the parent of # is not matched)', async (filter, matching, others) => {
    const client = await fixture.connected('s');
    await client.subscribe(1, filter);
    for (const topic of [...matching, ...others]) await publish(topic);
    await client.settle();
    expect(received(client)).toEqual(matching);
  });

  // source: MQTT 5 [MQTT-4.7.2-1]
  test('a filter beginning with a wildcard receives nothing of $ topics [MQTT-4.7.2-1]', async () => {
    const client = await fixture.connected('s');
    await codes(client, '#', '+/events/#');
    await publish('$aws/events/job/1/completed');
    await client.settle();
    expect(received(client)).toEqual([]);
    await client.subscribe(2, '$aws/events/job/#');
    await publish('$aws/events/job/1/completed');
    await client.settle();
    expect(received(client)).toEqual(['$aws/events/job/1/completed']);
  });

  // source: MQTT 5 [MQTT-3.3.5-1]
  test('overlapping filters give one copy, with the highest QoS [MQTT-3.3.5-1]', async () => {
    const client = await fixture.connected('s');
    await client.subscribe(1, 'a/+', 0);
    await client.subscribe(2, 'a/b', 1);
    await publish('a/b');
    await client.settle();
    expect(client.packets).toMatchObject([{ cmd: 'publish', topic: 'a/b', qos: 1 }]);
  });

  // source: MQTT 5 [MQTT-3.8.4-3]
  test('a subscription is replaced by one with the same filter [MQTT-3.8.4-3]', async () => {
    const client = await fixture.connected('s');
    await client.subscribe(1, 'a', 1);
    await client.subscribe(2, 'a', 0);
    await publish('a');
    await client.settle();
    expect(client.packets).toMatchObject([{ cmd: 'publish', qos: 0 }]);
  });

  // source: MQTT 5 [MQTT-4.6.0-6]
  test('messages of one publisher arrive in their order [MQTT-4.6.0-6]', async () => {
    const subscriber = await fixture.connected('s');
    await subscriber.subscribe(1, 't', 0);
    const publisher = await fixture.connected('p');
    for (let index = 1; index <= 90; index++) publisher.publish('t', String(index), index);
    for (let index = 1; index <= 90; index++) await publisher.next('puback');
    await subscriber.settle();
    const payloads = subscriber.packets.map((packet) => String((packet as IPublishPacket).payload));
    expect(payloads).toEqual(Array.from({ length: 90 }, (_, index) => String(index + 1)));
  });

  // source: developer guide, mqtt.html
  test('MQTT 3.1.1 and 5 clients receive from each other (mqtt.html)', async () => {
    const old = await fixture.connected('old', 4);
    const five = await fixture.connected('five', 5);
    await old.subscribe(1, 'to/old');
    await five.subscribe(1, 'to/five');
    old.publish('to/five', 'from old');
    five.publish('to/old', 'from five', undefined, { userProperties: { k: 'v' } });
    expect(String((await five.next('publish')).payload)).toBe('from old');
    expect(String((await old.next('publish')).payload)).toBe('from five');
  });
});

describe('limits', () => {
  // source: AWS General Reference, "AWS IoT Core endpoints and quotas"
  test('nine filters in one SUBSCRIBE end the connection, eight are granted (quotas page)', async () => {
    const client = await fixture.connected('s', 5);
    const nine = ['1', '2', '3', '4', '5', '6', '7', '8', '9'];
    expect(await codes(client, ...nine.slice(1))).toEqual([1, 1, 1, 1, 1, 1, 1, 1]);
    client.send({ cmd: 'subscribe', messageId: 2, subscriptions: nine.map((topic) => ({ topic, qos: 1 })) });
    expect((await client.next('disconnect')).reasonCode).toBe(0x97);
  });

  // source: AWS General Reference, "AWS IoT Core endpoints and quotas"
  test('a 51st subscription is refused with 0x97 and the connection closed (quotas page)', async () => {
    const client = await fixture.connected('s', 5);
    for (let index = 0; index < 50; index++) await client.subscribe(1, `t/${index}`);
    // One that exists already is replaced, not added.
    expect(await codes(client, 't/0')).toEqual([1]);
    expect(await codes(client, 't/50')).toEqual([0x97]);
    expect((await client.next('disconnect')).reasonCode).toBe(0x97);
  });

  test.each([
    'x'.repeat(257),
    '1/2/3/4/5/6/7/8/9',
    'a/#/b',
    'a#',
    'a+/b',
    '$aws/rules/r/#',
    '$SYS/#',
    '$share',
    '$share/x',
    '$share//t',
    '$share/a+/t',
    '$share/a/',
    '$share/a/$aws/rules/r/x',
  ])('the filter %.30s is refused with 0x8F, in MQTT 3.1.1 with 0x80', async (filter) => {
    expect(await codes(await fixture.connected('five', 5), filter)).toEqual([0x8f]);
    expect(await codes(await fixture.connected('four', 4), filter)).toEqual([0x80]);
  });
});

describe('authorization', () => {
  test('an unauthorized filter is refused with 0x87, in MQTT 3.1.1 with 0x80, the others granted', async () => {
    fixture.devices.deny('iot:Subscribe', '#');
    expect(await codes(await fixture.connected('five', 5), 'a', '#', 'b')).toEqual([1, 0x87, 1]);
    const four = await fixture.connected('four', 4);
    expect(await codes(four, '#')).toEqual([0x80]);
    await publish('c');
    await four.settle();
    expect(received(four)).toEqual([]);
  });

  // source: developer guide, iot-policy-actions.md
  test('iot:Receive is confirmed at every delivery (iot-policy-actions.md)', async () => {
    const client = await fixture.connected('s');
    await client.subscribe(1, 'a/+');
    await publish('a/1');
    fixture.devices.deny('iot:Receive', 'a/1');
    await publish('a/1');
    await publish('a/2');
    await client.settle();
    expect(received(client)).toEqual(['a/1', 'a/2']);
  });
});

describe('subscription options', () => {
  test('QoS 2 gets no SUBACK; the connection ends, MQTT 5 with 0x9B', async () => {
    for (const version of [4, 5] as const) {
      const client = await fixture.connected('s', version);
      client.send({ cmd: 'subscribe', messageId: 1, subscriptions: [{ topic: 'a', qos: 2 }] });
      await client.ended;
      expect(client.packets.map((packet) => [packet.cmd, (packet as { reasonCode?: number }).reasonCode])).toEqual(
        version === 5 ? [['disconnect', 0x9b]] : [],
      );
    }
  });

  // source: MQTT 5 [MQTT-3.8.3-3]
  test('no local keeps own messages away [MQTT-3.8.3-3]', async () => {
    const client = await fixture.connected('s', 5);
    client.send({ cmd: 'subscribe', messageId: 1, subscriptions: [{ topic: 't', qos: 1, nl: true }] });
    await client.next('suback');
    client.publish('t', 'own');
    await publish('t', 'other');
    expect(String((await client.next('publish')).payload)).toBe('other');
    await client.settle();
    expect(received(client)).toEqual([]);
  });

  // source: MQTT 5 [MQTT-3.8.3-4]
  test('no local on a shared subscription is a protocol error [MQTT-3.8.3-4]', async () => {
    const client = await fixture.connected('s', 5);
    client.send({ cmd: 'subscribe', messageId: 1, subscriptions: [{ topic: '$share/g/t', qos: 1, nl: true }] });
    expect((await client.next('disconnect')).reasonCode).toBe(0x82);
  });

  // source: developer guide, mqtt.html
  test('subscription identifiers are not supported: 0xA1 (mqtt.html)', async () => {
    const client = await fixture.connected('s', 5);
    client.send({
      cmd: 'subscribe',
      messageId: 1,
      subscriptions: [{ topic: 't', qos: 1 }],
      properties: { subscriptionIdentifier: 1 },
    });
    expect((await client.next('disconnect')).reasonCode).toBe(0xa1);
  });
});

describe('UNSUBSCRIBE', () => {
  // source: MQTT 5 [MQTT-3.11.3-1]
  test('ends delivery and says what it found [MQTT-3.11.3-1]', async () => {
    const client = await fixture.connected('s', 5);
    await client.subscribe(1, 'a');
    client.send({ cmd: 'unsubscribe', messageId: 2, unsubscriptions: ['a', 'never', 'a/#/b'] });
    expect(await client.next('unsuback')).toMatchObject({ messageId: 2, granted: [0, 0x11, 0x8f] });
    await publish('a');
    await client.settle();
    expect(received(client)).toEqual([]);
  });

  // source: MQTT 5 [MQTT-3.10.4-1]
  test('compares filters character by character [MQTT-3.10.4-1]', async () => {
    const client = await fixture.connected('s', 4);
    await client.subscribe(1, 'a/+');
    client.send({ cmd: 'unsubscribe', messageId: 2, unsubscriptions: ['a/b'] });
    await client.next('unsuback');
    await publish('a/b');
    await client.settle();
    expect(received(client)).toEqual(['a/b']);
  });
});

describe('flow to a subscriber', () => {
  // source: MQTT 5 [MQTT-3.3.4-9]
  test('no more than its receive maximum is unacknowledged [MQTT-3.3.4-9]', async () => {
    const client = await fixture.connected('s', 5, { properties: { receiveMaximum: 2 } });
    await client.subscribe(1, 't');
    for (const payload of ['1', '2', '3']) await publish('t', payload);
    await client.settle();
    expect(received(client)).toHaveLength(2);
    client.send({ cmd: 'puback', messageId: (client.packets[0] as IPublishPacket).messageId as number, reasonCode: 0 });
    await client.settle();
    expect(client.packets.map((packet) => String((packet as IPublishPacket).payload))).toEqual(['1', '2', '3']);
  });

  // source: AWS General Reference, "AWS IoT Core endpoints and quotas"
  test('MQTT 3.1.1 has 100 in flight at most (quotas page)', async () => {
    const client = await fixture.connected('s', 4);
    await client.subscribe(1, 't');
    for (let index = 0; index < 120; index++) await publish('t');
    await client.settle();
    expect(received(client)).toHaveLength(100);
  });

  // source: AWS General Reference, "AWS IoT Core endpoints and quotas"
  test('an unacknowledged message is sent again on MQTT 3.1.1 without DUP, for an hour (quotas page)', async () => {
    const client = await fixture.connected('s', 4, { keepalive: 1200 });
    await client.subscribe(1, 't');
    await publish('t');
    const first = await client.next('publish');
    await fixture.clock.advance(20_000);
    expect(await client.next('publish')).toMatchObject({ messageId: first.messageId, dup: false });
    for (let minutes = 0; minutes < 62; minutes++) {
      await fixture.clock.advance(60_000);
      await client.settle();
    }
    client.packets.length = 0;
    await fixture.clock.advance(60_000);
    await client.settle();
    expect(received(client)).toEqual([]);
  });

  // source: MQTT 5 [MQTT-4.4.0-1]
  test('MQTT 5 has it sent once on a connection [MQTT-4.4.0-1]', async () => {
    const client = await fixture.connected('s', 5);
    await client.subscribe(1, 't');
    await publish('t');
    await client.next('publish');
    await fixture.clock.advance(60_000);
    await client.settle();
    expect(received(client)).toEqual([]);
  });

  test('100 a second go out; more QoS 0 is discarded, more QoS 1 follows', async () => {
    const strict = await BrokerFixture.start({ limits: { outboundUnacknowledged: 1000 } });
    const client = await strict.connected('s', 4);
    await client.subscribe(1, 'zero', 0);
    await client.subscribe(2, 'one', 1);
    const message = { payload: Buffer.from('x'), qos: 1 as const, retain: false, receivedAt: 0 };
    for (let index = 0; index < 120; index++) await strict.broker.publish({ ...message, topic: 'zero' });
    await client.settle();
    expect(received(client)).toHaveLength(100);
    await strict.clock.advance(1000);
    for (let index = 0; index < 120; index++) await strict.broker.publish({ ...message, topic: 'one' });
    await client.settle();
    expect(received(client)).toHaveLength(200);
    await strict.clock.advance(1000);
    await client.settle();
    expect(received(client)).toHaveLength(220);
    await strict.stop();
  });
});
