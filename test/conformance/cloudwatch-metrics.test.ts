import type {
  GetMetricDataOutput,
  GetMetricStatisticsOutput,
  ListMetricsOutput,
  MetricDatum,
} from '@aws-sdk/client-cloudwatch';
import type { ManualClock } from '../../local-cloud/src/core/clock.ts';
import { createCloudwatchPlugin } from '../../local-cloud/src/services/cloudwatch/plugin.ts';
import { createCloudwatchLogsPlugin } from '../../local-cloud/src/services/cloudwatch-logs/plugin.ts';
import { ADMINISTRATOR, createTestCloud, type TestCloud } from '../../local-cloud/src/testing/context.ts';

const MINUTE = 60_000;

let cloud: TestCloud<ManualClock>;
let start: number;
const cloudwatch = <O = object>(operation: string, input: object) =>
  cloud.api.call<O>(ADMINISTRATOR, 'cloudwatch', operation, input);
const put = (...MetricData: MetricDatum[]) => cloudwatch('PutMetricData', { Namespace: 'Fleet', MetricData });
const statistics = async (Statistics: string[], Period = 60, more: object = {}) => {
  const { Datapoints = [] } = await cloudwatch<GetMetricStatisticsOutput>('GetMetricStatistics', {
    Namespace: 'Fleet',
    MetricName: 'load',
    StartTime: new Date(start),
    EndTime: new Date(start + 10 * MINUTE),
    Period,
    ...(Statistics.length > 0 ? { Statistics } : {}),
    ...more,
  });
  return Datapoints;
};

beforeEach(async () => {
  cloud = createTestCloud();
  start = cloud.clock.now();
  await cloud.use(createCloudwatchPlugin).start?.();
});
afterEach(() => cloud.close());

// source: PutMetricData
describe('PutMetricData', () => {
  test('sums up values, counted values and statistic sets by the minute', async () => {
    await put({ MetricName: 'load', Value: 4, Timestamp: new Date(start + 5_000) });
    await put({ MetricName: 'load', Values: [1, 3], Counts: [2, 1], Timestamp: new Date(start + 50_000) });
    const StatisticValues = { SampleCount: 2, Sum: 20, Minimum: 8, Maximum: 12 };
    await put({ MetricName: 'load', StatisticValues, Timestamp: new Date(start + 60_000) });
    const points = await statistics(['SampleCount', 'Sum', 'Minimum', 'Maximum', 'Average']);
    expect(points).toEqual([
      { Timestamp: new Date(start), Unit: 'None', SampleCount: 4, Sum: 9, Minimum: 1, Maximum: 4, Average: 2.25 },
      {
        Timestamp: new Date(start + MINUTE),
        Unit: 'None',
        SampleCount: 2,
        Sum: 20,
        Minimum: 8,
        Maximum: 12,
        Average: 10,
      },
    ]);
    expect(await statistics(['Sum'], 120)).toEqual([{ Timestamp: new Date(start), Unit: 'None', Sum: 29 }]);
  });

  const now = Date.UTC(2026, 0, 1);
  test.each<[string, Partial<MetricDatum>, string]>([
    [
      'a time more than two weeks ago',
      { Timestamp: new Date(now - 14 * 86_400_000 - 1) },
      'InvalidParameterValueException',
    ],
    ['a time more than two hours ahead', { Timestamp: new Date(now + 7_200_001) }, 'InvalidParameterValueException'],
    ['what is no number', { Value: Number.NaN }, 'InvalidParameterValueException'],
    ['values beyond 2^360', { Value: 2 ** 361 }, 'InvalidParameterValueException'],
    ['an unknown unit', { Unit: 'Miles' as 'None' }, 'InvalidParameterValueException'],
    ['a value and values', { Values: [1] }, 'InvalidParameterCombinationException'],
    ['an empty dimension', { Dimensions: [{ Name: 'a', Value: '' }] }, 'InvalidParameterValueException'],
    [
      'more than 30 dimensions',
      { Dimensions: Array.from({ length: 31 }, (_, index) => ({ Name: `d${index}`, Value: 'x' })) },
      'InvalidParameterValueException',
    ],
  ])('refuses %s', async (_name, datum, code) => {
    await expect(put({ MetricName: 'load', Value: 1, ...datum })).rejects.toMatchObject({ code });
  });

  test('refuses namespaces of AWS, and 1,001 data at once', async () => {
    await expect(
      cloudwatch('PutMetricData', { Namespace: 'AWS/SQS', MetricData: [{ MetricName: 'x', Value: 1 }] }),
    ).rejects.toMatchObject({ code: 'InvalidParameterValueException' });
    await expect(put(...new Array<MetricDatum>(1001).fill({ MetricName: 'load', Value: 1 }))).rejects.toMatchObject({
      code: 'InvalidParameterValueException',
    });
  });
});

