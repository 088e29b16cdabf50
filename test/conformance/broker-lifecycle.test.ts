import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { BrokerFixture, until } from '../../local-cloud/src/broker/testing/broker-fixture.ts';

// Developer guide, life-cycle-events.html.

let fixture: BrokerFixture;
let certificateId: string;
beforeEach(async () => {
  fixture = await BrokerFixture.start();
  certificateId = (await BrokerFixture.identity()).certificateId;
});
afterEach(() => fixture.stop());

async function disconnected(count: number): Promise<Record<string, unknown>[]> {
  await until(() => fixture.rules.events('presence/disconnected').length >= count);
  return fixture.rules.events('presence/disconnected');
}

test('a connect and its disconnect are told with one version and one session', async () => {
  const client = await fixture.connected('a');
  client.send({ cmd: 'disconnect' });
  await client.ended;
  const [connected] = fixture.rules.events('presence/connected');
  expect(connected).toEqual({
    clientId: 'a',
    timestamp: fixture.clock.now(),
    eventType: 'connected',
    sessionIdentifier: expect.stringMatching(/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/),
    principalIdentifier: certificateId,
    ipAddress: '127.0.0.1',
    versionNumber: 0,
  });
  expect(await disconnected(1)).toEqual([
    {
      clientId: 'a',
      timestamp: fixture.clock.now(),
      eventType: 'disconnected',
      sessionIdentifier: connected?.sessionIdentifier,
      principalIdentifier: certificateId,
      clientInitiatedDisconnect: true,
      disconnectReason: 'CLIENT_INITIATED_DISCONNECT',
      versionNumber: 0,
    },
  ]);
});

test('a lost connection is CONNECTION_LOST', async () => {
  (await fixture.connected('a')).close();
  expect(await disconnected(1)).toMatchObject([
    { clientInitiatedDisconnect: false, disconnectReason: 'CONNECTION_LOST' },
  ]);
});

test('the version grows with each connection and begins anew after an hour offline', async () => {
  for (let round = 0; round < 3; round++) {
    (await fixture.connected('a')).close();
    await disconnected(round + 1);
  }
  await fixture.clock.advance(3_600_001);
  (await fixture.connected('a')).close();
  const events = await disconnected(4);
  expect(events.map(({ versionNumber }) => versionNumber)).toEqual([0, 1, 2, 0]);
});

test('subscriptions are told with their topics', async () => {
  const client = await fixture.connected('a', 5);
  client.send({
    cmd: 'subscribe',
    messageId: 1,
    subscriptions: [
      { topic: 'foo/bar', qos: 1 },
      { topic: 'a/#/b', qos: 1 },
      { topic: 'dog/+', qos: 0 },
    ],
  });
  await client.next('suback');
  client.send({ cmd: 'unsubscribe', messageId: 2, unsubscriptions: ['dog/+', 'never'] });
  await client.next('unsuback');
  const common = {
    clientId: 'a',
    timestamp: fixture.clock.now(),
    sessionIdentifier: fixture.rules.events('presence/connected')[0]?.sessionIdentifier,
    principalIdentifier: certificateId,
  };
  expect(fixture.rules.events('subscriptions/subscribed')).toEqual([
    { ...common, eventType: 'subscribed', topics: ['foo/bar', 'dog/+'] },
  ]);
  expect(fixture.rules.events('subscriptions/unsubscribed')).toEqual([
    { ...common, eventType: 'unsubscribed', topics: ['dog/+'] },
  ]);
});

test('clients can subscribe to the events', async () => {
  const watcher = await fixture.connected('watcher');
  await watcher.subscribe(1, '$aws/events/presence/connected/+');
  await fixture.connected('a');
  const event = await watcher.next('publish');
  expect(event.topic).toBe('$aws/events/presence/connected/a');
  expect(JSON.parse(String(event.payload))).toMatchObject({ clientId: 'a', eventType: 'connected' });
});

test.each(['a#b', 'a+b'])('the client id %s has no events', async (clientId) => {
  const client = await fixture.connected(clientId);
  await client.subscribe(1, 't');
  client.send({ cmd: 'disconnect' });
  await client.ended;
  expect(fixture.rules.accepted).toEqual([]);
});

test('the broker’s disconnect carries the reason of the API', async () => {
  const client = await fixture.connected('a', 5);
  fixture.broker.disconnect({ clientId: 'a' }, 'API_INITIATED_DISCONNECT');
  expect((await client.next('disconnect')).reasonCode).toBe(0x98);
  expect(await disconnected(1)).toMatchObject([{ disconnectReason: 'API_INITIATED_DISCONNECT' }]);
});

test('a disconnect by certificate ends its connections alone', async () => {
  const client = await fixture.connected('a', 5);
  fixture.broker.disconnect({ principalId: 'another' }, 'revoked');
  await client.settle();
  fixture.broker.disconnect({ principalId: certificateId }, 'revoked');
  await client.ended;
  expect(await disconnected(1)).toMatchObject([{ disconnectReason: 'SERVER_INITIATED_DISCONNECT' }]);
});

test('versions outlive the broker', async () => {
  const directory = mkdtempSync(join(tmpdir(), 'fleetwright-broker-'));
  for (const version of [0, 1]) {
    const kept = await BrokerFixture.start({ directory });
    (await kept.connected('a')).close();
    await until(() => kept.rules.events('presence/disconnected').length === 1);
    expect(kept.rules.events('presence/connected')).toMatchObject([{ versionNumber: version }]);
    await kept.stop();
  }
  rmSync(directory, { recursive: true, force: true });
});

test('a connection that died with the broker is told of, with its will, when the broker is back', async () => {
  const directory = mkdtempSync(join(tmpdir(), 'fleetwright-broker-'));
  const first = await BrokerFixture.start({ directory });
  const client = await first.connected('a', 4, {
    clean: false,
    will: { topic: 'will', payload: 'gone', qos: 1, retain: false },
  });
  await client.settle();
  // What a killed process leaves: the record of a session that is connected.
  const sessions = first.store.collection('broker/sessions');
  const record = sessions.get('a');
  await first.stop();
  const between = await BrokerFixture.start({ directory });
  between.store.collection('broker/sessions').put('a', record);
  await between.stop();
  const second = await BrokerFixture.start({ directory });
  const other = await second.connected('other');
  await other.settle();
  expect(second.rules.events('presence/disconnected')).toMatchObject([
    {
      clientId: 'a',
      principalIdentifier: certificateId,
      sessionIdentifier: first.rules.events('presence/connected')[0]?.sessionIdentifier,
      disconnectReason: 'SERVER_ERROR',
      clientInitiatedDisconnect: false,
    },
  ]);
  expect(second.rules.published.map(({ topic, payload }) => `${topic} ${payload}`)).toEqual(['will gone']);
  await second.stop();
  rmSync(directory, { recursive: true, force: true });
});
