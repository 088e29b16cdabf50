import { GetThingShadowCommand, IoTDataPlaneClient, UpdateThingShadowCommand } from '@aws-sdk/client-iot-data-plane';
import { GetQueueAttributesCommand, SQSClient } from '@aws-sdk/client-sqs';
import {
  type Alert,
  CLASSIC_SHADOW,
  type DeviceAddress,
  lastWillTopic,
  type PresenceShadow,
} from '@fleetwright/contracts';
import type { MqttClient } from 'mqtt';
import type { Device } from '../../device-client/src/index.ts';
import { eventually } from '../support/eventually.ts';
import { connectRaw } from '../support/raw-device.ts';
import { startTwinPlatform, type TwinPlatform } from '../support/twin-platform.ts';

const RAISE_AFTER = 3;
const SETTLE = 2;
const OFFLINE_ALERT = 6;
/** seconds; the shortest that AWS IoT takes is 30 */
const KEEP_ALIVE = 30;

let twin: TwinPlatform;
let data: IoTDataPlaneClient;
const clients: MqttClient[] = [];
/** It takes three quarters of a minute, in which the other tests run. */
let silence: ReturnType<typeof fallSilent>;

beforeAll(async () => {
  twin = await startTwinPlatform({
    RAISE_AFTER_SECONDS: String(RAISE_AFTER),
    CLEAR_AFTER_SECONDS: '1',
    SETTLE_SECONDS: String(SETTLE),
    OFFLINE_ALERT_SECONDS: String(OFFLINE_ALERT),
  });
  data = new IoTDataPlaneClient(twin.platform.settings);
  silence = fallSilent('TWIN-0005');
  // Its failure is that of its test.
  silence.catch(() => undefined);
}, 120_000);
afterAll(async () => {
  for (const client of clients) client.end(true);
  data?.destroy();
  await twin?.stop();
});

async function provisioned(serialNumber: string): Promise<Device> {
  const device = twin.platform.device(serialNumber);
  await device.start();
  await device.stop();
  return device;
}

async function connected(device: Device, options: object = {}): Promise<MqttClient> {
  const { identity } = device;
  const client = await connectRaw(twin.platform.description, identity, identity.thingName, options);
  clients.push(client);
  return client;
}

function addressOf({ identity: { configuration, thingName } }: Device): DeviceAddress {
  return { ...configuration, thingName };
}

async function desire(thingName: string, desired: object, shadowName?: string): Promise<void> {
  const payload = Buffer.from(JSON.stringify({ state: { desired } }));
  await data.send(new UpdateThingShadowCommand({ thingName, shadowName, payload }));
}

async function presenceOf(thingName: string): Promise<PresenceShadow> {
  const { payload } = await data.send(new GetThingShadowCommand({ thingName, shadowName: 'presence' }));
  return JSON.parse(Buffer.from(payload ?? []).toString('utf8')).state.reported;
}

function shown(thingName: string, status: PresenceShadow['status'], timeout?: number): Promise<PresenceShadow> {
  return eventually(
    `${thingName} ${status}`,
    async () => {
      const presence = await presenceOf(thingName);
      return presence.status === status && presence;
    },
    timeout,
  );
}

function alerted(kind: Alert['kind'], thingName: string, state: Alert['state']): Promise<Alert> {
  return eventually(
    `alert on ${kind} ${state}`,
    async () =>
      (await twin.alerts()).find(
        (alert) => alert.kind === kind && alert.thingName === thingName && alert.state === state,
      ),
    30_000,
  );
}

test('a desired state that is not reported for too long raises an alert, and clears it when it is', async () => {
  const device = await provisioned('TWIN-0001');
  const { thingName } = device.identity;
  const client = await connected(device);
  const began = Date.now();
  await desire(thingName, { sampleInterval: 500, mode: { night: true } }, 'config');
  const raised = await alerted('drift', thingName, 'raised');
  expect(raised).toMatchObject({ shadowName: 'config', paths: ['sampleInterval', 'mode'] });
  expect(raised.at - began).toBeGreaterThanOrEqual(RAISE_AFTER * 1_000);

  const report = { state: { reported: { sampleInterval: 500, mode: { night: true } } } };
  await client.publishAsync(`$aws/things/${thingName}/shadow/name/config/update`, JSON.stringify(report), { qos: 1 });
  const cleared = await alerted('drift', thingName, 'cleared');
  expect(cleared.alertId).toBe(raised.alertId);
}, 60_000);

test('a desired state that is reported in time is no alert, and neither is a shadow that is deleted', async () => {
  const device = await provisioned('TWIN-0002');
  const { thingName } = device.identity;
  const client = await connected(device);
  await desire(thingName, { sampleInterval: 500 }, 'config');
  await desire(thingName, { colour: 'red' });
  const report = { state: { reported: { sampleInterval: 500 } } };
  await client.publishAsync(`$aws/things/${thingName}/shadow/name/config/update`, JSON.stringify(report), { qos: 1 });
  await client.publishAsync(`$aws/things/${thingName}/shadow/delete`, '', { qos: 1 });
  await new Promise((resolve) => setTimeout(resolve, (RAISE_AFTER + 3) * 1_000));
  expect((await twin.alerts()).filter((alert) => alert.thingName === thingName)).toEqual([]);
}, 60_000);

