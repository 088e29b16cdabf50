import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { DynamoDBClient, GetItemCommand } from '@aws-sdk/client-dynamodb';
import {
  AttachPolicyCommand,
  DescribeAuditTaskCommand,
  DescribeCertificateCommand,
  DescribeThingGroupCommand,
  DetachPolicyCommand,
  IoTClient,
  StartOnDemandAuditTaskCommand,
} from '@aws-sdk/client-iot';
import { channelTopic } from '@fleetwright/contracts';
import type { MqttClient } from 'mqtt';
import type { Device } from '../../device-client/src/index.ts';
import { endCommands, fleetwright } from '../support/command.ts';
import { configuredAssembly } from '../support/configured-assembly.ts';
import { eventually } from '../support/eventually.ts';
import { startTestPlatform, type TestPlatform, temporaryDirectory } from '../support/platform.ts';
import { closed, connectRaw } from '../support/raw-device.ts';
import { listenToTopic, type TopicListener } from '../support/topic-listener.ts';

let directory: string;
let platform: TestPlatform;
let outputs: Record<string, string>;
let alarms: TopicListener;
let findings: TopicListener;
let dynamodb: DynamoDBClient;

beforeAll(async () => {
  directory = temporaryDirectory();
  const assembly = configuredAssembly(join(directory, 'cdk.out'), {
    security: {
      audit: { ownAccountSettings: true, checks: ['LOGGING_DISABLED_CHECK', 'DEVICE_CERTIFICATE_SHARED_CHECK'] },
      detect: { establishedConnections: 5, authorizationFailures: 3 },
      quarantine: { automatic: true, behaviors: ['established-connections'], maxPerHour: 1, confirmSeconds: 30 },
    },
  });
  platform = await startTestPlatform({ directory, assembly });
  outputs = Object.assign({}, ...platform.description.stacks.map((stack) => stack.outputs));
  alarms = await listenToTopic(platform.settings, outputs.AlarmTopicArn as string, 'heard-alarms');
  findings = await listenToTopic(platform.settings, outputs.SecurityFindingsTopicArn as string, 'heard-findings');
  dynamodb = new DynamoDBClient(platform.settings);
}, 120_000);
afterAll(async () => {
  alarms?.close();
  findings?.close();
  dynamodb?.destroy();
  await endCommands();
  await platform?.stop();
  rmSync(directory, { recursive: true, force: true });
});

const dataDirectory = () => ['--data-dir', join(directory, 'data')];

/** Provisioned, stopped, and connected again by hand. */
async function connected(serialNumber: string): Promise<{ device: Device; client: MqttClient }> {
  const device = platform.device(serialNumber);
  await device.start();
  await device.stop();
  return { device, client: await connectRaw(platform.description, device.identity, device.identity.thingName) };
}

function eventOf(device: Device): [string, string] {
  const { configuration, thingName } = device.identity;
  const samples = [{ time: Date.now(), values: { v: 1 } }];
  const message = { version: 1, bootId: 9, sequence: 1, samples };
  return [channelTopic({ ...configuration, thingName }, 'event'), JSON.stringify(message)];
}

/** A device metrics report (developer guide, `detect-device-side-metrics`) with so many connections. */
async function reportConnections(device: Device, client: MqttClient, total: number): Promise<void> {
  const report = {
    header: { report_id: Date.now(), version: '1.0' },
    metrics: { tcp_connections: { established_connections: { total } } },
  };
  const topic = `$aws/things/${device.identity.thingName}/defender/metrics/json`;
  await client.publishAsync(topic, JSON.stringify(report), { qos: 1 });
}

async function recordOf(device: Device): Promise<Record<string, string | undefined>> {
  const { Item = {} } = await dynamodb.send(
    new GetItemCommand({
      TableName: outputs.QuarantineTableName,
      Key: { id: { S: `thing#${device.identity.thingName}` } },
      ConsistentRead: true,
    }),
  );
  return Object.fromEntries(Object.entries(Item).map(([name, value]) => [name, value.S ?? value.N]));
}

/** Whether the device can connect and publish, as it would. */
async function canPublish(device: Device): Promise<boolean> {
  let client: MqttClient | undefined;
  try {
    client = await connectRaw(platform.description, device.identity, device.identity.thingName);
    await client.publishAsync(...eventOf(device), { qos: 1 });
    return true;
  } catch {
    return false;
  } finally {
    client?.end(true);
  }
}

