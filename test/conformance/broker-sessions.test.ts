import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { IConnackPacket, IPublishPacket } from 'mqtt-packet';
import type { BrokerLimits } from '../../local-cloud/src/broker/limits.ts';
import { BrokerFixture, until } from '../../local-cloud/src/broker/testing/broker-fixture.ts';
import type { RawClient } from '../../local-cloud/src/broker/testing/raw-client.ts';

// source: AWS IoT developer guide, mqtt ("MQTT persistent sessions"); MQTT 5 §4.1 and §4.4

let directory: string;
let fixture: BrokerFixture;
beforeEach(async () => {
  directory = mkdtempSync(join(tmpdir(), 'fleetwright-broker-'));
  fixture = await BrokerFixture.start({ directory });
});
afterEach(async () => {
  await fixture.stop();
  rmSync(directory, { recursive: true, force: true });
});

async function restart(limits: Partial<BrokerLimits> = {}): Promise<void> {
  await fixture.stop();
  fixture = await BrokerFixture.start({ directory, limits });
}

const PERSISTENT = {
  4: { clean: false },
  5: { clean: false, properties: { sessionExpiryInterval: 3600 } },
} as const;

async function open(version: 4 | 5, clientId = 's', fields: object = PERSISTENT[version]) {
  const client = await fixture.raw(version);
  const connack: IConnackPacket = await client.connect(clientId, fields);
  return { client, present: connack.sessionPresent };
}

/** Ends a connection and waits until the broker has noticed. */
async function leave(client: RawClient): Promise<void> {
  const before = fixture.broker.connectedClients().length;
  client.close();
  await until(() => fixture.broker.connectedClients().length < before);
}

async function publish(topic: string, payload: string, messageExpiryInterval?: number): Promise<void> {
  await fixture.broker.publish({
    topic,
    payload: Buffer.from(payload),
    qos: 1,
    retain: false,
    receivedAt: 0,
    ...(messageExpiryInterval === undefined ? {} : { properties: { messageExpiryInterval } }),
  });
}

async function payloads(client: RawClient): Promise<string[]> {
  await client.settle();
  return client.packets
    .splice(0)
    .filter((packet): packet is IPublishPacket => packet.cmd === 'publish')
    .map(({ payload }) => String(payload));
}