test('every version of a shadow is in the history, in order, large ones in parts', async () => {
  const device = await provisioned('TWIN-0003');
  const { thingName } = device.identity;
  await desire(thingName, { step: 1 });
  await desire(thingName, { step: 2, text: 'ä'.repeat(900) });
  await desire(thingName, { text: null });
  const { DatabaseName } = twin.platform.outputs;
  const rows = await eventually('the history', async () => {
    const result = await twin.platform.reader.query(
      `SELECT version, part, parts, desired FROM "${DatabaseName}"."twin"
       WHERE thing_name = '${thingName}' AND shadow = '${CLASSIC_SHADOW}' ORDER BY time`,
    );
    return result.rows.some(([version]) => version === '3') && result.rows;
  });
  expect(rows.map(([version]) => version)).toEqual(['1', '2', '2', '2', '3']);
  const second = rows.filter(([version]) => version === '2');
  expect(second.map(([, part, parts]) => [part, parts])).toEqual([
    ['0', '3'],
    ['1', '3'],
    ['2', '3'],
  ]);
  expect(JSON.parse(second.map(([, , , desired]) => desired).join(''))).toEqual({ step: 2, text: 'ä'.repeat(900) });
  expect(JSON.parse(rows.at(-1)?.[3] as string)).toEqual({ step: 2 });
});

test('a device that dies without a goodbye is offline within 1.5 keep-alives, and an alert when it stays away', async () => {
  const device = await provisioned('TWIN-0004');
  const { thingName } = device.identity;
  const will = { topic: lastWillTopic(addressOf(device)), payload: Buffer.from('{}'), qos: 1, retain: false };
  const client = await connected(device, { keepalive: KEEP_ALIVE, will });
  await shown(thingName, 'online');
  const died = Date.now();
  client.stream.destroy();
  const gone = await shown(thingName, 'offline', KEEP_ALIVE * 1_500);
  expect(Date.now() - died).toBeLessThanOrEqual(KEEP_ALIVE * 1_500);
  expect(gone.reason).toBe('CONNECTION_LOST');
  const raised = await alerted('offline', thingName, 'raised');
  expect(raised.since).toBe(gone.since);

  await connected(device);
  await shown(thingName, 'online');
  expect((await alerted('offline', thingName, 'cleared')).alertId).toBe(raised.alertId);
}, 90_000);

test('a device that comes back before the wait is over was never offline', async () => {
  const device = await provisioned('TWIN-0006');
  const { thingName } = device.identity;
  const first = await connected(device);
  const before = await shown(thingName, 'online');
  first.stream.destroy();
  await connected(device);
  await new Promise((resolve) => setTimeout(resolve, (SETTLE + 3) * 1_000));
  expect(await presenceOf(thingName)).toEqual(before);
}, 60_000);

test('a device cannot say of itself that it is there', async () => {
  const device = await provisioned('TWIN-0007');
  const { thingName } = device.identity;
  const client = await connected(device);
  await shown(thingName, 'online');
  const forged = JSON.stringify({ state: { reported: { status: 'offline' } } });
  const topic = `$aws/things/${thingName}/shadow/name/presence/update`;
  const refusal = await client.publishAsync(topic, forged, { qos: 1 }).catch((error: unknown) => error);
  expect(refusal).toMatchObject({ code: 0x87 });
  expect((await presenceOf(thingName)).status).toBe('online');
});

/** A device that announces a keep-alive and never pings. */
async function fallSilent(serialNumber: string): Promise<{ last: number; gone: PresenceShadow }> {
  const device = await provisioned(serialNumber);
  const { thingName } = device.identity;
  const client = await connected(device, { keepalive: KEEP_ALIVE });
  (client as unknown as { _destroyKeepaliveManager(): void })._destroyKeepaliveManager();
  await shown(thingName, 'online');
  const last = Date.now();
  return { last, gone: await shown(thingName, 'offline', KEEP_ALIVE * 1_500 + 20_000) };
}

test('a device that falls silent on an open connection is offline since at most 1.5 keep-alives after its last packet', async () => {
  const { gone, last } = await silence;
  expect(gone.reason).toBe('MQTT_KEEP_ALIVE_TIMEOUT');
  expect(gone.since - last).toBeLessThanOrEqual(KEEP_ALIVE * 1_500 + 500);
}, 90_000);

test('nothing of it ended in a dead-letter queue', async () => {
  const sqs = new SQSClient(twin.platform.settings);
  for (const [name, QueueUrl] of Object.entries(twin.outputs)) {
    if (!name.endsWith('QueueUrl')) continue;
    const { Attributes } = await sqs.send(
      new GetQueueAttributesCommand({ QueueUrl, AttributeNames: ['ApproximateNumberOfMessages'] }),
    );
    expect([name, Attributes?.ApproximateNumberOfMessages]).toEqual([name, '0']);
  }
  sqs.destroy();
});
