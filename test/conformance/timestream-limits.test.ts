import type { _Record } from '@aws-sdk/client-timestream-write';
import {
  fault,
  startTimestream,
  type TimestreamCloud,
} from '../../local-cloud/src/services/timestream/testing/timestream-cloud.ts';

// Source: developer guide, "Quotas" (service limits, naming constraints, system identifiers).

let timestream: TimestreamCloud;

beforeEach(async () => {
  timestream = await startTimestream(['telemetry']);
});

afterEach(() => timestream.close());

const write = (...records: _Record[]) => timestream.writeRecords('telemetry', records);

function single(more: Partial<_Record>): _Record {
  return {
    MeasureName: 'x',
    MeasureValue: '1',
    Time: timestream.time(),
    Dimensions: [{ Name: 'thing', Value: 'a' }],
    ...more,
  };
}

function multi(count: number, value = '1', type: 'DOUBLE' | 'BOOLEAN' | 'VARCHAR' = 'BOOLEAN'): _Record {
  return {
    MeasureName: 'metrics',
    MeasureValueType: 'MULTI',
    Time: timestream.time(),
    MeasureValues: Array.from({ length: count }, (_, index) => ({ Name: `m${index}`, Value: value, Type: type })),
  };
}

test('a call holds 100 records at most, and at least one', async () => {
  const records = Array.from({ length: 101 }, (_, index) => single({ Time: timestream.time(-index) }));
  await write(...records.slice(0, 100));
  expect((await fault(write(...records))).code).toBe('ValidationException');
  expect((await fault(write())).code).toBe('ValidationException');
});

test('a multi-measure record holds 256 measures at most', async () => {
  await write(multi(256, 'true'));
  expect((await fault(write(multi(257, 'true')))).code).toBe('ValidationException');
});

test('a record has 128 dimensions at most, and so has a table', async () => {
  const dimensions = (count: number, prefix = 'd') =>
    Array.from({ length: count }, (_, index) => ({ Name: `${prefix}${index}`, Value: 'v' }));
  await write(single({ Dimensions: dimensions(128) }));
  expect((await fault(write(single({ Dimensions: dimensions(129) })))).code).toBe('ValidationException');
  const error = await fault(write(single({ Dimensions: dimensions(1, 'one-more') })));
  expect(error.code).toBe('RejectedRecordsException');
});

test('a dimension name has 60 bytes at most, a measure name 256', async () => {
  await write(single({ Dimensions: [{ Name: 'd'.repeat(60), Value: 'v' }] }), single({ MeasureName: 'm'.repeat(256) }));
  const wrong = [
    single({ Dimensions: [{ Name: 'd'.repeat(61), Value: 'v' }] }),
    single({ Dimensions: [{ Name: 'ü'.repeat(31), Value: 'v' }] }),
    single({ MeasureName: 'm'.repeat(257) }),
  ];
  for (const record of wrong) expect((await fault(write(record))).code).toBe('ValidationException');
});

test('system identifiers and colons are refused in names', async () => {
  for (const name of [
    'time',
    'measure_value',
    'measure_value::double',
    'measure_name',
    'ts_non_existent_col',
    'ts_x',
    'a:b',
  ]) {
    expect((await fault(write(single({ Dimensions: [{ Name: name, Value: 'v' }] })))).code).toBe('ValidationException');
    expect((await fault(write(single({ MeasureName: name })))).code).toBe('ValidationException');
  }
});

test('a dimension name with its value has 2 KB at most, as have the values of a multi-measure record', async () => {
  const large = single({ Dimensions: [{ Name: 'thing', Value: 'v'.repeat(2044) }] });
  expect((await fault(write(large))).code).toBe('RejectedRecordsException');
  await write(multi(8, 'v'.repeat(200), 'VARCHAR'));
  expect((await fault(write(multi(8, 'v'.repeat(257), 'VARCHAR')))).code).toBe('RejectedRecordsException');
  const long = single({ MeasureValue: 'v'.repeat(2049), MeasureValueType: 'VARCHAR' });
  expect((await fault(write(long))).code).toBe('ValidationException');
});

test('a table has 1,024 measures in multi-measure records at most', async () => {
  const attributes = (from: number, count: number): _Record => ({
    ...multi(0),
    Dimensions: [{ Name: 'batch', Value: String(from) }],
    MeasureValues: Array.from({ length: count }, (_, index) => ({
      Name: `m${from + index}`,
      Value: 'true',
      Type: 'BOOLEAN',
    })),
  });
  for (let from = 0; from < 1024; from += 256) await write(attributes(from, 256));
  expect((await fault(write(attributes(1024, 1)))).code).toBe('RejectedRecordsException');
});

test('times reach from 1970 to 2262, in digits', async () => {
  for (const Time of ['-1', '1.5', '', '9223372036854775808', '1767225600000000000000']) {
    expect((await fault(write(single({ Time, TimeUnit: 'NANOSECONDS' })))).code).toBe('ValidationException');
  }
});
