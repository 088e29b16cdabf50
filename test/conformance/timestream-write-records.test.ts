import {
  fault,
  startTimestream,
  type TimestreamCloud,
} from '../../local-cloud/src/services/timestream/testing/timestream-cloud.ts';

// Source: API reference, WriteRecords, Record, MeasureValue; developer guide, "Writes" and "Quotas".

let timestream: TimestreamCloud;

beforeEach(async () => {
  timestream = await startTimestream(['telemetry']);
});

afterEach(() => timestream.close());

const pump = [{ Name: 'thing', Value: 'pump-1' }];

test('single-measure records of each type come back under measure_value columns', async () => {
  const common = { Dimensions: pump, Time: timestream.time() };
  const answer = await timestream.writeRecords(
    'telemetry',
    [
      { MeasureName: 'temperature', MeasureValue: '35.5' },
      { MeasureName: 'rpm', MeasureValue: '-1480', MeasureValueType: 'BIGINT' },
      { MeasureName: 'running', MeasureValue: 'true', MeasureValueType: 'BOOLEAN' },
      { MeasureName: 'state', MeasureValue: 'on', MeasureValueType: 'VARCHAR' },
    ],
    common,
  );
  expect(answer).toEqual({ RecordsIngested: { Total: 4, MemoryStore: 4, MagneticStore: 0 } });
  const { ColumnInfo } = await timestream.query('SELECT * FROM iot.telemetry');
  expect(ColumnInfo).toEqual([
    { Name: 'thing', Type: { ScalarType: 'VARCHAR' } },
    { Name: 'measure_name', Type: { ScalarType: 'VARCHAR' } },
    { Name: 'time', Type: { ScalarType: 'TIMESTAMP' } },
    { Name: 'measure_value::double', Type: { ScalarType: 'DOUBLE' } },
    { Name: 'measure_value::bigint', Type: { ScalarType: 'BIGINT' } },
    { Name: 'measure_value::boolean', Type: { ScalarType: 'BOOLEAN' } },
    { Name: 'measure_value::varchar', Type: { ScalarType: 'VARCHAR' } },
  ]);
  const time = '2026-01-01 00:00:00.000000000';
  expect(await timestream.rows('SELECT * FROM iot.telemetry ORDER BY measure_name')).toEqual([
    ['pump-1', 'rpm', time, null, '-1480', null, null],
    ['pump-1', 'running', time, null, null, 'true', null],
    ['pump-1', 'state', time, null, null, null, 'on'],
    ['pump-1', 'temperature', time, '35.5', null, null, null],
  ]);
});

test('a multi-measure record is one row with a column for each measure', async () => {
  await timestream.writeRecords(
    'telemetry',
    [
      {
        Time: timestream.time(),
        MeasureValues: [
          { Name: 'temperature', Value: '35.5', Type: 'DOUBLE' },
          { Name: 'rpm', Value: '9223372036854775807', Type: 'BIGINT' },
          { Name: 'since', Value: '1767225600001', Type: 'TIMESTAMP' },
        ],
      },
      { Time: timestream.time(-1000), MeasureValues: [{ Name: 'running', Value: 'false', Type: 'BOOLEAN' }] },
    ],
    { Dimensions: pump, MeasureName: 'metrics', MeasureValueType: 'MULTI' },
  );
  expect(
    await timestream.rows('SELECT measure_name, temperature, rpm, since, running FROM iot.telemetry ORDER BY time'),
  ).toEqual([
    ['metrics', null, null, null, 'false'],
    ['metrics', '35.5', '9223372036854775807', '2026-01-01 00:00:00.001000000', null],
  ]);
});

test('times keep their nanoseconds, in every unit', async () => {
  const record = (Time: string, TimeUnit: 'SECONDS' | 'MILLISECONDS' | 'MICROSECONDS' | 'NANOSECONDS') => ({
    Dimensions: pump,
    MeasureName: 'x',
    MeasureValue: '1',
    Time,
    TimeUnit,
  });
  await timestream.writeRecords('telemetry', [
    record('1767225600', 'SECONDS'),
    record('1767225600001', 'MILLISECONDS'),
    record('1767225600000002', 'MICROSECONDS'),
    record('1767225600000000003', 'NANOSECONDS'),
    record('1767225600000000004', 'NANOSECONDS'),
  ]);
  expect(await timestream.rows('SELECT time FROM iot.telemetry ORDER BY time')).toEqual([
    ['2026-01-01 00:00:00.000000000'],
    ['2026-01-01 00:00:00.000000003'],
    ['2026-01-01 00:00:00.000000004'],
    ['2026-01-01 00:00:00.000002000'],
    ['2026-01-01 00:00:00.001000000'],
  ]);
});

