import type { DescribeLogStreamsResponse, GetLogEventsResponse } from '@aws-sdk/client-cloudwatch-logs';
import { ManualClock } from '../../local-cloud/src/core/clock.ts';
import { createCloudwatchLogsPlugin } from '../../local-cloud/src/services/cloudwatch-logs/plugin.ts';
import { type IotTestCloud, startIot } from '../../local-cloud/src/services/iot/testing/iot-test-cloud.ts';
import { ADMINISTRATOR } from '../../local-cloud/src/testing/context.ts';

// source: developer guide, cwl-format, configure-logging, cloud-watch-logs

const ROLE = 'arn:aws:iam::123456789012:role/logger';
const GROUP = 'AWSIotLogsV2';
const DEVICE = { clientId: 'pump-1', principalId: 'abc', sourceIp: '203.0.113.7' };

let iot: IotTestCloud;
let clock: ManualClock;

beforeEach(async () => {
  clock = new ManualClock(Date.UTC(2026, 0, 2, 3, 4, 5, 678));
  iot = await startIot({ clock, prepare: (cloud) => void cloud.use(createCloudwatchLogsPlugin) });
});
afterEach(() => iot.cloud.close());

const logs = <O>(operation: string, input: object): Promise<O> =>
  iot.cloud.api.call(ADMINISTRATOR, 'cloudwatch-logs', operation, input);
const enable = (defaultLogLevel: string) =>
  iot.call('SetV2LoggingOptions', { roleArn: ROLE, defaultLogLevel, disableAllLogs: false });
const activity = () => iot.cloud.ports.get('deviceActivity');

/** What is written once there are `count` entries, or after a while. */
async function written(count: number): Promise<Record<string, unknown>[]> {
  await clock.advance(1_000);
  const patience = count === 0 ? 20 : 500;
  let found: Record<string, unknown>[] = [];
  for (let turn = 0; turn < patience && found.length < Math.max(count, 1); turn++) {
    await new Promise((resolve) => setTimeout(resolve, 10));
    found = await entries().catch(() => []);
  }
  return found;
}

async function entries(): Promise<Record<string, unknown>[]> {
  const input = { logGroupName: GROUP };
  const { logStreams = [] } = await logs<DescribeLogStreamsResponse>('DescribeLogStreams', input);
  const pages = logStreams.map(({ logStreamName }) =>
    logs<GetLogEventsResponse>('GetLogEvents', { ...input, logStreamName, startFromHead: true }),
  );
  const events = (await Promise.all(pages)).flatMap((page) => page.events ?? []);
  return events.map(({ message = '' }) => JSON.parse(message) as Record<string, unknown>);
}

test('nothing is written until logging is configured', async () => {
  activity().connected(DEVICE).sent('a', 1);
  expect(await written(0)).toEqual([]);
});

test('at level INFO a connection is told from Connect to Disconnect, with the attributes of the guide', async () => {
  await enable('INFO');
  const connection = activity().connected(DEVICE);
  connection.subscribed?.('a/#');
  connection.sent('a/b', 10, true);
  connection.received('a/b');
  activity().disconnected(DEVICE, 'CLIENT_INITIATED_DISCONNECT');
  const common = { logLevel: 'INFO', accountId: '123456789012', status: 'Success', protocol: 'MQTT', ...DEVICE };
  const traced = { timestamp: '2026-01-02 03:04:05.678', traceId: expect.stringMatching(/^[0-9a-f-]{36}$/), ...common };
  expect(await written(5)).toEqual([
    { ...traced, eventType: 'Connect' },
    { ...traced, eventType: 'Subscribe', topicName: 'a/#' },
    { ...traced, eventType: 'Publish-In', topicName: 'a/b', retain: 'True' },
    { ...traced, eventType: 'Publish-Out', topicName: 'a/b' },
    { ...traced, eventType: 'Disconnect', disconnectReason: 'CLIENT_INITIATED_DISCONNECT' },
  ]);
});

// assumed: the guide shows no entry of a refusal, and names neither its reason nor its details
test('at level ERROR only refusals are told', async () => {
  await enable('ERROR');
  const connection = activity().connected(DEVICE);
  connection.sent('a/b', 10);
  connection.denied('b/c', 'publish');
  connection.denied('b/#', 'subscribe');
  activity().refused('pump-2', '203.0.113.8', 'def');
  const failed = { logLevel: 'ERROR', status: 'Failure', reason: 'AUTHORIZATION_FAILURE' };
  expect(await written(3)).toMatchObject([
    { ...failed, eventType: 'Publish-In', topicName: 'b/c', clientId: 'pump-1' },
    { ...failed, eventType: 'Subscribe', topicName: 'b/#' },
    { ...failed, eventType: 'Connect', clientId: 'pump-2', principalId: 'def', sourceIp: '203.0.113.8' },
  ]);
});

test('a level of its own holds for the things of a group, and a child group overrides it', async () => {
  await enable('DISABLED');
  for (const thingName of ['pump-1', 'pump-2', 'pump-3']) await iot.call('CreateThing', { thingName });
  await iot.call('CreateThingGroup', { thingGroupName: 'all' });
  await iot.call('CreateThingGroup', { thingGroupName: 'quiet', parentGroupName: 'all' });
  await iot.call('AddThingToThingGroup', { thingGroupName: 'all', thingName: 'pump-1' });
  await iot.call('AddThingToThingGroup', { thingGroupName: 'quiet', thingName: 'pump-2' });
  for (const [targetName, logLevel] of [
    ['all', 'INFO'],
    ['quiet', 'ERROR'],
  ]) {
    await iot.call('SetV2LoggingLevel', { logTarget: { targetType: 'THING_GROUP', targetName }, logLevel });
  }
  for (const clientId of ['pump-1', 'pump-2', 'pump-3']) activity().connected({ ...DEVICE, clientId });
  expect((await written(1)).map(({ clientId }) => clientId)).toEqual(['pump-1']);
});

// source: AWS IoT Core quotas, "Client ID size" and "Thing group name size"; API reference, SetV2LoggingLevel, InvalidRequestException
test('a logging target that nothing can be called is refused', async () => {
  await enable('INFO');
  const logTarget = { targetType: 'THING_GROUP', targetName: 'a'.repeat(129) };
  await expect(iot.call('SetV2LoggingLevel', { logTarget, logLevel: 'INFO' })).rejects.toMatchObject({
    code: 'InvalidRequestException',
  });
});

test('disabling all logs ends them', async () => {
  await enable('INFO');
  await iot.call('SetV2LoggingOptions', { disableAllLogs: true });
  activity().connected(DEVICE);
  expect(await written(0)).toEqual([]);
});

// assumed: the guide names neither the log stream nor what becomes of entries that cannot be written
test('a role that may not write logs loses the entries', async () => {
  await enable('INFO');
  iot.cloud.denied.add('logs:PutLogEvents');
  activity().connected(DEVICE);
  expect(await written(0)).toEqual([]);
});
