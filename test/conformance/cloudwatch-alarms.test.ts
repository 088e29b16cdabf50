import type { DescribeAlarmHistoryOutput, DescribeAlarmsOutput, MetricAlarm } from '@aws-sdk/client-cloudwatch';
import type { ReceiveMessageResult } from '@aws-sdk/client-sqs';
import type { ManualClock } from '../../local-cloud/src/core/clock.ts';
import type { ResourceProvider } from '../../local-cloud/src/core/resources.ts';
import { createCloudwatchPlugin } from '../../local-cloud/src/services/cloudwatch/plugin.ts';
import { createSnsPlugin } from '../../local-cloud/src/services/sns/plugin.ts';
import { createSqsPlugin } from '../../local-cloud/src/services/sqs/plugin.ts';
import { ADMINISTRATOR, createTestCloud, type TestCloud, testScope } from '../../local-cloud/src/testing/context.ts';

const MINUTE = 60_000;
const TOPIC = 'arn:aws:sns:us-east-1:123456789012:alarms';
const QUEUE = 'arn:aws:sqs:us-east-1:123456789012:inbox';
const QueueUrl = 'https://sqs.us-east-1.amazonaws.com/123456789012/inbox';

const ALARM = {
  AlarmName: 'load is high',
  Namespace: 'Fleet',
  MetricName: 'load',
  Statistic: 'Maximum',
  Period: 60,
  EvaluationPeriods: 1,
  Threshold: 5,
  ComparisonOperator: 'GreaterThanThreshold',
  AlarmActions: [TOPIC],
  OKActions: [TOPIC],
};

let cloud: TestCloud<ManualClock>;
let provider: ResourceProvider;
const call = <O = object>(service: 'cloudwatch' | 'sns' | 'sqs', operation: string, input: object) =>
  cloud.api.call<O>(ADMINISTRATOR, service, operation, input);
const put = (Value: number, ago = 0) =>
  call('cloudwatch', 'PutMetricData', {
    Namespace: 'Fleet',
    MetricData: [{ MetricName: 'load', Value, Timestamp: new Date(cloud.clock.now() - ago) }],
  });
