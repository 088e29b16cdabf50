import type { _Record } from '@aws-sdk/client-timestream-write';
import {
  fault,
  startTimestream,
  type TimestreamCloud,
} from '../../local-cloud/src/services/timestream/testing/timestream-cloud.ts';

// Source: API reference, WriteRecords ("Upserts") and RejectedRecord; the reasons are those that AWS answers
// (aws-sdk-pandas #2018, prometheus-timestream-adapter #87).

let timestream: TimestreamCloud;

beforeEach(async () => {
  timestream = await startTimestream(['telemetry']);
});

afterEach(() => timestream.close());

const SAME_VERSION =
  'A record already exists with the same time, dimensions, measure name, and record version. A higher record version must be specified in order to update the measure value. Specifying record version is supported by the latest SDKs.';

function record(MeasureValue: string, more: Partial<_Record> = {}): _Record {
  return {
    Dimensions: [{ Name: 'thing', Value: 'pump-1' }],
    MeasureName: 'temperature',
    MeasureValue,
    Time: timestream.time(),
    ...more,
  };
}

const write = (...records: _Record[]) => timestream.writeRecords('telemetry', records);
const values = () => timestream.rows('SELECT measure_value::double FROM iot.telemetry ORDER BY 1');

test('the same record again is accepted and stored once', async () => {
  await write(record('1'));
  expect(await write(record('1'))).toEqual({ RecordsIngested: { Total: 1, MemoryStore: 1, MagneticStore: 0 } });
  expect(await write(record('1.0'))).toMatchObject({ RecordsIngested: { Total: 1 } });
  expect(await values()).toEqual([['1.0']]);
});

test('another value under the same key and version is rejected, and the other records of the call are stored', async () => {
  await write(record('1'));
  const call = write(
    record('5', { Time: timestream.time(-1000) }),
    record('2'),
    record('6', { Time: timestream.time(-2000) }),
  );
  const error = await fault(call);
  expect(error).toMatchObject({
    code: 'RejectedRecordsException',
    statusCode: 419,
    message: 'One or more records have been rejected. See RejectedRecords for details.',
  });
  expect(error.fields.RejectedRecords).toEqual([{ RecordIndex: 1, Reason: SAME_VERSION, ExistingVersion: 1 }]);
  expect(await values()).toEqual([['1.0'], ['5.0'], ['6.0']]);
});

test('a higher version replaces the value, and the version before it no longer does', async () => {
  await write(record('1'));
  await write(record('2', { Version: 2 }));
  await write(record('3', { Version: 9 }));
  expect(await values()).toEqual([['3.0']]);
  const error = await fault(write(record('4', { Version: 8 })));
  expect(error.fields.RejectedRecords).toEqual([
    {
      RecordIndex: 0,
      Reason:
        'The record version 8 is lower than the existing version 9. A higher version is required to update the measure value.',
      ExistingVersion: 9,
    },
  ]);
  expect(await values()).toEqual([['3.0']]);
});

test('the same value with a higher version raises the version', async () => {
  await write(record('1'));
  await write(record('1', { Version: 5 }));
  expect((await fault(write(record('2', { Version: 5 })))).fields.RejectedRecords).toMatchObject([
    { ExistingVersion: 5 },
  ]);
  expect(await values()).toEqual([['1.0']]);
});

test('versions given in the common attributes count', async () => {
  await timestream.writeRecords('telemetry', [record('1')], { Version: 3 });
  expect((await fault(timestream.writeRecords('telemetry', [record('2')], { Version: 2 }))).code).toBe(
    'RejectedRecordsException',
  );
});

test('time, dimensions and measure name make the key', async () => {
  await write(
    record('1'),
    record('2', { Time: timestream.time(-1) }),
    record('3', { Dimensions: [{ Name: 'thing', Value: 'pump-2' }] }),
    record('4', { Dimensions: [{ Name: 'other', Value: 'pump-1' }] }),
    record('5', { MeasureName: 'pressure' }),
    record('6', { Dimensions: [] }),
  );
  expect((await values()).flat()).toEqual(['1.0', '2.0', '3.0', '4.0', '5.0', '6.0']);
});

