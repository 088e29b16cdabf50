import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import mqtt, { type IClientOptions, type MqttClient } from 'mqtt';
import { systemClock } from '../../local-cloud/src/core/clock.ts';
import { loadOrCreateServerIdentity } from '../../local-cloud/src/core/tls.ts';
import { type DeviceTestOutcome, testDevice } from '../../local-cloud/src/index.ts';

let directory: string;
/** What the device publishes to its shadow. */
let shadow = '';
let ca: string;
const devices: MqttClient[] = [];

beforeAll(async () => {
  directory = mkdtempSync(join(tmpdir(), 'fleetwright-advisor-'));
  ca = (await loadOrCreateServerIdentity(directory, systemClock)).caCertificatePem;
});

beforeEach(() => {
  shadow = '{"state":{"reported":{"on":true}}}';
});

afterEach(() => {
  for (const device of devices.splice(0)) device.end(true);
});

afterAll(() => rmSync(directory, { recursive: true, force: true }));

/** Runs tests against a device that subscribes and publishes whenever it is connected. */
function outcomesOf(
  tests: string[],
  options: Partial<IClientOptions> = {},
  timeout = 5_000,
): Promise<DeviceTestOutcome[]> {
  return testDevice({
    dataDirectory: directory,
    host: '127.0.0.1',
    port: 0,
    timeout,
    tests,
    onListening(port) {
      const device = mqtt.connect({
        protocol: 'mqtts',
        host: '127.0.0.1',
        servername: 'localhost',
        port,
        ca,
        clientId: 'device',
        reconnectPeriod: 50,
        connectTimeout: 300,
        keepalive: 1,
        ...options,
      } as IClientOptions);
      devices.push(device);
      device.on('error', () => undefined);
      device.on('connect', () => {
        device.subscribe('commands', { qos: 1 }, () => undefined);
        device.publish('telemetry', '1', { qos: 1 }, () => undefined);
        device.publish('$aws/things/device/shadow/update', shadow, { qos: 1 }, () => undefined);
      });
    },
  });
}

async function run(...given: Parameters<typeof outcomesOf>): Promise<Record<string, string>> {
  return Object.fromEntries((await outcomesOf(...given)).map(({ id, result }) => [id, result]));
}

// source: developer guide, device-advisor-tests-tls, device-advisor-tests-mqtt
test('a device that checks its server, connects, subscribes, publishes and pings passes', async () => {
  const ids = ['TLS_Connect', 'MQTT_Connect', 'MQTT_Subscribe', 'MQTT_Publish', 'MQTT_No_Ack_PingResp'];
  expect(await run(ids)).toEqual(Object.fromEntries(ids.map((id) => [id, 'PASS'])));
});

// source: developer guide, device-advisor-tests-tls, "TLS Unsecure Server Cert"
// assumed: a device that ends the connection right after the handshake passes with a warning
test('a device that checks the certificate of its server does not send it anything', async () => {
  const ids = ['TLS_Unsecure_Server_Cert', 'TLS_Incorrect_Subject_Name_Server_Cert'];
  for (const result of Object.values(await run(ids))) expect(result).toMatch(/^PASS/);
});

// source: developer guide, device-advisor-tests-tls, "TLS Unsecure Server Cert"
test('a device that trusts any server fails', async () => {
  const ids = ['TLS_Unsecure_Server_Cert', 'TLS_Incorrect_Subject_Name_Server_Cert'];
  expect(await run(ids, { rejectUnauthorized: false })).toEqual(Object.fromEntries(ids.map((id) => [id, 'FAIL'])));
});

// source: developer guide, device-advisor-tests-tls, "Cipher Suites"
test('cipher suites are read from the ClientHello', async () => {
  const id = 'TLS_Support_AWS_IoT_Cipher_Suites';
  expect(await run([id], { ciphers: 'ECDHE-ECDSA-AES128-GCM-SHA256', maxVersion: 'TLSv1.2' } as object)).toEqual({
    [id]: 'PASS',
  });
  expect(await run([id], { ciphers: 'ECDHE-ECDSA-AES256-GCM-SHA384', maxVersion: 'TLSv1.2' } as object)).toEqual({
    [id]: 'PASS_WITH_WARNINGS',
  });
});

// source: developer guide, device-advisor-tests-mqtt, "Device re-connect with jitter backoff - After server disconnect"
test('a device that reconnects at a constant pace fails', async () => {
  const id = 'MQTT_Reconnect_Backoff_Retries_On_Server_Disconnect';
  // Long pauses: what a busy machine adds to one must not look like jitter.
  expect(await outcomesOf([id], { reconnectPeriod: 1_500 }, 15_000)).toMatchObject([
    { result: 'FAIL', reason: expect.stringContaining('without back-off') },
  ]);
});

// source: developer guide, device-advisor-tests-mqtt, "EXECUTION_TIMEOUT"
test('what a device does not do in time has failed', async () => {
  const id = 'MQTT_Publish_Retry_No_Puback';
  expect(await run([id], { protocolVersion: 5 }, 700)).toEqual({ [id]: 'FAIL' });
});

// source: developer guide, device-advisor-tests-mqtt, "Device can return PUBACK to an arbitrary topic for QoS1"
test('a device that acknowledges what it receives passes', async () => {
  const id = 'MQTT_Client_Puback_Qos1';
  expect(await run([id])).toEqual({ [id]: 'PASS' });
});

// source: developer guide, device-advisor-tests-shadow, "Device publishes state after it connects"
test('a device reports its state to its shadow', async () => {
  const id = 'Shadow_Publish_Reported_State';
  expect(await run([id])).toEqual({ [id]: 'PASS' });
  shadow = '{"state":{"desired":{"on":true}}}';
  expect(await run([id])).toEqual({ [id]: 'FAIL' });
});
