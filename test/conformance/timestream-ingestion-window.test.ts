import type { _Record } from '@aws-sdk/client-timestream-write';
import {
  fault,
  startTimestream,
  type TimestreamCloud,
} from '../../local-cloud/src/services/timestream/testing/timestream-cloud.ts';

// Source: developer guide, "Storage", "Writes" under best practices, "Quotas" (future ingestion period) and "Handling
// rejected records"; the reasons are those that AWS answers.

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

let timestream: TimestreamCloud;

beforeEach(async () => {
  timestream = await startTimestream(['default']);
});

afterEach(() => timestream.close());

function record(offset: number, MeasureValue = '1', more: Partial<_Record> = {}): _Record {
  const Dimensions = [{ Name: 'thing', Value: 'pump-1' }];
  return { Dimensions, MeasureName: 'x', MeasureValue, Time: timestream.time(offset), ...more };
}

async function createTable(hours: number, days: number, magnetic?: object): Promise<void> {
  await timestream.write('CreateTable', {
    DatabaseName: 'iot',
    TableName: 'telemetry',
    RetentionProperties: { MemoryStoreRetentionPeriodInHours: hours, MagneticStoreRetentionPeriodInDays: days },
    ...(magnetic === undefined ? {} : { MagneticStoreWriteProperties: magnetic }),
  });
}

const write = (...records: _Record[]) => timestream.writeRecords('telemetry', records);
const count = () => timestream.value('SELECT count(*) FROM iot.telemetry');

test('a time is taken up to 15 minutes ahead', async () => {
  await createTable(1, 1);
  await write(record(15 * MINUTE - 1));
  const error = await fault(write(record(15 * MINUTE)));
  expect(error.fields.RejectedRecords).toEqual([
    {
      RecordIndex: 0,
      Reason:
        'The record timestamp is outside the time range [2025-12-31T23:00:00.000Z, 2026-01-01T00:15:00.000Z) of the memory store.',
    },
  ]);
});

test('a time before the memory store is rejected without magnetic store writes', async () => {
  await createTable(1, 10);
  await write(record(-HOUR));
  const error = await fault(write(record(-HOUR - 1), record(-MINUTE)));
  expect(error.fields.RejectedRecords).toMatchObject([{ RecordIndex: 0 }]);
  expect(await count()).toBe('2');
});

test('with magnetic store writes late data goes there, until both retentions have passed', async () => {
  await createTable(1, 10, { EnableMagneticStoreWrites: true });
  expect(await write(record(-MINUTE), record(-2 * HOUR), record(-10 * DAY))).toEqual({
    RecordsIngested: { Total: 3, MemoryStore: 1, MagneticStore: 2 },
  });
  const error = await fault(write(record(-10 * DAY - HOUR - 1)));
  expect(error.fields.RejectedRecords).toEqual([
    {
      RecordIndex: 0,
      Reason:
        'The record timestamp is outside the time range [2025-12-21T23:00:00.000Z, 2026-01-01T00:15:00.000Z) of the data ingestion window.',
    },
  ]);
  expect(await count()).toBe('3');
});

test('rows vanish when memory and magnetic retention together have passed', async () => {
  await createTable(1, 1);
  await write(record(0), record(-30 * MINUTE));
  await timestream.cloud.clock.advance(DAY + 30 * MINUTE);
  expect(await count()).toBe('2');
  await timestream.cloud.clock.advance(1);
  expect(await count()).toBe('1');
  await timestream.cloud.clock.advance(30 * MINUTE);
  expect(await count()).toBe('0');
});

test('rows that a shorter retention has dropped do not come back with a longer one', async () => {
  await createTable(24, 10);
  await write(record(0), record(-5 * HOUR));
  const retention = (hours: number, days: number) =>
    timestream.write('UpdateTable', {
      DatabaseName: 'iot',
      TableName: 'telemetry',
      RetentionProperties: { MemoryStoreRetentionPeriodInHours: hours, MagneticStoreRetentionPeriodInDays: days },
    });
  await timestream.cloud.clock.advance(DAY);
  await retention(1, 1);
  await retention(24, 10);
  expect(await count()).toBe('1');
});