const alarmed = async (name = ALARM.AlarmName): Promise<MetricAlarm> => {
  const { MetricAlarms } = await call<DescribeAlarmsOutput>('cloudwatch', 'DescribeAlarms', { AlarmNames: [name] });
  return MetricAlarms?.[0] as MetricAlarm;
};
/** Notifications that have come in, oldest first. */
async function notifications(count: number): Promise<{ Subject: string; Message: Record<string, unknown> }[]> {
  const bodies: string[] = [];
  for (let round = 0; bodies.length < count && round < 400; round++) {
    const { Messages } = await call<ReceiveMessageResult>('sqs', 'ReceiveMessage', { QueueUrl });
    bodies.push(...(Messages ?? []).map(({ Body }) => Body ?? ''));
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
  return bodies.map((body) => {
    const { Subject, Message } = JSON.parse(body) as { Subject: string; Message: string };
    return { Subject, Message: JSON.parse(Message) as Record<string, unknown> };
  });
}

beforeEach(async () => {
  cloud = createTestCloud();
  cloud.ports.provide('endpoints', { apiUrl: 'https://localhost:4566', mqttHost: '', mqttPort: 0, caFile: '' });
  cloud.ports.provide('frontDoor', { route: () => {}, upgrade: () => {}, serve: () => {} });
  const sqs = cloud.use(createSqsPlugin);
  const plugin = cloud.use(createCloudwatchPlugin);
  for (const one of [sqs, cloud.use(createSnsPlugin), plugin]) await one.start?.();
  provider = plugin.resources?.[0] as ResourceProvider;
  await call('sqs', 'CreateQueue', { QueueName: 'inbox' });
  await call('sns', 'CreateTopic', { Name: 'alarms' });
  await call('sns', 'Subscribe', { TopicArn: TOPIC, Protocol: 'sqs', Endpoint: QUEUE });
});
afterEach(() => cloud.close());

// source: user guide, "Using Amazon CloudWatch alarms", "Alarm evaluation"
test('an alarm goes to ALARM and back to OK with its metric, and notifies its topic each time', async () => {
  await call('cloudwatch', 'PutMetricAlarm', ALARM);
  expect(await alarmed()).toMatchObject({
    StateValue: 'INSUFFICIENT_DATA',
    StateReason: 'Unchecked: Initial alarm creation',
    AlarmArn: 'arn:aws:cloudwatch:us-east-1:123456789012:alarm:load is high',
    ActionsEnabled: true,
  });
  await put(7);
  await cloud.clock.advance(MINUTE);
  expect(await alarmed()).toMatchObject({
    StateValue: 'ALARM',
    StateReason:
      'Threshold Crossed: 1 out of the last 1 datapoints [7.0 (01/01/26 00:00:00)] was greater than the threshold (5.0) (minimum 1 datapoint for OK -> ALARM transition).',
  });
  await put(5);
  await cloud.clock.advance(MINUTE);
  expect(await alarmed()).toMatchObject({
    StateValue: 'OK',
    StateReason: 'Threshold Crossed: 1 datapoint [5.0 (01/01/26 00:01:00)] was not greater than the threshold (5.0).',
  });
  const [alarm, ok] = await notifications(2);
  expect(alarm).toMatchObject({
    Subject: 'ALARM: "load is high" in US East (N. Virginia)',
    Message: {
      AlarmName: 'load is high',
      AWSAccountId: '123456789012',
      NewStateValue: 'ALARM',
      OldStateValue: 'INSUFFICIENT_DATA',
      StateChangeTime: '2026-01-01T00:01:00.000+0000',
      Trigger: {
        MetricName: 'load',
        Namespace: 'Fleet',
        Statistic: 'MAXIMUM',
        Threshold: 5,
        Period: 60,
        Dimensions: [],
      },
    },
  });
  expect(ok?.Message).toMatchObject({ NewStateValue: 'OK', OldStateValue: 'ALARM' });
});

// source: user guide, "Configuring how CloudWatch alarms treat missing data"
test('missing data leave an alarm alone until its evaluation range is empty, then it has insufficient data', async () => {
  await call('cloudwatch', 'PutMetricAlarm', ALARM);
  await put(7);
  await cloud.clock.advance(2 * MINUTE);
  expect((await alarmed()).StateValue).toBe('ALARM');
  await cloud.clock.advance(2 * MINUTE);
  expect(await alarmed()).toMatchObject({
    StateValue: 'INSUFFICIENT_DATA',
    StateReason: 'Insufficient Data: 1 datapoint was unknown.',
  });
});

// source: user guide, "Configuring how CloudWatch alarms treat missing data"
test('a new alarm without data is OK when missing data are not breaching', async () => {
  await call('cloudwatch', 'PutMetricAlarm', { ...ALARM, TreatMissingData: 'notBreaching' });
  await cloud.clock.advance(MINUTE);
  expect(await alarmed()).toMatchObject({
    StateValue: 'OK',
    StateReason:
      'Threshold Crossed: no datapoints were received for 1 period and 1 missing datapoint was treated as [NonBreaching].',
  });
});

// source: PutMetricAlarm, DatapointsToAlarm
test('two of three datapoints make an alarm', async () => {
  await call('cloudwatch', 'PutMetricAlarm', { ...ALARM, EvaluationPeriods: 3, DatapointsToAlarm: 2 });
  const states: unknown[] = [];
  for (const value of [9, 1, 1, 9, 1, 9]) {
    await put(value);
    await cloud.clock.advance(MINUTE);
    states.push((await alarmed()).StateValue);
  }
  expect(states).toEqual(['INSUFFICIENT_DATA', 'OK', 'OK', 'OK', 'OK', 'ALARM']);
});

// source: PutMetricAlarm, Metrics
test('an alarm on metric math evaluates its expression', async () => {
  const { Namespace, MetricName, Statistic, Period, ...rest } = ALARM;
  const Metrics = [
    { Id: 'm1', MetricStat: { Metric: { Namespace, MetricName }, Period, Stat: Statistic }, ReturnData: false },
    { Id: 'double', Expression: 'FILL(m1, 0) * 2' },
  ];
  await call('cloudwatch', 'PutMetricAlarm', { ...rest, Metrics });
  await put(2.6);
  await cloud.clock.advance(MINUTE);
  expect((await alarmed()).StateValue).toBe('ALARM');
});

// source: SetAlarmState
test('a state set by hand runs the actions, and lasts until the next evaluation', async () => {
  await call('cloudwatch', 'PutMetricAlarm', { ...ALARM, TreatMissingData: 'notBreaching' });
  const set = {
    AlarmName: ALARM.AlarmName,
    StateValue: 'ALARM',
    StateReason: 'drill',
    StateReasonData: '{"by":"hand"}',
  };
  await call('cloudwatch', 'SetAlarmState', set);
  expect(await alarmed()).toMatchObject({
    StateValue: 'ALARM',
    StateReason: 'drill',
    StateReasonData: '{"by":"hand"}',
  });
  expect((await notifications(1))[0]?.Message).toMatchObject({ NewStateReason: 'drill' });
  await cloud.clock.advance(MINUTE);
  expect((await alarmed()).StateValue).toBe('OK');
});

// source: DisableAlarmActions
test('disabled actions do not run, and the history tells what did', async () => {
  const AlarmNames = [ALARM.AlarmName];
  await call('cloudwatch', 'PutMetricAlarm', ALARM);
  await call('cloudwatch', 'DisableAlarmActions', { AlarmNames });
  await put(7);
  await cloud.clock.advance(MINUTE);
  await call('cloudwatch', 'EnableAlarmActions', { AlarmNames });
  await put(1);
  await cloud.clock.advance(MINUTE);
  expect((await notifications(1))[0]?.Message).toMatchObject({ NewStateValue: 'OK' });
  const { AlarmHistoryItems } = await call<DescribeAlarmHistoryOutput>('cloudwatch', 'DescribeAlarmHistory', {
    AlarmName: ALARM.AlarmName,
    ScanBy: 'TimestampAscending',
  });
  expect(AlarmHistoryItems?.map(({ HistorySummary }) => HistorySummary)).toEqual([
    'Alarm "load is high" created',
    'Alarm updated from INSUFFICIENT_DATA to ALARM',
    'Alarm updated from ALARM to OK',
    `Successfully executed action ${TOPIC}`,
  ]);
});

// source: PutMetricAlarm
test.each<[string, object, string]>([
  ['a period of no whole minutes', { Period: 90 }, 'InvalidParameterValueException'],
  ['two kinds of statistics', { ExtendedStatistic: 'p99' }, 'InvalidParameterCombinationException'],
  ['more datapoints to alarm than periods', { DatapointsToAlarm: 2 }, 'ValidationError'],
  ['an unknown treatment of missing data', { TreatMissingData: 'no' }, 'ValidationError'],
  ['an unknown comparison', { ComparisonOperator: 'Equal' }, 'ValidationError'],
  ['more than a day of short periods', { EvaluationPeriods: 1441 }, 'ValidationError'],
  ['six actions', { AlarmActions: new Array(6).fill(TOPIC) }, 'ValidationError'],
  ['anomaly detection', { ComparisonOperator: 'GreaterThanUpperThreshold' }, 'NotImplemented'],
  ['actions on instances', { AlarmActions: ['arn:aws:automate:us-east-1:ec2:stop'] }, 'NotImplemented'],
  ['periods of seconds', { Period: 10 }, 'NotImplemented'],
])('PutMetricAlarm refuses %s', async (_name, change, code) => {
  await expect(call('cloudwatch', 'PutMetricAlarm', { ...ALARM, ...change })).rejects.toMatchObject({ code });
});

// source: DeleteAlarms
test('DeleteAlarms deletes all or none', async () => {
  await call('cloudwatch', 'PutMetricAlarm', ALARM);
  const absent = call('cloudwatch', 'DeleteAlarms', { AlarmNames: [ALARM.AlarmName, 'absent'] });
  await expect(absent).rejects.toMatchObject({ code: 'ResourceNotFound' });
  expect(await alarmed()).toBeDefined();
  await call('cloudwatch', 'DeleteAlarms', { AlarmNames: [ALARM.AlarmName] });
  expect(await alarmed()).toBeUndefined();
});

// source: CloudFormation template reference, "AWS::CloudWatch::Alarm"
test('an alarm of a template on a metric of a service is evaluated', async () => {
  const properties = {
    ComparisonOperator: 'GreaterThanThreshold',
    Dimensions: [{ Name: 'QueueName', Value: 'inbox' }],
    EvaluationPeriods: 1,
    MetricName: 'ApproximateNumberOfMessagesVisible',
    Namespace: 'AWS/SQS',
    Period: 60,
    Statistic: 'Maximum',
    Tags: [{ Key: 'stage', Value: 'dev' }],
    Threshold: 0,
    TreatMissingData: 'notBreaching',
  };
  const state = await provider.create(properties, testScope('NotEmpty'));
  expect(state.attributes.Arn).toBe(`arn:aws:cloudwatch:us-east-1:123456789012:alarm:${state.physicalId}`);
  await cloud.clock.advance(MINUTE);
  expect((await alarmed(state.physicalId)).StateValue).toBe('OK');
  await call('sqs', 'SendMessage', { QueueUrl, MessageBody: 'dead' });
  await cloud.clock.advance(MINUTE);
  expect((await alarmed(state.physicalId)).StateValue).toBe('ALARM');
  await provider.delete(state, properties, testScope('NotEmpty'));
  expect(await alarmed(state.physicalId)).toBeUndefined();
});