test('records of one call are decided in their order', async () => {
  const error = await fault(write(record('1'), record('1'), record('2'), record('3', { Version: 2 })));
  expect(error.fields.RejectedRecords).toEqual([{ RecordIndex: 2, Reason: SAME_VERSION, ExistingVersion: 1 }]);
  expect(await values()).toEqual([['3.0']]);
  expect(timestream.cloud.meter.get('timestream.recordsStored')).toBe(1);
});

test('calls that arrive together are decided in their order', async () => {
  const results = await Promise.allSettled([write(record('1')), write(record('2')), write(record('1'))]);
  expect(results.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled']);
  expect(await values()).toEqual([['1.0']]);
});

test('a multi-measure record is the same only with the same measures', async () => {
  const multi = (...names: string[]): _Record => ({
    Dimensions: [{ Name: 'thing', Value: 'pump-1' }],
    MeasureName: 'metrics',
    MeasureValueType: 'MULTI',
    Time: timestream.time(),
    MeasureValues: names.map((Name) => ({ Name, Value: '1', Type: 'DOUBLE' })),
  });
  await write(multi('a', 'b'));
  await write(multi('b', 'a'));
  expect((await fault(write(multi('a')))).code).toBe('RejectedRecordsException');
  expect(await timestream.rows('SELECT a, b FROM iot.telemetry')).toEqual([['1.0', '1.0']]);
});

test('late records are found to be duplicates too, long after and in any order', async () => {
  const series = (value: (index: number) => string) =>
    Array.from({ length: 100 }, (_, index) => record(value(index), { Time: timestream.time(-index * 1000) }));
  await write(...series(String));
  await write(...series(String).reverse());
  const error = await fault(write(...series((index) => (index === 50 ? '-1' : String(index)))));
  expect(error.fields.RejectedRecords).toMatchObject([{ RecordIndex: 50 }]);
  expect(await timestream.value('SELECT count(*) FROM iot.telemetry')).toBe('100');
});

describe('data that does not fit the columns is rejected', () => {
  const rejected = async (...records: _Record[]) => {
    const error = await fault(write(...records));
    expect(error.code).toBe('RejectedRecordsException');
    return error.fields.RejectedRecords as { RecordIndex: number; Reason: string }[];
  };

  test('a measure name keeps the type it was first written with', async () => {
    await write(record('1.5'));
    const [only] = await rejected(record('2', { MeasureValueType: 'BIGINT', Time: timestream.time(-1) }));
    expect(only).toMatchObject({ RecordIndex: 0, Reason: expect.stringContaining("'temperature'") });
  });

  test('a measure of multi-measure records keeps its type', async () => {
    const multi = (Value: string, Type: 'DOUBLE' | 'BIGINT', offset: number): _Record => ({
      MeasureName: 'metrics',
      MeasureValueType: 'MULTI',
      Time: timestream.time(offset),
      MeasureValues: [{ Name: 'rpm', Value, Type }],
    });
    await write(multi('10.5', 'DOUBLE', 0));
    expect(await rejected(multi('10', 'BIGINT', -1))).toMatchObject([{ RecordIndex: 0 }]);
    await write(multi('10', 'DOUBLE', -1));
  });

  test('a name is a dimension or a measure, not both', async () => {
    await write(record('1'));
    const clash: _Record = {
      MeasureName: 'metrics',
      MeasureValueType: 'MULTI',
      Time: timestream.time(),
      MeasureValues: [{ Name: 'thing', Value: '1', Type: 'DOUBLE' }],
    };
    expect(await rejected(clash)).toMatchObject([{ RecordIndex: 0, Reason: expect.stringContaining("'thing'") }]);
  });

  test('a value that its type cannot hold', async () => {
    const values: [string, _Record['MeasureValueType']][] = [
      ['abc', 'DOUBLE'],
      ['NaN', 'DOUBLE'],
      ['Infinity', 'DOUBLE'],
      ['1e999', 'DOUBLE'],
      ['1.5', 'BIGINT'],
      ['9223372036854775808', 'BIGINT'],
      ['yes', 'BOOLEAN'],
    ];
    const records = values.map(([value, MeasureValueType], index) =>
      record(value, { MeasureValueType, MeasureName: `m${index}` }),
    );
    expect((await rejected(...records)).map(({ RecordIndex }) => RecordIndex)).toEqual(values.map((_, index) => index));
  });
});