test('a record without the dimension that the partition key requires is rejected', async () => {
  const schema = (EnforcementInRecord: string) => ({
    DatabaseName: 'iot',
    TableName: 'telemetry',
    Schema: { CompositePartitionKey: [{ Type: 'DIMENSION', Name: 'thing', EnforcementInRecord }] },
  });
  await timestream.write('CreateTable', schema('REQUIRED'));
  const without = record(0, '1', { Dimensions: [{ Name: 'site', Value: 'north' }] });
  await write(record(0));
  expect((await fault(write(without))).code).toBe('RejectedRecordsException');
  await timestream.write('UpdateTable', schema('OPTIONAL'));
  await write(without);
});

describe('conflicts in the magnetic store', () => {
  const location = {
    S3Configuration: { BucketName: 'rejects', ObjectKeyPrefix: 'timestream', EncryptionOption: 'SSE_S3' },
  };

  test('are told by a report in the rejection bucket, not in the answer', async () => {
    const puts: { Bucket: string; Key: string; Body: Buffer }[] = [];
    timestream.cloud.dispatcher.register({
      service: 's3',
      signingName: 's3',
      protocol: 'restXml',
      schemas: {},
      operations: [
        {
          name: 'PutObject',
          authorize: () => [],
          handle: (input: { Bucket: string; Key: string; Body: Buffer }) => {
            puts.push(input);
            return {};
          },
        },
      ],
    });
    await createTable(1, 10, { EnableMagneticStoreWrites: true, MagneticStoreRejectedDataLocation: location });
    await write(record(-DAY, '1'));
    expect(await write(record(-DAY, '2'))).toEqual({ RecordsIngested: { Total: 1, MemoryStore: 0, MagneticStore: 1 } });
    expect(await timestream.rows('SELECT measure_value::double FROM iot.telemetry')).toEqual([['1.0']]);
    expect(puts).toHaveLength(1);
    expect(puts[0]).toMatchObject({ Bucket: 'rejects', Key: expect.stringMatching(/^timestream\/.+\.json$/) });
    expect(JSON.parse(String(puts[0]?.Body))).toEqual({
      reportId: expect.stringMatching(/^[0-9A-F]{32}$/),
      errors: [
        {
          reason: expect.stringContaining('A record already exists with the same time'),
          records: [
            {
              dimensions: [{ name: 'thing', value: 'pump-1', dimensionValueType: null }],
              measureName: 'x',
              measureValue: '2',
              measureValues: null,
              measureValueType: 'DOUBLE',
              time: '1767139200000000000',
              timeUnit: 'NANOSECONDS',
              version: 1,
            },
          ],
        },
      ],
    });
    expect(timestream.cloud.meter.get('timestream.recordsRejected')).toBe(1);
  });

  test('an error report encrypted with a KMS key is refused when the table is created', async () => {
    const kms = { S3Configuration: { BucketName: 'rejects', EncryptionOption: 'SSE_KMS' } };
    const call = createTable(1, 10, { EnableMagneticStoreWrites: true, MagneticStoreRejectedDataLocation: kms });
    expect(await fault(call)).toMatchObject({ code: 'NotImplemented' });
  });
});

test('a record that retention has removed can be written again once the retention takes it', async () => {
  await createTable(24, 10);
  const retention = (hours: number, days: number) =>
    timestream.write('UpdateTable', {
      DatabaseName: 'iot',
      TableName: 'telemetry',
      RetentionProperties: { MemoryStoreRetentionPeriodInHours: hours, MagneticStoreRetentionPeriodInDays: days },
    });
  const old = record(-26 * HOUR + 10 * MINUTE);
  await retention(48, 10);
  await write(old);
  await retention(1, 1);
  await retention(48, 10);
  expect(await count()).toBe('0');
  await write(old);
  expect(await count()).toBe('1');
});
