import {
  paginateQuery,
  QueryCommand,
  TimestreamQueryClient,
  ValidationException,
} from '@aws-sdk/client-timestream-query';
import {
  CreateDatabaseCommand,
  CreateTableCommand,
  DescribeTableCommand,
  ListDatabasesCommand,
  RejectedRecordsException,
  ResourceNotFoundException,
  TimestreamWriteClient,
  UpdateDatabaseCommand,
  WriteRecordsCommand,
} from '@aws-sdk/client-timestream-write';
import { createTimestreamPlugin } from '../../local-cloud/src/services/timestream/plugin.ts';
import { type HttpsCloud, startHttpsCloud } from '../../local-cloud/src/testing/https.ts';

/** The real clients against the real front door. Expected values: Timestream API reference. */

let https: HttpsCloud;
let writer: TimestreamWriteClient;
let reader: TimestreamQueryClient;

const now = Date.now();
const place = { DatabaseName: 'plant', TableName: 'telemetry' };
const record = (index: number, value: number, Version?: number) => ({
  Dimensions: [{ Name: 'thing', Value: 'pump-ü' }],
  MeasureName: 'temperature',
  MeasureValue: String(value),
  Time: String(BigInt(now) * 1_000_000n + BigInt(index)),
  TimeUnit: 'NANOSECONDS' as const,
  ...(Version === undefined ? {} : { Version }),
});

beforeAll(async () => {
  https = await startHttpsCloud({ plugins: [createTimestreamPlugin] });
  writer = new TimestreamWriteClient(https.client());
  reader = new TimestreamQueryClient(https.client());
  await writer.send(new CreateDatabaseCommand({ DatabaseName: 'plant' }));
  await writer.send(new CreateTableCommand(place));
  await writer.send(
    new WriteRecordsCommand({ ...place, Records: Array.from({ length: 100 }, (_, n) => record(n, n)) }),
  );
});

afterAll(async () => {
  writer.destroy();
  reader.destroy();
  await https.close();
});

test('tables are described with dates', async () => {
  const { Table } = await writer.send(new DescribeTableCommand(place));
  expect(Table?.CreationTime).toBeInstanceOf(Date);
  expect(Table?.RetentionProperties).toEqual({
    MemoryStoreRetentionPeriodInHours: 6,
    MagneticStoreRetentionPeriodInDays: 73_000,
  });
  const { Databases } = await writer.send(new ListDatabasesCommand({}));
  expect(Databases).toMatchObject([{ DatabaseName: 'plant', TableCount: 1 }]);
});

test('rejected records arrive in the exception', async () => {
  await writer.send(new WriteRecordsCommand({ ...place, Records: [record(1000, 1, 2 ** 40)] }));
  const call = writer.send(new WriteRecordsCommand({ ...place, Records: [record(1001, 1), record(1000, 2)] }));
  const error = await call.catch((caught: unknown) => caught);
  expect(error).toBeInstanceOf(RejectedRecordsException);
  expect(error).toMatchObject({
    $metadata: { httpStatusCode: 419 },
    RejectedRecords: [
      { RecordIndex: 1, Reason: expect.stringContaining('version 1 is lower'), ExistingVersion: 2 ** 40 },
    ],
  });
});

test('other errors are those that the clients know', async () => {
  const missing = writer.send(new WriteRecordsCommand({ ...place, TableName: 'nothing', Records: [record(0, 0)] }));
  await expect(missing).rejects.toBeInstanceOf(ResourceNotFoundException);
  const wrong = reader.send(new QueryCommand({ QueryString: 'SELECT x FROM plant.telemetry' }));
  await expect(wrong).rejects.toBeInstanceOf(ValidationException);
  await expect(wrong).rejects.toMatchObject({ message: "line 1:8: Column 'x' does not exist" });
  const unbuilt = writer.send(new UpdateDatabaseCommand({ DatabaseName: 'plant', KmsKeyId: 'alias/key' }));
  await expect(unbuilt).rejects.toMatchObject({ name: 'NotImplemented', $metadata: { httpStatusCode: 501 } });
});

test('the paginator reads all rows', async () => {
  const times: unknown[] = [];
  const pages = paginateQuery(
    { client: reader, pageSize: 30 },
    {
      QueryString: 'SELECT time, thing FROM plant.telemetry WHERE measure_value::double < 1000 ORDER BY time LIMIT 100',
    },
  );
  for await (const { Rows } of pages) {
    for (const { Data } of Rows ?? []) {
      times.push(Data?.[0]?.ScalarValue);
      expect(Data?.[1]?.ScalarValue).toBe('pump-ü');
    }
  }
  const second = new Date(now).toISOString().replace('T', ' ').replace('Z', '');
  expect(times).toEqual(Array.from({ length: 100 }, (_, n) => `${second}${String(n).padStart(6, '0')}`));
});
