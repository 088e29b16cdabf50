import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { BrokerFixture, until } from '../../local-cloud/src/broker/testing/broker-fixture.ts';
import type { RawClient } from '../../local-cloud/src/broker/testing/raw-client.ts';

// Developer guide, mqtt.html, "MQTT Last Will and Testament (LWT) messages"; MQTT 5 §3.1.2.5 and §3.1.3.2.

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

const WILL = { topic: 'will', payload: 'gone', qos: 1, retain: false } as const;

function withWill(version: 4 | 5, fields: object = {}, will: object = WILL): Promise<RawClient> {
  return fixture.connected('a', version, { will, ...fields });
}

async function lost(client: RawClient): Promise<void> {
  client.close();
  await until(() => fixture.rules.events('presence/disconnected').length > 0);
}

function wills(): string[] {
  return fixture.rules.published.map(({ topic, payload }) => `${topic} ${payload}`);
}

describe.each([4, 5] as const)('MQTT level %i', (version) => {
  test('a lost connection publishes its will, to subscribers and rules', async () => {
    const subscriber = await fixture.connected('s', 5);
    await subscriber.subscribe(1, 'will');
    await lost(await withWill(version));
    expect(String((await subscriber.next('publish')).payload)).toBe('gone');
    const { certificateId } = await BrokerFixture.identity();
    expect(fixture.rules.published).toMatchObject([
      { topic: 'will', qos: 1, retain: false, publisher: { clientId: 'a', principalId: certificateId } },
    ]);
  });

  // source: MQTT 5 [MQTT-3.14.4-3]
  test('a DISCONNECT does not [MQTT-3.14.4-3]', async () => {
    const client = await withWill(version);
    client.send({ cmd: 'disconnect', reasonCode: 0 });
    await client.ended;
    expect(wills()).toEqual([]);
  });

  // source: developer guide, life-cycle-events.html, table of disconnect reasons
  test('a protocol error and a take-over do (life-cycle-events.html, table of disconnect reasons)', async () => {
    const wrong = await withWill(version);
    wrong.write(Buffer.from([0x00, 0x00]));
    await wrong.ended;
    expect(wills()).toEqual(['will gone']);
    const first = await withWill(version);
    await fixture.connected('a', version);
    await first.ended;
    expect(wills()).toEqual(['will gone', 'will gone']);
  });

  test('a keep-alive time-out does', async () => {
    const client = await withWill(version, { keepalive: 30 });
    await fixture.clock.advance(45_001);
    await client.ended;
    expect(wills()).toEqual(['will gone']);
  });

  test('a retained will is retained', async () => {
    await lost(await withWill(version, {}, { ...WILL, retain: true }));
    const subscriber = await fixture.connected('s', 5);
    await subscriber.subscribe(1, 'will');
    expect(await subscriber.next('publish')).toMatchObject({ retain: true, payload: Buffer.from('gone') });
  });

  test('a will that is no longer authorized is not published', async () => {
    const client = await withWill(version);
    fixture.devices.deny('iot:Publish', 'will');
    await lost(client);
    expect(wills()).toEqual([]);
  });
});

test('DISCONNECT with reason code 4 publishes the will, without delay', async () => {
  const client = await withWill(5);
  client.send({ cmd: 'disconnect', reasonCode: 4 });
  await client.ended;
  expect(wills()).toEqual(['will gone']);
  expect(fixture.rules.events('presence/disconnected')).toMatchObject([{ clientInitiatedDisconnect: true }]);
});

// source: developer guide, device-shadow-comms-app.md
test('a will on a reserved topic is for subscribers and rules, not for its service (device-shadow-comms-app.md)', async () => {
  const handle = jest.fn();
  fixture.reservedTopics.register({ filter: '$aws/things/+/shadow/update', handle });
  await lost(await withWill(4, {}, { ...WILL, topic: '$aws/things/a/shadow/update' }));
  expect(wills()).toEqual(['$aws/things/a/shadow/update gone']);
  expect(handle).not.toHaveBeenCalled();
});

describe('will delay', () => {
  const session = { clean: false, properties: { sessionExpiryInterval: 3600 } };
  const delayed = { ...WILL, properties: { willDelayInterval: 60, contentType: 'text/plain' } };

  // source: MQTT 5 [MQTT-3.1.3-9]
  test('holds the will back for its interval [MQTT-3.1.3-9]', async () => {
    await lost(await withWill(5, session, delayed));
    await fixture.clock.advance(59_999);
    expect(wills()).toEqual([]);
    await fixture.clock.advance(2);
    expect(wills()).toEqual(['will gone']);
    expect(fixture.rules.published[0]?.properties).toEqual({ contentType: 'text/plain' });
  });

  // source: MQTT 5 [MQTT-3.1.3-9]
  test('a session that goes on in time has none published [MQTT-3.1.3-9]', async () => {
    await lost(await withWill(5, session, delayed));
    await fixture.connected('a', 5, session);
    await fixture.clock.advance(120_000);
    expect(wills()).toEqual([]);
  });

  test('the end of the session publishes it at once', async () => {
    await lost(await withWill(5, session, delayed));
    await fixture.connected('a', 5, { clean: true });
    expect(wills()).toEqual(['will gone']);
  });

  test('a session that expires earlier cuts the delay', async () => {
    await lost(await withWill(5, { clean: false, properties: { sessionExpiryInterval: 10 } }, delayed));
    await fixture.clock.advance(10_001);
    expect(wills()).toEqual(['will gone']);
  });

  test('without a session that outlives the connection there is no delay', async () => {
    await lost(await withWill(5, {}, delayed));
    expect(wills()).toEqual(['will gone']);
  });

  test('goes on over a restart', async () => {
    await lost(await withWill(5, session, delayed));
    await fixture.stop();
    fixture = await BrokerFixture.start({ directory });
    expect(wills()).toEqual([]);
    await fixture.clock.advance(60_001);
    expect(wills()).toEqual(['will gone']);
  });
});

// source: developer guide, mqtt.html, "Message expiry", "Last Will"
test('message expiry of a will begins with its publication (mqtt.html, "Message expiry", "Last Will")', async () => {
  const subscriber = await fixture.connected('s', 5);
  await subscriber.subscribe(1, 'will');
  const client = await withWill(5, {}, { ...WILL, properties: { messageExpiryInterval: 5 } });
  await fixture.clock.advance(20_000);
  await lost(client);
  expect((await subscriber.next('publish')).properties?.messageExpiryInterval).toBe(5);
});
