import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { BrokerFixture } from '../../local-cloud/src/broker/testing/broker-fixture.ts';
import type { RawClient } from '../../local-cloud/src/broker/testing/raw-client.ts';

// source: AWS IoT developer guide, mqtt ("MQTT retained messages"); MQTT 5 §3.3.1.3

let directory: string;
let fixture: BrokerFixture;
let publisher: RawClient;
let subscribers = 0;
beforeEach(async () => {
  directory = mkdtempSync(join(tmpdir(), 'fleetwright-broker-'));
  fixture = await BrokerFixture.start({ directory });
  publisher = await fixture.connected('publisher', 5);
});
afterEach(async () => {
  await fixture.stop();
  rmSync(directory, { recursive: true, force: true });
});

async function retain(topic: string, payload: string, properties?: object): Promise<void> {
  publisher.publish(topic, payload, 1, properties, true);
  await publisher.next('puback');
}

/** Subscribes and returns what came with it. */
async function subscribed(topic: string, options: object = {}, client?: RawClient): Promise<unknown[]> {
  const subscriber = client ?? (await fixture.connected(`subscriber-${++subscribers}`, 5));
  subscriber.send({ cmd: 'subscribe', messageId: 1, subscriptions: [{ topic, qos: 1, ...options }] });
  await subscriber.next('suback');
  await subscriber.settle();
  return subscriber.packets.splice(0).map((packet) => {
    if (packet.cmd !== 'publish') return packet.cmd;
    return [packet.topic, String(packet.payload), packet.retain, packet.qos];
  });
}

// source: MQTT 5 [MQTT-3.3.1-8]
test('the last retained message comes with a subscription to its topic, flagged [MQTT-3.3.1-8]', async () => {
  await retain('a/b', 'old');
  await retain('a/b', 'new');
  expect(await subscribed('a/b')).toEqual([['a/b', 'new', true, 1]]);
  expect(await subscribed('a/b', { qos: 0 })).toEqual([['a/b', 'new', true, 0]]);
});

// source: developer guide, mqtt.html, "Subscribing to a retained message topic"
test('wildcard filters receive none upon subscription (mqtt.html, "Subscribing to a retained message topic")', async () => {
  await retain('a/b', 'x');
  expect(await subscribed('a/+')).toEqual([]);
  expect(await subscribed('#')).toEqual([]);
});

// source: developer guide, mqtt.html, "Shared subscriptions"
test('shared subscriptions receive none (mqtt.html, "Shared subscriptions")', async () => {
  await retain('a', 'x');
  expect(await subscribed('$share/g/a')).toEqual([]);
});

// source: MQTT 5 [MQTT-3.3.1-12]
test('existing subscribers get it without the flag, or with it if they ask for it as published [MQTT-3.3.1-12]', async () => {
  const plain = await fixture.connected('plain', 5);
  await subscribed('a', {}, plain);
  const asPublished = await fixture.connected('as-published', 5);
  await subscribed('a', { rap: true }, asPublished);
  await retain('a', 'x');
  expect(await plain.next('publish')).toMatchObject({ retain: false });
  expect(await asPublished.next('publish')).toMatchObject({ retain: true });
});

test('an empty payload deletes it, and is delivered', async () => {
  const subscriber = await fixture.connected('s', 5);
  await subscribed('a', {}, subscriber);
  await retain('a', 'x');
  await retain('a', '');
  await subscriber.settle();
  expect(subscriber.packets).toHaveLength(2);
  expect(await subscribed('a')).toEqual([]);
});

// source: MQTT 5 [MQTT-3.3.1-9], [MQTT-3.3.1-10], [MQTT-3.3.1-11]
test('retain handling: 0 always, 1 for new subscriptions, 2 never [MQTT-3.3.1-9], [MQTT-3.3.1-10], [MQTT-3.3.1-11]', async () => {
  await retain('a', 'x');
  const client = await fixture.connected('s', 5);
  expect(await subscribed('a', { rh: 2 }, client)).toEqual([]);
  expect(await subscribed('a', { rh: 1 }, client)).toEqual([]);
  expect(await subscribed('a', { rh: 0 }, client)).toHaveLength(1);
  expect(await subscribed('a', { rh: 1 })).toHaveLength(1);
});

// source: developer guide, mqtt.html, "Message expiry"
test('an expired one is not delivered (mqtt.html, "Message expiry")', async () => {
  await retain('a', 'x', { messageExpiryInterval: 10 });
  await fixture.clock.advance(9_000);
  expect(await subscribed('a')).toHaveLength(1);
  await fixture.clock.advance(1_000);
  expect(await subscribed('a')).toEqual([]);
});

test('iot:Receive holds for it too', async () => {
  await retain('a', 'x');
  fixture.devices.deny('iot:Receive', 'a');
  expect(await subscribed('a')).toEqual([]);
});

test('it is there after a restart, with its properties', async () => {
  await retain('a', 'first');
  await retain('a', 'kept', { contentType: 'text/plain' });
  await retain('gone', 'x');
  await retain('gone', '');
  await fixture.stop();
  fixture = await BrokerFixture.start({ directory });
  const client = await fixture.connected('s', 5);
  client.send({
    cmd: 'subscribe',
    messageId: 1,
    subscriptions: [
      { topic: 'a', qos: 1 },
      { topic: 'gone', qos: 1 },
    ],
  });
  await client.settle();
  const publishes = client.packets.filter((packet) => packet.cmd === 'publish');
  expect(publishes).toMatchObject([
    { topic: 'a', payload: Buffer.from('kept'), retain: true, properties: { contentType: 'text/plain' } },
  ]);
});