describe.each([4, 5] as const)(
  'a persistent session of MQTT level %i (mqtt.html, "MQTT persistent sessions")',
  (version) => {
    test('keeps subscriptions and QoS 1 messages while its client is away', async () => {
      const first = await open(version);
      expect(first.present).toBe(false);
      await first.client.subscribe(1, 'one', 1);
      await first.client.subscribe(2, 'zero', 0);
      await leave(first.client);
      await publish('one', 'kept');
      await publish('zero', 'dropped');
      const second = await open(version);
      expect(second.present).toBe(true);
      expect(await payloads(second.client)).toEqual(['kept']);
      await publish('zero', 'live');
      expect(await payloads(second.client)).toEqual(['live']);
    });

    // source: developer guide, mqtt.html, "AWS IoT differences"
    test('sends again what was not acknowledged, without DUP (mqtt.html, "AWS IoT differences")', async () => {
      const first = await open(version);
      await first.client.subscribe(1, 't');
      await publish('t', '1');
      await publish('t', '2');
      const acknowledged = await first.client.next('publish');
      first.client.send({ cmd: 'puback', messageId: acknowledged.messageId as number, reasonCode: 0 });
      await first.client.settle();
      await leave(first.client);
      const second = await open(version);
      const again = await second.client.next('publish');
      expect(String(again.payload)).toBe('2');
      expect(again.dup).toBe(false);
    });

    test('is all there after a restart of the broker', async () => {
      const first = await open(version);
      await first.client.subscribe(1, 't');
      await publish('t', 'in flight');
      await first.client.next('publish');
      await leave(first.client);
      await publish('t', 'stored');
      await restart();
      await publish('t', 'after');
      const second = await open(version);
      expect(second.present).toBe(true);
      expect(await payloads(second.client)).toEqual(['in flight', 'stored', 'after']);
    });

    test('keeps nothing that was acknowledged', async () => {
      const first = await open(version);
      await first.client.subscribe(1, 't');
      await publish('t', '1');
      const message = await first.client.next('publish');
      first.client.send({ cmd: 'puback', messageId: message.messageId as number, reasonCode: 0 });
      await first.client.settle();
      await leave(first.client);
      await restart();
      expect(await payloads((await open(version)).client)).toEqual([]);
    });

    test('ends after its expiry, with its messages', async () => {
      const first = await open(version);
      await first.client.subscribe(1, 't');
      await leave(first.client);
      await publish('t', 'x');
      await fixture.clock.advance(3_600_000 - 1);
      const still = await open(version);
      expect(still.present).toBe(true);
      await leave(still.client);
      await fixture.clock.advance(3_600_000 + 1);
      const later = await open(version);
      expect(later.present).toBe(false);
      expect(await payloads(later.client)).toEqual([]);
      expect([...fixture.store.log('broker/messages').entries()]).toEqual([]);
    });

    test('expires while the broker is down', async () => {
      const first = await open(version);
      await first.client.subscribe(1, 't');
      await leave(first.client);
      await publish('t', 'x');
      await fixture.stop();
      const later = await BrokerFixture.start({ directory });
      // A fixture's clock begins anew: the record's own time is moved back instead.
      await later.stop();
      fixture = await BrokerFixture.start({ directory });
      const sessions = fixture.store.collection<{ disconnectedAt: number }>('broker/sessions');
      const record = sessions.get('s') as { disconnectedAt: number };
      sessions.put('s', { ...record, disconnectedAt: fixture.clock.now() - 3_600_001 });
      await restart();
      expect((await open(version)).present).toBe(false);
    });

    // source: MQTT 3.1.1 and 5 [MQTT-3.1.2-4], [MQTT-3.1.2-6]
    test('is ended by a clean start [MQTT-3.1.2-4] (3.1.1: [MQTT-3.1.2-6])', async () => {
      const first = await open(version);
      await first.client.subscribe(1, 't');
      await leave(first.client);
      await publish('t', 'x');
      const clean = await open(version, 's', { clean: true });
      expect(clean.present).toBe(false);
      await leave(clean.client);
      const last = await open(version);
      expect(last.present).toBe(false);
      expect(await payloads(last.client)).toEqual([]);
    });

    test('is taken over with its messages', async () => {
      const first = await open(version);
      await first.client.subscribe(1, 't');
      await publish('t', 'x');
      await first.client.next('publish');
      const second = await open(version);
      await first.client.ended;
      expect(second.present).toBe(true);
      expect(await payloads(second.client)).toEqual(['x']);
    });

    test('forgets what was unsubscribed, across a restart too', async () => {
      const first = await open(version);
      await first.client.subscribe(1, 't');
      first.client.send({ cmd: 'unsubscribe', messageId: 2, unsubscriptions: ['t'] });
      await first.client.next('unsuback');
      await leave(first.client);
      await restart();
      await publish('t', 'x');
      expect(await payloads((await open(version)).client)).toEqual([]);
    });
  },
);

// source: developer guide, mqtt.html, "Message traffic after reconnection"
test('stored messages leave at 10 a second, live ones at once (mqtt.html, "Message traffic after reconnection")', async () => {
  const first = await open(4);
  await first.client.subscribe(1, 't');
  await leave(first.client);
  for (let index = 1; index <= 25; index++) await publish('t', String(index));
  const { client } = await open(4);
  expect(await payloads(client)).toEqual(['1', '2', '3', '4', '5', '6', '7', '8', '9', '10']);
  await publish('t', 'live');
  expect(await payloads(client)).toEqual(['live']);
  await fixture.clock.advance(1_000);
  expect(await payloads(client)).toHaveLength(10);
  await fixture.clock.advance(1_000);
  expect(await payloads(client)).toEqual(['21', '22', '23', '24', '25']);
});

test('a session keeps no more than its limit, the oldest of it', async () => {
  await restart({ storedMessagesPerQueue: 2 });
  const first = await open(4);
  await first.client.subscribe(1, 't');
  await leave(first.client);
  for (const payload of ['1', '2', '3']) await publish('t', payload);
  expect(await payloads((await open(4)).client)).toEqual(['1', '2']);
});

// source: developer guide, mqtt.html, "Creating a persistent session"
test('sessions do not cross versions (mqtt.html, "Creating a persistent session")', async () => {
  const first = await open(4);
  await first.client.subscribe(1, 't');
  await leave(first.client);
  const second = await open(5);
  expect(second.present).toBe(false);
  await leave(second.client);
  expect((await open(4)).present).toBe(false);
});