// source: user guide, "CloudWatch statistics definitions", percentiles
test('percentiles come from values, and not from statistic sets without them', async () => {
  const Values = Array.from({ length: 100 }, (_, index) => index + 1);
  await put({ MetricName: 'load', Values });
  const [point] = await statistics([], 60, { ExtendedStatistics: ['p50', 'p99', 'p99.9'] });
  expect(point?.ExtendedStatistics).toEqual({ p50: 50, p99: 99, 'p99.9': 100 });
  await put({ MetricName: 'load', StatisticValues: { SampleCount: 2, Sum: 3, Minimum: 1, Maximum: 2 } });
  const [mixed] = await statistics([], 60, { ExtendedStatistics: ['p50'] });
  expect(mixed?.ExtendedStatistics).toBeUndefined();
});

// source: GetMetricStatistics
test('GetMetricStatistics refuses more than 1,440 datapoints', async () => {
  await expect(statistics(['Sum'], 60, { EndTime: new Date(start + 1441 * MINUTE) })).rejects.toMatchObject({
    code: 'InvalidParameterCombinationException',
    message: expect.stringContaining('You have requested up to 1,441 datapoints'),
  });
});

// source: GetMetricData
test('GetMetricData reads metrics and math over them, newest first unless asked otherwise', async () => {
  for (let minute = 0; minute < 3; minute++) {
    await put({ MetricName: 'load', Value: minute + 1, Timestamp: new Date(start + minute * MINUTE) });
  }
  await put({ MetricName: 'errors', Value: 1, Timestamp: new Date(start) });
  const stat = (MetricName: string) => ({ Metric: { Namespace: 'Fleet', MetricName }, Period: 60, Stat: 'Sum' });
  const read = async (more: object = {}) =>
    (
      await cloudwatch<GetMetricDataOutput>('GetMetricData', {
        StartTime: new Date(start),
        EndTime: new Date(start + 3 * MINUTE),
        MetricDataQueries: [
          { Id: 'load', MetricStat: stat('load') },
          { Id: 'errors', MetricStat: stat('errors'), ReturnData: false },
          { Id: 'rate', Expression: '100 * FILL(errors, 0) / load', Label: 'Error rate' },
        ],
        ...more,
      })
    ).MetricDataResults;
  expect(await read({ ScanBy: 'TimestampAscending' })).toMatchObject([
    { Id: 'load', Label: 'load', Values: [1, 2, 3], StatusCode: 'Complete' },
    { Id: 'rate', Label: 'Error rate', Values: [100, 0, 0] },
  ]);
  const [load] = (await read()) ?? [];
  expect(load?.Values).toEqual([3, 2, 1]);
  expect(load?.Timestamps?.[0]).toEqual(new Date(start + 2 * MINUTE));
});

// assumed: AWS reads any span and pages; here one of more than a million periods would hold up everybody else
test('GetMetricData over too many periods is refused by name', async () => {
  const input = {
    StartTime: new Date(1_500),
    EndTime: new Date(start),
    MetricDataQueries: [{ Id: 'all', Expression: 'FILL(1, 0)' }],
  };
  await expect(cloudwatch('GetMetricData', input)).rejects.toMatchObject({ code: 'NotImplemented', statusCode: 501 });
});

// source: user guide, "Functions supported for metric math", FILL
test('FILL repeats the datapoint before, or draws a line between two', async () => {
  for (const [minute, Value] of [
    [1, 2],
    [4, 8],
  ] as const) {
    await put({ MetricName: 'load', Value, Timestamp: new Date(start + minute * MINUTE) });
  }
  const Metric = { Namespace: 'Fleet', MetricName: 'load' };
  const { MetricDataResults } = await cloudwatch<GetMetricDataOutput>('GetMetricData', {
    StartTime: new Date(start),
    EndTime: new Date(start + 6 * MINUTE),
    ScanBy: 'TimestampAscending',
    MetricDataQueries: [
      { Id: 'load', MetricStat: { Metric, Period: 60, Stat: 'Sum' }, ReturnData: false },
      { Id: 'repeat', Expression: 'FILL(load, REPEAT)' },
      { Id: 'linear', Expression: 'FILL(load, LINEAR)' },
    ],
  });
  expect(MetricDataResults?.map(({ Values }) => Values)).toEqual([
    [2, 2, 2, 8, 8],
    [2, 4, 6, 8],
  ]);
});

