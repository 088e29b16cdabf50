import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { IPublishPacket } from 'mqtt-packet';
import { BrokerFixture, until } from '../../local-cloud/src/broker/testing/broker-fixture.ts';
import type { RawClient } from '../../local-cloud/src/broker/testing/raw-client.ts';

// Developer guide, mqtt.html, "Shared subscriptions" and "Shared subscriptions message queuing".

let directory: string;
let fixture: BrokerFixture;
beforeEach(async () => {
  directory = mkdtempSync(join(tmpdir(), 'fleetwright-broker-'));
  fixture = await BrokerFixture.start({ directory, limits: { publishesPerSecond: Infinity } });
});
afterEach(async () => {
  await fixture.stop();
  rmSync(directory, { recursive: true, force: true });
});

const FILTER = '$share/g/t/+';

async function member(clientId: string, version: 4 | 5, persistent: boolean, filter = FILTER): Promise<RawClient> {
  const fields = persistent ? { clean: false, properties: { sessionExpiryInterval: 3600 } } : { clean: true };
  const client = await fixture.connected(clientId, version, fields);
  await client.subscribe(1, filter);
  return client;
}

async function leave(client: RawClient): Promise<void> {
  const before = fixture.broker.connectedClients().length;
  client.close();
  await until(() => fixture.broker.connectedClients().length < before);
}

async function publish(count: number, qos: 0 | 1 = 1, topic = 't/1'): Promise<void> {
  for (let index = 0; index < count; index++) {
    await fixture.broker.publish({ topic, payload: Buffer.from(`${index}`), qos, retain: false, receivedAt: 0 });
  }
}

/** Payloads received, each acknowledged. */
async function take(client: RawClient): Promise<string[]> {
  await client.settle();
  const publishes = client.packets.splice(0).filter((packet): packet is IPublishPacket => packet.cmd === 'publish');
  for (const { messageId } of publishes) {
    if (messageId !== undefined) client.send({ cmd: 'puback', messageId, reasonCode: 0 });
  }
  await client.settle();
  return publishes.map(({ payload }) => String(payload));
}

test('each message goes to one member of a group, MQTT 3.1.1 or 5, and all of them get some', async () => {
  const members = [await member('a', 4, false), await member('b', 5, false), await member('c', 5, false)];
  await publish(60);
  const counts: number[] = [];
  for (const client of members) counts.push((await take(client)).length);
  expect(counts.reduce((sum, count) => sum + count)).toBe(60);
  for (const count of counts) expect(count).toBeGreaterThan(5);
});

test('each matching group and each plain subscription gets its own copy', async () => {
  const clients = [
    await member('a', 5, false, '$share/one/t/1'),
    await member('b', 5, false, '$share/one/t/#'),
    await member('c', 5, false, '$share/two/t/1'),
    await member('d', 5, false, 't/1'),
  ];
  await publish(1);
  for (const client of clients) expect(await take(client)).toEqual(['0']);
});

test('a client may hold a shared and a plain subscription to one topic', async () => {
  const client = await member('a', 5, false);
  await client.subscribe(2, 't/1');
  await publish(1);
  expect(await take(client)).toHaveLength(2);
});

test('a lost member’s unacknowledged messages go to another', async () => {
  const lost = await member('a', 5, false);
  await publish(5);
  await lost.settle();
  const other = await member('b', 5, false);
  await leave(lost);
  expect((await take(other)).sort()).toEqual(['0', '1', '2', '3', '4']);
});

test('a group with a persistent member queues QoS 1 while nobody is online, and drops QoS 0', async () => {
  await leave(await member('a', 5, true));
  await publish(2, 0);
  await publish(3, 1);
  const back = await fixture.connected('a', 5, { clean: false, properties: { sessionExpiryInterval: 3600 } });
  expect(await take(back)).toEqual(['0', '1', '2']);
});

test('queued messages go to new members too', async () => {
  await leave(await member('a', 5, true));
  await publish(3);
  expect(await take(await member('new', 4, false))).toEqual(['0', '1', '2']);
});

test('a group of clean sessions keeps nothing', async () => {
  await leave(await member('a', 5, false));
  await publish(3);
  expect(await take(await member('b', 5, false))).toEqual([]);
});

test('queued messages leave at 20 a second for each active subscriber', async () => {
  await leave(await member('a', 5, true));
  await publish(50);
  const back = await fixture.connected('a', 5, { clean: false, properties: { sessionExpiryInterval: 3600 } });
  expect(await take(back)).toHaveLength(20);
  await fixture.clock.advance(1_000);
  expect(await take(back)).toHaveLength(20);
  await fixture.clock.advance(1_000);
  expect(await take(back)).toHaveLength(10);
});

test('a queue survives a restart and is emptied by acknowledgements', async () => {
  await leave(await member('a', 5, true));
  await publish(3);
  await fixture.stop();
  fixture = await BrokerFixture.start({ directory });
  const back = await fixture.connected('a', 5, { clean: false, properties: { sessionExpiryInterval: 3600 } });
  expect(await take(back)).toEqual(['0', '1', '2']);
  await fixture.store.durable();
  expect([...fixture.store.log('broker/messages').entries()]).toEqual([]);
});

test('unacknowledged messages of a group with a persistent member survive a restart', async () => {
  const client = await member('a', 5, true);
  await publish(2);
  await client.next('publish');
  await fixture.stop();
  fixture = await BrokerFixture.start({ directory });
  const back = await fixture.connected('a', 5, { clean: false, properties: { sessionExpiryInterval: 3600 } });
  expect(await take(back)).toEqual(['0', '1']);
});

test('queued messages expire with the persistent session period', async () => {
  await leave(await member('a', 5, true));
  await fixture.clock.advance(1_800_000);
  await publish(1);
  await leave(await member('a', 5, true, 'other'));
  await fixture.clock.advance(3_599_000);
  await leave(await fixture.connected('a', 5, { clean: false, properties: { sessionExpiryInterval: 3600 } }));
  await fixture.clock.advance(2_000);
  const back = await fixture.connected('a', 5, { clean: false, properties: { sessionExpiryInterval: 3600 } });
  expect(await take(back)).toEqual([]);
});

test('an empty group is forgotten with its queue', async () => {
  await leave(await member('a', 5, true));
  await publish(3);
  await fixture.clock.advance(3_601_000);
  await fixture.store.durable();
  expect([...fixture.store.log('broker/messages').entries()]).toEqual([]);
});