test('a device that misbehaves is quarantined by itself and cannot publish; released, it can again', async () => {
  // The bound of this test is for one clock hour.
  const left = 3_600_000 - (Date.now() % 3_600_000);
  if (left < 60_000) await new Promise((resolve) => setTimeout(resolve, left));
  const { device, client } = await connected('BAD-0001');
  await client.publishAsync(...eventOf(device), { qos: 1 });
  const ended = closed(client);
  await reportConnections(device, client, 50);
  await ended;
  await eventually('the record of the quarantine', async () => (await recordOf(device)).state === 'quarantined');
  expect(await recordOf(device)).toMatchObject({
    origin: 'violation',
    reason: 'established-connections of profile fleetwright-dev-devices',
    by: expect.stringMatching(/^Device Defender, violation [0-9a-f]{32}$/),
  });
  expect(await findings.heard()).toContainEqual(
    expect.objectContaining({ thingName: device.identity.thingName, violationEventType: 'in-alarm' }),
  );
  await eventually('the policy to take effect', async () => !(await canPublish(device)));
  expect(await canPublish(device)).toBe(false);

  // The next one that misbehaves in the same hour is one too many: it goes on, and the operator is told.
  const second = await connected('BAD-0002');
  await reportConnections(second.device, second.client, 50);
  await eventually('the second violation', async () =>
    (await findings.heard()).some(({ thingName }) => thingName === second.device.identity.thingName),
  );
  await new Promise((resolve) => setTimeout(resolve, 2_000));
  expect(second.client.connected).toBe(true);
  expect((await recordOf(second.device)).state).toBeUndefined();
  second.client.end(true);

  const { thingName } = device.identity;
  const released = await fleetwright('device', 'release', thingName, '--reason', 'repaired', ...dataDirectory()).result;
  expect(released).toMatchObject({ exitCode: 0, stderr: expect.stringContaining('is released') });
  expect(await recordOf(device)).toMatchObject({ state: 'released', releaseReason: 'repaired' });
  await eventually('the device to publish again', () => canPublish(device));
}, 90_000);

test('an operator quarantines and releases by command, and is told what there is to tell', async () => {
  const { device, client } = await connected('GOOD-0001');
  const { thingName } = device.identity;
  const order = (action: string, name = thingName) =>
    fleetwright('device', action, name, '--reason', 'a test', '--json', ...dataDirectory()).result;
  const outcome = (stdout: string) => (JSON.parse(stdout) as { outcome: string }).outcome;
  const ended = closed(client);
  expect(outcome((await order('quarantine')).stdout)).toBe('QUARANTINED');
  await ended;
  expect(outcome((await order('quarantine')).stdout)).toBe('ALREADY_QUARANTINED');
  await eventually('the policy to take effect', async () => !(await canPublish(device)));
  expect(outcome((await order('release')).stdout)).toBe('RELEASED');
  expect(outcome((await order('release')).stdout)).toBe('NOT_QUARANTINED');
  await eventually('the device to publish again', () => canPublish(device));
  expect(await order('quarantine', 'fleetwright-dev-pump-station-NOBODY')).toMatchObject({ exitCode: 1 });
  expect(await order('quarantine', 'another-thing')).toMatchObject({ exitCode: 1 });
}, 90_000);

test('a device that the policy does not stop loses its certificate, and has it back when it is released', async () => {
  const iot = new IoTClient(platform.settings);
  const { device } = await connected('STUBBORN-0001');
  const { certificateId, thingName } = device.identity;
  const policy = { policyName: 'fleetwright-dev-quarantine', target: await quarantineGroupArn(iot) };
  const status = async () =>
    (await iot.send(new DescribeCertificateCommand({ certificateId }))).certificateDescription?.status;
  // As if the change of its policies took for ever to reach the device.
  await iot.send(new DetachPolicyCommand(policy));
  try {
    await fleetwright('device', 'quarantine', thingName, '--reason', 'a test', ...dataDirectory()).result;
    const again = await eventually('the device to come back', () =>
      connectRaw(platform.description, device.identity, thingName),
    );
    const ended = closed(again);
    await ended;
    await eventually('the certificate to be inactive', async () => (await status()) === 'INACTIVE');
    await fleetwright('device', 'release', thingName, '--reason', 'repaired', ...dataDirectory()).result;
    expect(await status()).toBe('ACTIVE');
    await eventually('the device to publish again', () => canPublish(device));
  } finally {
    await iot.send(new AttachPolicyCommand(policy));
    iot.destroy();
  }
}, 120_000);

async function quarantineGroupArn(iot: IoTClient): Promise<string> {
  const { thingGroupArn = '' } = await iot.send(
    new DescribeThingGroupCommand({ thingGroupName: 'fleetwright-dev-quarantine' }),
  );
  return thingGroupArn;
}

test('an audit tells its topic, and its findings are printed by command', async () => {
  const iot = new IoTClient(platform.settings);
  const { taskId } = await iot.send(
    new StartOnDemandAuditTaskCommand({ targetCheckNames: ['LOGGING_DISABLED_CHECK'] }),
  );
  await eventually(
    'the audit',
    async () => (await iot.send(new DescribeAuditTaskCommand({ taskId }))).taskStatus === 'COMPLETED',
  );
  iot.destroy();
  await eventually('the notice', async () =>
    (await findings.heard()).some((message) => message.taskId === taskId && message.nonCompliantChecksCount === 1),
  );
  const { exitCode, stdout } = await fleetwright('audit', 'findings', ...dataDirectory()).result;
  expect(exitCode).toBe(0);
  expect(stdout).toMatch(/LOGGING_DISABLED_CHECK/);
  expect(stdout).toMatch(/1 finding\n/);
}, 60_000);

test('alarms of the quarantine and of its bound reach a subscriber of the alarm topic', async () => {
  const state = async (part: string) =>
    (await alarms.heard()).some(
      ({ AlarmName, NewStateValue }) => String(AlarmName).includes(part) && NewStateValue === 'ALARM',
    );
  await eventually('the alarm of the quarantine', () => state('QuarantineQuarantined'), 150_000);
  await eventually('the alarm of the bound', () => state('QuarantineOverBound'), 150_000);
}, 320_000);
