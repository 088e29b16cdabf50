import {
  fault,
  startTimestream,
  type TimestreamCloud,
} from '../../local-cloud/src/services/timestream/testing/timestream-cloud.ts';

// Source: developer guide, "Query language reference" (SELECT, subquery support, SHOW and DESCRIBE statements, data types)
// and "Queries" (flat model). The messages are those that Timestream answers (aws-iot-fleetwise-edge #54,
// aws-sdk-pandas #1036).

let timestream: TimestreamCloud;

beforeAll(async () => {
  timestream = await startTimestream(['cpu', 'pumps', 'empty']);
  const minute = 60_000;
  const host = (instance: string) => [
    { Name: 'region', Value: 'us-east-1' },
    { Name: 'instance_id', Value: instance },
  ];
  await timestream.writeRecords('cpu', [
    { Dimensions: host('i-1'), MeasureName: 'cpu_utilization', MeasureValue: '35.0', Time: timestream.time() },
    { Dimensions: host('i-1'), MeasureName: 'cpu_utilization', MeasureValue: '38.2', Time: timestream.time(-minute) },
    { Dimensions: host('i-2'), MeasureName: 'cpu_utilization', MeasureValue: '45.3', Time: timestream.time() },
    {
      Dimensions: host('i-1'),
      MeasureName: 'network_bytes',
      MeasureValue: '34400',
      MeasureValueType: 'BIGINT',
      Time: timestream.time(),
    },
  ]);
  await timestream.writeRecords(
    'pumps',
    Array.from({ length: 10 }, (_, index) => ({
      Dimensions: [{ Name: 'thing', Value: `pump-${index % 2}` }],
      Time: timestream.time(-index * minute),
      MeasureValues: [
        { Name: 'temperature', Value: String(20 + index), Type: 'DOUBLE' },
        { Name: 'rpm', Value: String(1000 + index), Type: 'BIGINT' },
        ...(index === 0 ? [{ Name: 'state', Value: 'on', Type: 'VARCHAR' as const }] : []),
      ],
    })),
    { MeasureName: 'telemetry', MeasureValueType: 'MULTI' },
  );
});

afterAll(() => timestream.close());

const rows = (query: string) => timestream.rows(query);

test('an answer has the query id, columns, rows and progress, and no figures that are AWS’s own', async () => {
  const answer = await timestream.query('SELECT instance_id AS instance, 1 FROM iot.cpu LIMIT 1');
  expect(answer).toEqual({
    QueryId: expect.stringMatching(/^[0-9A-Z]+$/),
    NextToken: undefined,
    ColumnInfo: [
      { Name: 'instance', Type: { ScalarType: 'VARCHAR' } },
      { Name: '_col1', Type: { ScalarType: 'INTEGER' } },
    ],
    Rows: [{ Data: [{ ScalarValue: 'i-1' }, { ScalarValue: '1' }] }],
    QueryStatus: { ProgressPercentage: 100 },
  });
});

test('a null is told as such', async () => {
  const { Rows } = await timestream.query('SELECT state FROM iot.pumps WHERE state IS NULL LIMIT 1');
  expect(Rows).toEqual([{ Data: [{ NullValue: true }] }]);
});

test('names may be quoted, and measure_value columns are named by their type', async () => {
  expect(
    await rows(
      `SELECT "instance_id", measure_value::double, "measure_value::bigint" FROM "iot"."cpu" WHERE measure_name = 'network_bytes'`,
    ),
  ).toEqual([['i-1', null, '34400']]);
});

test('rows are binned, grouped, filtered by HAVING and ordered', async () => {
  expect(
    await rows(
      `SELECT bin(time, 5m) AS binned, thing, avg(temperature) AS average, count(*) FROM iot.pumps
       WHERE time > ago(1h) GROUP BY bin(time, 5m), thing HAVING count(*) > 1 ORDER BY binned, thing DESC`,
    ),
  ).toEqual([
    ['2025-12-31 23:50:00.000000000', 'pump-1', '28.0', '2'],
    ['2025-12-31 23:50:00.000000000', 'pump-0', '27.0', '2'],
    ['2025-12-31 23:55:00.000000000', 'pump-1', '23.0', '3'],
    ['2025-12-31 23:55:00.000000000', 'pump-0', '23.0', '2'],
  ]);
});

test('GROUP BY and ORDER BY take positions of the select list', async () => {
  expect(await rows('SELECT thing, max(rpm) FROM iot.pumps GROUP BY 1 ORDER BY 2 DESC')).toEqual([
    ['pump-1', '1009'],
    ['pump-0', '1008'],
  ]);
});

test('common table expressions, joins, USING and aliases', async () => {
  expect(
    await rows(
      `WITH latest AS (SELECT thing, max(time) AS time FROM iot.pumps GROUP BY thing),
            named(name, at) AS (SELECT thing, time FROM latest)
       SELECT n.name, p.rpm FROM named n JOIN iot.pumps AS p ON p.thing = n.name AND p.time = n.at ORDER BY 1`,
    ),
  ).toEqual([
    ['pump-0', '1000'],
    ['pump-1', '1001'],
  ]);
  expect(
    await rows(
      'SELECT time, a.rpm - b.rpm FROM iot.pumps a LEFT JOIN iot.pumps b USING (time) ORDER BY time DESC LIMIT 1',
    ),
  ).toEqual([['2026-01-01 00:00:00.000000000', '0']]);
});

