import type { DescribeScheduledQueryResponse, QueryResponse } from '@aws-sdk/client-timestream-query';
import { ManualClock } from '../../local-cloud/src/core/clock.ts';
import { createTimestreamPlugin } from '../../local-cloud/src/services/timestream/plugin.ts';
import { createTimestreamScheduledPlugin } from '../../local-cloud/src/services/timestream/scheduled/plugin.ts';
import { ADMINISTRATOR, createTestCloud } from '../../local-cloud/src/testing/context.ts';

const START = Date.UTC(2026, 0, 1);

async function open() {
  const cloud = createTestCloud<ManualClock>({ clock: new ManualClock(START) });
  for (const factory of [createTimestreamPlugin, createTimestreamScheduledPlugin]) await cloud.use(factory).start?.();
  const call = <O>(service: 'timestream-query' | 'timestream-write', operation: string, input: object) =>
    cloud.api.call<O>(ADMINISTRATOR, service, operation, input);
  await call('timestream-write', 'CreateDatabase', { DatabaseName: 'fleet' });
  for (const TableName of ['raw', 'hourly'])
    await call('timestream-write', 'CreateTable', { DatabaseName: 'fleet', TableName });
  const records = [20, 22].map((value, index) => ({
    MeasureName: 'temperature',
    MeasureValue: String(value),
    MeasureValueType: 'DOUBLE',
    Time: String(START - 60_000 * (index + 1)),
    Dimensions: [{ Name: 'device', Value: 'd1' }],
  }));
  await call('timestream-write', 'WriteRecords', { DatabaseName: 'fleet', TableName: 'raw', Records: records });
  return { cloud, call };
}

const scheduled = (more: object = {}) => ({
  Name: 'rollup',
  QueryString:
    'SELECT device, bin(time, 1h) AS hour, avg(measure_value::double) AS average, count(*) AS samples FROM fleet.raw WHERE time < @scheduled_runtime GROUP BY device, bin(time, 1h)',
  ScheduleConfiguration: { ScheduleExpression: 'rate(5 minutes)' },
  NotificationConfiguration: { SnsConfiguration: { TopicArn: 'arn:aws:sns:us-east-1:123456789012:runs' } },
  ErrorReportConfiguration: { S3Configuration: { BucketName: 'reports' } },
  ScheduledQueryExecutionRoleArn: 'arn:aws:iam::123456789012:role/rollup',
  TargetConfiguration: {
    TimestreamConfiguration: {
      DatabaseName: 'fleet',
      TableName: 'hourly',
      TimeColumn: 'hour',
      DimensionMappings: [{ Name: 'device', DimensionValueType: 'VARCHAR' }],
      MultiMeasureMappings: {
        TargetMultiMeasureName: 'rollup',
        MultiMeasureAttributeMappings: [
          { SourceColumn: 'average', MeasureValueType: 'DOUBLE' },
          { SourceColumn: 'samples', TargetMultiMeasureAttributeName: 'count', MeasureValueType: 'BIGINT' },
        ],
      },
    },
  },
  ...more,
});

type Opened = Awaited<ReturnType<typeof open>>;

async function lastRun({ call }: Opened, ScheduledQueryArn: string) {
  for (let attempt = 0; attempt < 200; attempt++) {
    const { ScheduledQuery } = await call<DescribeScheduledQueryResponse>(
      'timestream-query',
      'DescribeScheduledQuery',
      {
        ScheduledQueryArn,
      },
    );
    if (ScheduledQuery?.LastRunSummary !== undefined) return ScheduledQuery;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  throw new Error('the query did not run');
}

// source: Timestream developer guide, "Using scheduled queries in Timestream for LiveAnalytics"; API reference, CreateScheduledQuery
test('a scheduled query writes its result to the target table as multi-measure records', async () => {
  const opened = await open();
  const { Arn } = await opened.call<{ Arn: string }>('timestream-query', 'CreateScheduledQuery', scheduled());
  await opened.cloud.clock.advance(300_000);
  const described = await lastRun(opened, Arn);
  expect(described.LastRunSummary).toMatchObject({
    InvocationTime: new Date(START + 300_000),
    RunStatus: 'AUTO_TRIGGER_SUCCESS',
    ExecutionStats: { RecordsIngested: 1, QueryResultRows: 1 },
  });
  const { Rows } = await opened.call<QueryResponse>('timestream-query', 'Query', {
    QueryString: 'SELECT device, measure_name, time, average, "count" FROM fleet.hourly',
  });
  expect(Rows?.map(({ Data }) => Data?.map(({ ScalarValue }) => ScalarValue))).toEqual([
    ['d1', 'rollup', '2025-12-31 23:00:00.000000000', '21.0', '2'],
  ]);
  await opened.cloud.close();
});

// source: Timestream API reference, ExecuteScheduledQuery and ScheduledQueryRunSummary (RunStatus, FailureReason)
test('a run that fails says why, and a disabled query runs only by hand', async () => {
  const opened = await open();
  const QueryString = 'SELECT device, time AS hour FROM fleet.raw';
  const { Arn } = await opened.call<{ Arn: string }>(
    'timestream-query',
    'CreateScheduledQuery',
    scheduled({ QueryString }),
  );
  await opened.call('timestream-query', 'UpdateScheduledQuery', { ScheduledQueryArn: Arn, State: 'DISABLED' });
  await opened.cloud.clock.advance(900_000);
  await opened.call('timestream-query', 'ExecuteScheduledQuery', {
    ScheduledQueryArn: Arn,
    InvocationTime: new Date(START),
  });
  const { LastRunSummary, State } = await lastRun(opened, Arn);
  expect(State).toBe('DISABLED');
  expect(LastRunSummary).toMatchObject({
    RunStatus: 'MANUAL_TRIGGER_FAILURE',
    FailureReason: expect.stringContaining("no column 'average'"),
  });
  await opened.cloud.close();
});

// source: Timestream developer guide, "Handling late-arriving data" (manual executions update the derived table)
test('a run for a past time replaces what an earlier run wrote', async () => {
  const opened = await open();
  const { Arn } = await opened.call<{ Arn: string }>('timestream-query', 'CreateScheduledQuery', scheduled());
  const counts = async () => {
    const { Rows = [] } = await opened.call<QueryResponse>('timestream-query', 'Query', {
      QueryString: 'SELECT count, average FROM fleet.hourly',
    });
    return Rows.map(({ Data }) => Data?.map(({ ScalarValue }) => ScalarValue));
  };
  await opened.cloud.clock.advance(300_000);
  await lastRun(opened, Arn);
  expect(await counts()).toEqual([['2', '21.0']]);
  const late = {
    MeasureName: 'temperature',
    MeasureValue: '30',
    MeasureValueType: 'DOUBLE',
    Time: String(START - 180_000),
    Dimensions: [{ Name: 'device', Value: 'd1' }],
  };
  await opened.call('timestream-write', 'WriteRecords', { DatabaseName: 'fleet', TableName: 'raw', Records: [late] });
  await opened.cloud.clock.advance(1_000);
  await opened.call('timestream-query', 'ExecuteScheduledQuery', {
    ScheduledQueryArn: Arn,
    InvocationTime: new Date(START),
  });
  for (let attempt = 0; attempt < 200; attempt++) {
    if ((await counts())[0]?.[0] === '3') break;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  expect(await counts()).toEqual([['3', '24.0']]);
});