test('a clean session of MQTT 3.1.1 leaves nothing', async () => {
  const first = await open(4, 's', { clean: true });
  await first.client.subscribe(1, 't');
  await leave(first.client);
  expect((await open(4)).present).toBe(false);
  expect(fixture.store.collection('broker/sessions').size).toBe(1);
});

test('a PUBACK to the publisher waits until the message of an absent client is on disk', async () => {
  const first = await open(4);
  await first.client.subscribe(1, 't');
  await leave(first.client);
  const durable = jest.spyOn(fixture.store, 'durable');
  let release: () => void = () => {};
  durable.mockReturnValue(new Promise((resolve) => (release = () => resolve(undefined))));
  const { client: publisher } = await open(4, 'p', { clean: true });
  publisher.publish('t', 'x', 1);
  publisher.publish('nobody', 'x', 2);
  await publisher.settle();
  await publisher.settle();
  expect(publisher.packets).toEqual([]);
  durable.mockRestore();
  release();
  expect((await publisher.next('puback')).messageId).toBe(1);
  expect((await publisher.next('puback')).messageId).toBe(2);
});

test('a burst of publishes shares commits', async () => {
  const first = await open(4);
  await first.client.subscribe(1, 't');
  await leave(first.client);
  const durable = jest.spyOn(fixture.store, 'durable');
  const { client: publisher } = await open(4, 'p', { clean: true });
  const before = durable.mock.calls.length;
  publisher.send(
    ...Array.from({ length: 80 }, (_, index) => ({
      cmd: 'publish' as const,
      topic: 't',
      payload: 'x',
      qos: 1 as const,
      dup: false,
      retain: false,
      messageId: index + 1,
    })),
  );
  for (let index = 0; index < 80; index++) await publisher.next('puback');
  expect(durable.mock.calls.length - before).toBeLessThan(8);
});

describe('session expiry of MQTT 5', () => {
  // source: developer guide, mqtt.html, "Ending a persistent session"
  test('is bounded by the account, and DISCONNECT may change it (mqtt.html, "Ending a persistent session")', async () => {
    const { client } = await open(5, 's', { clean: false, properties: { sessionExpiryInterval: 10 } });
    client.send({ cmd: 'disconnect', reasonCode: 0, properties: { sessionExpiryInterval: 100 } });
    await client.ended;
    await fixture.clock.advance(99_000);
    expect((await open(5)).present).toBe(true);
  });

  test('0 in DISCONNECT ends the session', async () => {
    const { client } = await open(5);
    client.send({ cmd: 'disconnect', reasonCode: 0, properties: { sessionExpiryInterval: 0 } });
    await client.ended;
    expect((await open(5)).present).toBe(false);
  });

  // source: MQTT 5 §3.14.2.2.2
  test('a session that was to end cannot be kept by DISCONNECT: 0x82 (§3.14.2.2.2)', async () => {
    const { client } = await open(5, 's', { clean: true });
    client.send({ cmd: 'disconnect', reasonCode: 0, properties: { sessionExpiryInterval: 10 } });
    expect((await client.next('disconnect')).reasonCode).toBe(0x82);
  });

  test('absent means 0: the session ends with its connection', async () => {
    const { client } = await open(5, 's', { clean: false });
    await leave(client);
    expect((await open(5)).present).toBe(false);
  });
});

test('a message that expires while its client is away is not delivered, to MQTT 3.1.1 neither', async () => {
  for (const version of [4, 5] as const) {
    const first = await open(version, `s${version}`);
    await first.client.subscribe(1, 't');
    await leave(first.client);
  }
  await publish('t', 'short', 5);
  await publish('t', 'long', 60);
  await fixture.clock.advance(6_000);
  for (const version of [4, 5] as const) {
    const { client } = await open(version, `s${version}`);
    const message = await client.next('publish');
    expect(String(message.payload)).toBe('long');
    if (version === 5) expect(message.properties?.messageExpiryInterval).toBe(54);
    expect(await payloads(client)).toEqual([]);
  }
});

test('a filter that lost iot:Receive meanwhile delivers nothing stored', async () => {
  const first = await open(4);
  await first.client.subscribe(1, 't');
  await leave(first.client);
  await publish('t', 'x');
  fixture.devices.deny('iot:Receive', 't');
  expect(await payloads((await open(4)).client)).toEqual([]);
});
