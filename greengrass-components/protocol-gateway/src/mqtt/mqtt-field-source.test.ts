import { readFileSync, statSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { connect as tlsConnect } from 'node:tls';
import { afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import mqtt, { type MqttClient } from 'mqtt';
import { systemClock } from '../../../shared/src/system-clock.ts';
import { createSimulatedPlant, plantSources, type SimulatedPlant } from '../../../simulated-plant/src/index.ts';
import { DeviceAuthority, type DeviceIdentity } from '../testing/device-certificates.ts';
import { GatewayBench } from '../testing/gateway-bench.ts';
import { bytes, draws } from '../testing/rubbish-server.ts';

let authority: DeviceAuthority;
let lamp: DeviceIdentity;
let meter: DeviceIdentity;
let plant: SimulatedPlant;
let bench: GatewayBench;
let port: number;
const clients: MqttClient[] = [];

beforeAll(async () => {
  authority = await DeviceAuthority.create();
  lamp = await authority.issue('lamp-1');
  meter = await authority.issue('meter-1');
});
beforeEach(async () => {
  port = await freePort();
  plant = await createSimulatedPlant({ clock: systemClock, seed: 5 });
});
afterEach(async () => {
  await Promise.all(clients.splice(0).map((client) => client.endAsync(true)));
  await bench.stop();
  await plant.close();
});

function freePort(): Promise<number> {
  return new Promise((resolve) => {
    const server = createServer().listen(0, '127.0.0.1', () => {
      const address = server.address();
      server.close(() => resolve(typeof address === 'object' && address !== null ? address.port : 0));
    });
  });
}

function sources(more: object = {}): Record<string, object> {
  return {
    lamp: {
      protocol: 'mqtt',
      identity: { commonName: 'lamp-1' },
      points: { on: { writable: true }, dim: { scale: 0.1, writable: { min: 0, max: 10 } } },
      ...more,
    },
    meter: {
      protocol: 'mqtt',
      identity: { fingerprint: meter.fingerprint },
      points: { energy: { pointer: '/e/total' } },
    },
  };
}

async function start(given: Record<string, object> = sources()): Promise<void> {
  bench = new GatewayBench({ sources: given as never, broker: { host: '127.0.0.1', port, deviceCa: authority.pem } });
  await bench.start();
}

const caFile = () => join(bench.host.workDirectory, 'broker', 'broker-ca.crt');

function options(identity: DeviceIdentity, more: object = {}) {
  const { cert, key } = identity;
  const tls = { ca: readFileSync(caFile()), cert, key, host: '127.0.0.1', port, protocol: 'mqtts' as const };
  return { ...tls, reconnectPeriod: 0, connectTimeout: 3_000, ...more };
}

async function device(identity: DeviceIdentity, more: object = {}): Promise<MqttClient> {
  const client = await mqtt.connectAsync(options(identity, more));
  client.on('error', () => {});
  clients.push(client);
  return client;
}

/** CONNECT of MQTT 3.1.1 with client identifier `a`, clean session, keep alive 60 s. */
const CONNECT = Buffer.from('100d00044d5154540402003c000161', 'hex');

/** Whether a CONNECT is answered by an accepting CONNACK; otherwise the connection ends. */
function isTaken(identity: Partial<DeviceIdentity>): Promise<boolean> {
  const { cert, key } = identity;
  const socket = tlsConnect({ host: '127.0.0.1', port, ca: readFileSync(caFile()), cert, key });
  return new Promise<boolean>((resolve) => {
    socket.on('error', () => resolve(false));
    socket.on('close', () => resolve(false));
    let answer = '';
    socket.on('data', (data) => {
      answer += data.toString('hex');
      if (answer.length >= 8) resolve(answer === '20020000');
    });
    socket.once('secureConnect', () => socket.write(CONNECT));
  }).finally(() => socket.destroy());
}

const closed = (client: MqttClient) => new Promise<void>((resolve) => client.once('close', () => resolve()));

test('devices with certificates of the device CA are sources by their names or fingerprints', async () => {
  await start();
  await (await device(lamp)).publishAsync('field/lamp', JSON.stringify({ on: true, dim: 55 }), { qos: 1 });
  await (await device(meter)).publishAsync('field/meter', JSON.stringify({ e: { total: 12.5 } }));
  await bench.until(() => bench.last('meter_energy') !== undefined && bench.last('lamp_dim') !== undefined);
  expect(bench.last('lamp_on')).toMatchObject({ value: true, quality: 'good' });
  expect(bench.last('lamp_dim')).toMatchObject({ value: 5.5, quality: 'good' });
  expect(bench.last('meter_energy')).toMatchObject({ value: 12.5, quality: 'good' });
});

test('the key of the broker is for the component alone, and devices trust what it publishes, also after a restart', async () => {
  await start();
  const directory = join(bench.host.workDirectory, 'broker');
  for (const key of ['broker.key', 'broker-ca.key']) expect(statSync(join(directory, key)).mode & 0o777).toBe(0o600);
  const before = readFileSync(join(directory, 'broker.crt'), 'utf8');
  await device(lamp);
  await bench.gateway.stop();
  const again = new GatewayBench(
    {
      sources: sources() as never,
      broker: { host: '127.0.0.1', port, deviceCa: authority.pem, names: ['gateway.plant'] },
    },
    bench.host.workDirectory,
  );
  bench = again;
  await bench.start();
  await device(lamp);
  // Another name makes another certificate of the same authority.
  expect(readFileSync(join(directory, 'broker.crt'), 'utf8')).not.toBe(before);
});

test('a request to write reaches the device, and its answer comes back', async () => {
  await start();
  const client = await device(lamp);
  const seen: unknown[] = [];
  client.on('message', (_topic, payload) => {
    const request = JSON.parse(payload.toString()) as { requestId: string; point: string };
    seen.push({ ...request, requestId: undefined });
    const ok = request.point === 'on';
    client.publish(
      'written/lamp',
      JSON.stringify({ requestId: request.requestId, ok, ...(!ok && { detail: 'broken' }) }),
    );
  });
  await client.subscribeAsync('write/lamp');
  expect(await bench.write('lamp', 'on', true)).toMatchObject({ ok: true });
  expect(await bench.write('lamp', 'dim', 5)).toMatchObject({ ok: false, detail: 'broken' });
  expect(seen).toEqual([
    { point: 'on', value: true },
    { point: 'dim', value: 50 },
  ]);
  expect(await bench.write('meter', 'energy', 1)).toMatchObject({ ok: false, detail: 'energy is not writable' });
  await client.endAsync(true);
  let answer = await bench.write('lamp', 'on', true);
  // The broker may hear of the end after the device has.
  for (let round = 0; round < 5 && answer.detail !== 'the device is not connected'; round++) {
    answer = await bench.write('lamp', 'on', true);
  }
  expect(answer).toMatchObject({ ok: false, detail: 'the device is not connected' });
});

describe('who is turned away', () => {
  test('a certificate of another CA, an expired one, one that is on no list, and none', async () => {
    await start();
    const other = await DeviceAuthority.create();
    const strangers = [await other.issue('lamp-1'), await authority.issue('lamp-1', [-7_200_000, -3_600_000])];
    const unknown = await authority.issue('lamp-2');
    for (const identity of [...strangers, unknown]) expect(await isTaken(identity)).toBe(false);
    expect(await isTaken({})).toBe(false);
    expect(JSON.stringify(bench.host.log)).toContain('turned away');
    expect(await isTaken(lamp)).toBe(true);
  });

  test('a device that publishes for another source loses its connection, and its message', async () => {
    await start();
    const client = await device(lamp);
    const gone = closed(client);
    client.publish('field/meter', JSON.stringify({ e: { total: 1 } }));
    await gone;
    expect(bench.of('meter_energy')).toEqual([]);
  });

  test.each(['write/meter', '#', 'field/lamp', '$SYS/#'])('a device cannot subscribe to %s', async (topic) => {
    await start();
    const client = await device(lamp);
    const granted = await client.subscribeAsync(topic).catch((error: Error) => error.message);
    expect(JSON.stringify(granted)).not.toContain('"qos":0');
  });

  test('a last will for another source comes to nothing', async () => {
    await start();
    const will = { topic: 'field/meter', payload: Buffer.from('{"e":{"total":66}}'), qos: 0 as const, retain: false };
    const client = await device(lamp, { will });
    client.stream.destroy();
    await new Promise((resolve) => setTimeout(resolve, 200));
    expect(bench.of('meter_energy')).toEqual([]);
  });
});

test('one device cannot take the place of another by its client identifier, and a second connection replaces the first', async () => {
  await start();
  const first = await device(lamp, { clientId: 'same' });
  await device(meter, { clientId: 'same' });
  await new Promise((resolve) => setTimeout(resolve, 100));
  expect(first.connected).toBe(true);
  const gone = closed(first);
  await device(lamp, { clientId: 'other' });
  await gone;
});

test('a device whose identity is taken off the list loses its connection', async () => {
  await start();
  const client = await device(lamp);
  const gone = closed(client);
  const { lamp: _lamp, ...rest } = sources();
  bench.host.configure({ sources: rest, broker: { host: '127.0.0.1', port, deviceCa: authority.pem } });
  await gone;
  expect(await isTaken(lamp)).toBe(false);
});

test('a device that says nothing is uncertain once', async () => {
  await start(sources({ silentAfterMs: 300 }));
  const client = await device(lamp);
  await client.publishAsync('field/lamp', '{"on":true}');
  await bench.until(() => bench.last('lamp_on')?.quality === 'uncertain');
  await new Promise((resolve) => setTimeout(resolve, 500));
  expect(bench.of('lamp_on').map(({ quality }) => quality)).toEqual(['good', 'uncertain']);
  expect(bench.gateway.statuses().lamp).toMatchObject({ state: 'silent' });
});

test('rubbish, floods and packets that are too long break nothing', async () => {
  const all: Record<string, object> = {
    ...sources({ maxRate: 20 }),
    'pump-1': plantSources(plant.ports)['pump-1'] as object,
  };
  await start(all);
  const client = await device(lamp);
  for (const text of ['', '{', '[]', '"x"', '{"on":{}}', '{"on":null}']) await client.publishAsync('field/lamp', text);
  expect(bench.of('lamp_on')).toEqual([]);
  for (let at = 0; at < 2_000; at++) client.publish('field/lamp', `{"dim":${at}}`);
  await bench.until(() => (bench.gateway.statuses().lamp?.dropped ?? 0) > 1_500);
  expect(bench.of('lamp_dim').length).toBeLessThan(200);
  const gone = closed(client);
  client.publish('field/lamp', 'x'.repeat(70_000));
  await gone;
  const draw = draws(3);
  for (let round = 0; round < 20; round++) {
    const { cert, key } = lamp;
    const socket = tlsConnect({
      host: '127.0.0.1',
      port,
      ca: readFileSync(caFile()),
      cert,
      key,
      servername: 'localhost',
    });
    socket.on('error', () => {});
    await new Promise<void>((resolve) => socket.once('secureConnect', () => resolve()));
    socket.write(bytes(draw, 400));
    await new Promise((resolve) => setTimeout(resolve, 5));
    socket.destroy();
  }
  const again = await device(lamp);
  bench.forget();
  await new Promise((resolve) => setTimeout(resolve, 1_100));
  await again.publishAsync('field/lamp', '{"on":false}');
  await bench.until(() => bench.last('lamp_on')?.value === false);
  await bench.until(() => bench.last('pump_1_flow')?.quality === 'good');
});

test('a port that is taken costs the other sources nothing, and the log says so', async () => {
  const taken = createServer();
  await new Promise<void>((resolve) => taken.listen(port, '127.0.0.1', () => resolve()));
  await start({ ...sources(), 'pump-1': plantSources(plant.ports)['pump-1'] as object });
  await bench.until(() => bench.last('pump_1_flow') !== undefined);
  expect(JSON.stringify(bench.host.log)).toContain('EADDRINUSE');
  await new Promise((resolve) => taken.close(resolve));
});