test('subqueries in FROM, IN, EXISTS and as values, correlated or not', async () => {
  expect(
    await rows(
      'SELECT t.c1 FROM (VALUES 1, 2, 3, 4, 5) AS t(c1) WHERE EXISTS (SELECT t.c2 FROM (VALUES 1, 2, 3) AS t(c2) WHERE t.c1 = t.c2) ORDER BY t.c1',
    ),
  ).toEqual([['1'], ['2'], ['3']]);
  expect(
    await rows(
      'SELECT t.c1 FROM (VALUES 1, 2, 3, 4, 5) AS t(c1) WHERE t.c1 IN (SELECT u.c2 FROM (VALUES 2, 3, 4) AS u(c2)) ORDER BY t.c1',
    ),
  ).toEqual([['2'], ['3'], ['4']]);
  expect(
    await rows(
      'SELECT o.c FROM (VALUES 1, 2, 3) AS o(c) WHERE EXISTS (SELECT i.d FROM (VALUES 2) AS i(d) WHERE i.d = o.c)',
    ),
  ).toEqual([['2']]);
  expect(await rows('SELECT rpm FROM iot.pumps WHERE temperature = (SELECT max(temperature) FROM iot.pumps)')).toEqual([
    ['1009'],
  ]);
});

test('set operations bring columns to their common type', async () => {
  expect(await rows('SELECT 1 UNION ALL SELECT 2.5 UNION ALL SELECT NULL ORDER BY 1')).toEqual([
    ['1.0'],
    ['2.5'],
    [null],
  ]);
  expect(await rows('SELECT 1 UNION SELECT 1')).toEqual([['1']]);
  expect(await rows('(VALUES 1, 2, 3) EXCEPT (VALUES 2) ORDER BY 1 DESC')).toEqual([['3'], ['1']]);
  expect(await rows('(VALUES 1, 2) INTERSECT (VALUES 2, 3)')).toEqual([['2']]);
});

test('window functions run over the rows, and over groups', async () => {
  expect(
    await rows(
      `SELECT rpm, lag(rpm) OVER (PARTITION BY thing ORDER BY time), row_number() OVER (ORDER BY time DESC),
         sum(rpm) OVER (ORDER BY time DESC ROWS BETWEEN 1 PRECEDING AND CURRENT ROW)
       FROM iot.pumps ORDER BY time DESC LIMIT 2`,
    ),
  ).toEqual([
    ['1000', '1002', '1', '1000'],
    ['1001', '1003', '2', '2001'],
  ]);
  expect(await rows('SELECT thing, sum(count(*)) OVER () FROM iot.pumps GROUP BY thing ORDER BY 1')).toEqual([
    ['pump-0', '10'],
    ['pump-1', '10'],
  ]);
});

test('nulls come last in either direction, unless told otherwise', async () => {
  const sorted = (order: string) => rows(`SELECT x FROM (VALUES 1, NULL, 2) AS t(x) ORDER BY x ${order}`);
  expect(await sorted('')).toEqual([['1'], ['2'], [null]]);
  expect(await sorted('DESC')).toEqual([['2'], ['1'], [null]]);
  expect(await sorted('NULLS FIRST')).toEqual([[null], ['1'], ['2']]);
});

test('text in the place of a timestamp is read as one', async () => {
  expect(
    await rows("SELECT rpm FROM iot.pumps WHERE time BETWEEN '2025-12-31 23:58:30' AND now() ORDER BY time"),
  ).toEqual([['1001'], ['1000']]);
});

test('now() and ago() follow the clock of the cloud', async () => {
  expect(await rows('SELECT now(), current_date, ago(90s), now() - 1y')).toEqual([
    ['2026-01-01 00:00:00.000000000', '2026-01-01', '2025-12-31 23:58:30.000000000', '2025-01-01 00:00:00.000000000'],
  ]);
});

test('UNNEST makes rows of arrays, with their position when asked', async () => {
  expect(await rows("SELECT x, n FROM UNNEST(ARRAY['a', 'b']) WITH ORDINALITY AS t(x, n)")).toEqual([
    ['a', '1'],
    ['b', '2'],
  ]);
  expect(
    await rows("SELECT DISTINCT part FROM iot.pumps CROSS JOIN UNNEST(split(thing, '-')) AS t(part) ORDER BY part"),
  ).toEqual([['0'], ['1'], ['pump']]);
});