test('dimensions of the record and of the common attributes are merged, and must not overlap', async () => {
  const record = { MeasureName: 'x', MeasureValue: '1', Time: timestream.time() };
  const common = { Dimensions: [{ Name: 'site', Value: 'north' }] };
  await timestream.writeRecords('telemetry', [{ ...record, Dimensions: pump }], common);
  expect(await timestream.rows('SELECT site, thing FROM iot.telemetry')).toEqual([['north', 'pump-1']]);
  const overlap = timestream.writeRecords(
    'telemetry',
    [{ ...record, Dimensions: [{ Name: 'site', Value: 'south' }] }],
    common,
  );
  expect(await fault(overlap)).toMatchObject({ code: 'ValidationException', statusCode: 400 });
});

test('a new dimension or measure adds a column, empty for the rows before', async () => {
  await timestream.writeRecords('telemetry', [
    { Dimensions: pump, MeasureName: 'x', MeasureValue: '1', Time: timestream.time() },
  ]);
  await timestream.writeRecords('telemetry', [
    {
      Dimensions: [...pump, { Name: 'site', Value: 'north' }],
      MeasureName: 'x',
      MeasureValue: '2',
      Time: timestream.time(),
    },
  ]);
  expect(await timestream.rows('SELECT site, measure_value::double FROM iot.telemetry ORDER BY 2')).toEqual([
    [null, '1.0'],
    ['north', '2.0'],
  ]);
});

test('names are told apart by case', async () => {
  await timestream.writeRecords(
    'telemetry',
    [
      {
        Time: timestream.time(),
        MeasureValues: [
          { Name: 'Latitude', Value: '1', Type: 'BIGINT' },
          { Name: 'latitude', Value: '2.5', Type: 'DOUBLE' },
        ],
      },
    ],
    { Dimensions: pump, MeasureName: 'position', MeasureValueType: 'MULTI' },
  );
  expect(await timestream.rows('SELECT Latitude, latitude FROM iot.telemetry')).toEqual([['1', '2.5']]);
});

test('a missing table or database is told', async () => {
  const record = { Dimensions: pump, MeasureName: 'x', MeasureValue: '1', Time: timestream.time() };
  const call = (DatabaseName: string, TableName: string) =>
    timestream.write('WriteRecords', { DatabaseName, TableName, Records: [record] });
  expect(await fault(call('iot', 'nothing'))).toMatchObject({ code: 'ResourceNotFoundException', statusCode: 404 });
  expect((await fault(call('nowhere', 'telemetry'))).message).toBe('The database nowhere does not exist.');
});

test('what is missing or of the wrong shape fails the whole call', async () => {
  const good = { Dimensions: pump, MeasureName: 'x', MeasureValue: '1', Time: timestream.time() };
  const { MeasureName: _name, ...nameless } = good;
  const { Time: _time, ...timeless } = good;
  const { MeasureValue: _value, ...valueless } = good;
  const wrong: object[] = [
    nameless,
    timeless,
    valueless,
    { ...good, Time: 'yesterday' },
    { ...good, Version: 0 },
    { ...good, TimeUnit: 'HOURS' },
    { ...good, MeasureValueType: 'FLOAT' },
    { ...good, MeasureValueType: 'TIMESTAMP' },
    { ...good, MeasureValueType: 'MULTI' },
    { ...good, MeasureValues: [{ Name: 'a', Value: '1', Type: 'DOUBLE' }] },
    { ...good, Dimensions: [...pump, ...pump] },
    { ...good, Dimensions: [{ Name: 'thing', Value: 'x', DimensionValueType: 'DOUBLE' }] },
    { ...good, MeasureValue: '' },
  ];
  for (const record of wrong) {
    const error = await fault(timestream.writeRecords('telemetry', [good, record as typeof good]));
    expect([record, error.code]).toEqual([record, 'ValidationException']);
  }
  expect(await timestream.value('SELECT count(*) FROM iot.telemetry')).toBe('0');
});

test('violations of the model are worded as AWS words them', async () => {
  const record = {
    Dimensions: [{ Name: 'a', Value: 'b', DimensionValueType: 'X' }],
    MeasureName: 'x',
    MeasureValue: '1',
    Time: '1',
  };
  const error = await fault(
    timestream.write('WriteRecords', { DatabaseName: 'iot', TableName: 'telemetry', Records: [record] }),
  );
  expect(error.message).toBe(
    "1 validation error detected: Value 'X' at 'records.1.member.dimensions.1.member.dimensionValueType' failed to satisfy constraint: Member must satisfy enum value set: [VARCHAR]",
  );
});

test('the number of stored and rejected records is metered', async () => {
  const record = (MeasureValue: string) => ({
    Dimensions: pump,
    MeasureName: 'x',
    MeasureValue,
    Time: timestream.time(),
  });
  await timestream.writeRecords('telemetry', [record('1'), record('1')]);
  await fault(timestream.writeRecords('telemetry', [record('2')]));
  expect(timestream.cloud.meter.get('timestream.recordsStored')).toBe(1);
  expect(timestream.cloud.meter.get('timestream.recordsRejected')).toBe(1);
});