// source: ListMetrics
test('ListMetrics finds metrics by namespace, name and dimensions, and tells recent ones', async () => {
  await put({ MetricName: 'load', Value: 1, Dimensions: [{ Name: 'site', Value: 'north' }] });
  await put({ MetricName: 'load', Value: 1, Timestamp: new Date(start - 4 * 3_600_000) });
  const list = async (input: object) => (await cloudwatch<ListMetricsOutput>('ListMetrics', input)).Metrics;
  expect(await list({ Namespace: 'Fleet' })).toHaveLength(2);
  const Dimensions = [{ Name: 'site', Value: 'north' }];
  const north = [{ Namespace: 'Fleet', MetricName: 'load', Dimensions }];
  expect(await list({ Dimensions: [{ Name: 'site' }] })).toEqual(north);
  expect(await list({ RecentlyActive: 'PT3H' })).toEqual(north);
  expect(await list({ Namespace: 'Other' })).toEqual([]);
});

// source: user guide, "Specification: Embedded metric format"
test('metrics in log lines of embedded metric format arrive with their dimensions', async () => {
  cloud.use(createCloudwatchLogsPlugin);
  const logs = (operation: string, input: object) => cloud.api.call(ADMINISTRATOR, 'cloudwatch-logs', operation, input);
  await logs('CreateLogGroup', { logGroupName: 'app' });
  await logs('CreateLogStream', { logGroupName: 'app', logStreamName: 's' });
  const line = {
    _aws: {
      Timestamp: start,
      CloudWatchMetrics: [
        { Namespace: 'Fleet', Dimensions: [['service'], []], Metrics: [{ Name: 'load', Unit: 'Count' }] },
      ],
    },
    service: 'ingest',
    load: [1, 2],
  };
  const broken = { ...line, load: 'much' };
  const logEvents = [line, broken, 'no JSON "_aws" "CloudWatchMetrics"'].map((one) => ({
    timestamp: start,
    message: typeof one === 'string' ? one : JSON.stringify(one),
  }));
  await logs('PutLogEvents', { logGroupName: 'app', logStreamName: 's', logEvents });
  const Dimensions = [{ Name: 'service', Value: 'ingest' }];
  expect(await statistics(['Sum'], 60, { Dimensions })).toEqual([
    { Timestamp: new Date(start), Unit: 'Count', Sum: 3 },
  ]);
  expect(await statistics(['Sum'])).toEqual([{ Timestamp: new Date(start), Unit: 'Count', Sum: 3 }]);
});

test('data are there again after a restart, before and after compaction', async () => {
  await put({ MetricName: 'load', Values: [1, 5], Timestamp: new Date(start) });
  await put({ MetricName: 'load', Value: 3, Timestamp: new Date(start) });
  const again = async () => {
    const reopened = createTestCloud({ directory: cloud.dataDirectory, clock: cloud.clock });
    reopened.use(createCloudwatchPlugin);
    const { Datapoints } = await reopened.api.call<GetMetricStatisticsOutput>(
      ADMINISTRATOR,
      'cloudwatch',
      'GetMetricStatistics',
      {
        Namespace: 'Fleet',
        MetricName: 'load',
        StartTime: new Date(start),
        EndTime: new Date(start + MINUTE),
        Period: 60,
        Statistics: ['Sum'],
        ExtendedStatistics: ['p50'],
      },
    );
    await reopened.store.close();
    return Datapoints;
  };
  const expected = [{ Timestamp: new Date(start), Unit: 'None', Sum: 9, ExtendedStatistics: { p50: 3 } }];
  expect(await again()).toEqual(expected);
  await cloud.clock.advance(60 * MINUTE);
  await cloud.store.durable();
  expect([...cloud.store.log('cloudwatch/data').entries()]).toHaveLength(1);
  expect(await again()).toEqual(expected);
});

// source: user guide, "Metrics retention"
test('data of one minute are kept for 15 days', async () => {
  await put({ MetricName: 'load', Value: 1 });
  await cloud.clock.advance(15 * 86_400_000 - MINUTE);
  expect(await statistics(['Sum'])).toHaveLength(1);
  await cloud.clock.advance(2 * 3_600_000);
  expect(await statistics(['Sum'])).toHaveLength(0);
  expect((await cloudwatch<ListMetricsOutput>('ListMetrics', {})).Metrics).toEqual([]);
});

// source: PutDashboard
test('dashboards are kept, listed and deleted', async () => {
  const DashboardBody = JSON.stringify({ widgets: [] });
  await cloudwatch('PutDashboard', { DashboardName: 'fleet', DashboardBody });
  expect(await cloudwatch('GetDashboard', { DashboardName: 'fleet' })).toMatchObject({
    DashboardArn: 'arn:aws:cloudwatch::123456789012:dashboard/fleet',
    DashboardBody,
  });
  await expect(cloudwatch('PutDashboard', { DashboardName: 'fleet', DashboardBody: '{' })).rejects.toMatchObject({
    code: 'DashboardInvalidInputError',
  });
  await cloudwatch('DeleteDashboards', { DashboardNames: ['fleet'] });
  await expect(cloudwatch('GetDashboard', { DashboardName: 'fleet' })).rejects.toMatchObject({
    code: 'DashboardNotFoundError',
  });
});