test('SHOW DATABASES, TABLES and MEASURES, with a pattern', async () => {
  expect((await timestream.query('SHOW DATABASES')).ColumnInfo).toEqual([
    { Name: 'Database', Type: { ScalarType: 'VARCHAR' } },
  ]);
  expect(await rows("SHOW DATABASES LIKE 'i%'")).toEqual([['iot']]);
  expect(await rows('SHOW TABLES FROM iot')).toEqual([['cpu'], ['empty'], ['pumps']]);
  expect(await rows('SHOW TABLES FROM "iot" LIKE \'_pu\'')).toEqual([['cpu']]);
  const dimensions = [
    ['instance_id', 'varchar'],
    ['region', 'varchar'],
  ];
  expect(await rows('SHOW MEASURES FROM iot.cpu')).toEqual([
    ['cpu_utilization', 'double', dimensions],
    ['network_bytes', 'bigint', dimensions],
  ]);
  expect(await rows("SHOW MEASURES FROM iot.pumps LIKE 'tele%'")).toEqual([
    ['telemetry', 'multi', [['thing', 'varchar']]],
  ]);
});

test('DESCRIBE tells column, type and attribute type', async () => {
  expect(await rows('DESCRIBE iot.cpu')).toEqual([
    ['instance_id', 'varchar', 'DIMENSION'],
    ['region', 'varchar', 'DIMENSION'],
    ['measure_name', 'varchar', 'MEASURE_NAME'],
    ['time', 'timestamp', 'TIMESTAMP'],
    ['measure_value::double', 'double', 'MEASURE_VALUE'],
    ['measure_value::bigint', 'bigint', 'MEASURE_VALUE'],
  ]);
  expect(await rows('DESCRIBE "iot"."pumps"')).toContainEqual(['state', 'varchar', 'MULTI']);
  const { ColumnInfo = [] } = await timestream.query('DESCRIBE iot.empty');
  expect(ColumnInfo.map(({ Name }) => Name)).toEqual(['Column', 'Type', 'Timestream attribute type']);
});

test('a table without data has measure_name and time', async () => {
  expect(await rows('SELECT * FROM iot.empty')).toEqual([]);
  expect(await rows('SELECT count(*), max(time) FROM iot.empty')).toEqual([['0', null]]);
});

describe('errors tell the place', () => {
  test.each([
    ['SELECT vehicleName FROM iot.cpu', "line 1:8: Column 'vehicleName' does not exist"],
    ['SELECT\n  1,\n  x FROM iot.cpu', "line 3:3: Column 'x' does not exist"],
    ['SELECT Region FROM iot.cpu', "line 1:8: Column 'Region' does not exist"],
    ['SELECT time FROM iot.cpu a, iot.cpu b', "line 1:8: Column 'time' is ambiguous"],
    ['SELECT * FROM nowhere.cpu', "Requested database 'nowhere' not found for identifier 'nowhere.cpu' at line 1:15"],
    ['SELECT * FROM iot.nothing', "Requested table 'nothing' not found for identifier 'iot.nothing' at line 1:15"],
    [
      'SELECT region FROM iot.cpu GROUP BY time',
      "line 1:8: 'region' must be an aggregate expression or appear in GROUP BY clause",
    ],
    [
      'SELECT * FROM iot.cpu GROUP BY region',
      "'instance_id' must be an aggregate expression or appear in GROUP BY clause",
    ],
    ['SELECT 1 FROM iot.cpu WHERE max(time) > now()', 'line 1:29: WHERE clause cannot contain aggregations'],
    ['SELECT 1 FROM iot.cpu WHERE region', 'line 1:29: WHERE clause must evaluate to a boolean: actual type varchar'],
    ['SELECT region = 1 FROM iot.cpu', "line 1:15: '=' cannot be applied to varchar, integer"],
    ['SELECT time - time FROM iot.cpu', "line 1:13: '-' cannot be applied to timestamp, timestamp"],
    ['SELECT 1 UNION SELECT 1, 2', 'UNION query has different number of fields: 1, 2'],
    ['SELECT 1 ORDER BY 2', 'line 1:19: ORDER BY position 2 is not in select list'],
    ['SELECT', 'The query syntax is invalid at line 1:7'],
    ['SELECT 1 FROM', 'The query syntax is invalid at line 1:14'],
    ['SELECT (1', 'The query syntax is invalid at line 1:10'],
    ["SELECT 'open", 'The query syntax is invalid at line 1:8'],
    ['SELECT 1; SELECT 2', 'The query syntax is invalid at line 1:11'],
    ["SELECT ago('7d')", 'Unexpected parameters (varchar) for function ago'],
  ])('%s', async (query, message) => {
    const error = await fault(timestream.query(query));
    expect(error).toMatchObject({ code: 'ValidationException', statusCode: 400 });
    expect(error.message).toContain(message);
  });

  test.each([
    ['SELECT 1 / 0', 'Division by zero'],
    ['SELECT rpm % (rpm - rpm) FROM iot.pumps', 'Division by zero'],
    ["SELECT CAST('x' AS bigint)", "Cannot cast 'x' to BIGINT"],
    ['SELECT 9223372036854775807 + 1', 'Overflow'],
    ['SELECT (SELECT rpm FROM iot.pumps)', 'More than one row'],
  ])('%s fails when it is evaluated', async (query, message) => {
    const error = await fault(timestream.query(query));
    expect(error).toMatchObject({ code: 'QueryExecutionException', statusCode: 400 });
    expect(error.message).toContain(message);
  });
});
