import {
  fault,
  startTimestream,
  type TimestreamCloud,
} from '../../local-cloud/src/services/timestream/testing/timestream-cloud.ts';

// assumed: what is not built is refused by name, and nothing of the engine beneath shows through

// What is not built is refused by name, and nothing of the engine beneath shows through.

let timestream: TimestreamCloud;

beforeAll(async () => {
  timestream = await startTimestream(['telemetry']);
  await timestream.writeRecords('telemetry', [
    { Dimensions: [{ Name: 'thing', Value: 'pump-1' }], MeasureName: 'x', MeasureValue: '1', Time: timestream.time() },
  ]);
});

afterAll(() => timestream.close());

describe('parts of the query language that are not built', () => {
  test.each([
    ["SELECT json_parse('1')", "function 'json_parse' is not implemented by the local cloud"],
    ['SELECT create_time_series(time, measure_value::double) FROM iot.telemetry', "function 'create_time_series'"],
    ['SELECT levenshtein_distance(thing, thing) FROM iot.telemetry', "function 'levenshtein_distance'"],
    ['SELECT max_by(thing, time, 2) FROM iot.telemetry', 'is not implemented by the local cloud'],
    ['SELECT ROW(1, 2)', 'ROW is not implemented'],
    ['SELECT (1, 2)', 'a row of values is not implemented'],
    ['SELECT filter(ARRAY[1], x -> x > 1)', 'a lambda expression is not implemented'],
    ['SELECT CAST(1 AS decimal(10, 2))', 'the type decimal with parameters is not implemented'],
    ['SELECT CAST(1 AS real)', "the type 'real' in a cast is not implemented"],
    ['SELECT * FROM iot.telemetry NATURAL JOIN iot.telemetry', 'NATURAL JOIN is not implemented'],
    ['SELECT thing FROM iot.telemetry GROUP BY ROLLUP (thing)', 'GROUP BY ROLLUP is not implemented'],
    ['WITH RECURSIVE t AS (SELECT 1) SELECT * FROM t', 'WITH RECURSIVE is not implemented'],
    ['SELECT * FROM iot.telemetry TABLESAMPLE BERNOULLI (10)', 'TABLESAMPLE is not implemented'],
    ["UNLOAD (SELECT 1) TO 's3://bucket/folder'", 'UNLOAD is not implemented'],
    ['SELECT * FROM iot.telemetry WHERE thing = @thing', 'a query parameter is not implemented'],
    ["SELECT regexp_like('a', '(?P<n>a)')", "function 'regexp_like' with the pattern"],
    ["SELECT date_format(now(), '%f')", "the format '%f' of date_format"],
    ['SELECT try(coalesce(1 / 0, 2))', "TRY around function 'coalesce'"],
  ])('%s', async (query, message) => {
    const error = await fault(timestream.query(query));
    expect(error.code).toBe('ValidationException');
    expect(error.message).toContain(message);
  });
});

describe('what only the engine would understand', () => {
  test.each([
    "SELECT * FROM read_csv('/etc/passwd')",
    "SELECT * FROM '/etc/passwd'",
    "SELECT * FROM read_text('/etc/passwd')",
    'SELECT * FROM duckdb_tables()',
    'SELECT * FROM information_schema.tables',
    'SELECT * FROM t1',
    'SELECT * FROM main.t1',
    'SELECT * FROM stored_columns',
    "COPY t1 TO '/tmp/x'",
    "ATTACH '/tmp/x' AS y",
    'PRAGMA database_list',
    "SET memory_limit = '1GB'",
    'INSTALL httpfs',
    'DROP TABLE t1',
    'DELETE FROM iot.telemetry',
    "INSERT INTO iot.telemetry VALUES ('x')",
    'CREATE TABLE x AS SELECT 1',
    'UPDATE iot.telemetry SET thing = 1',
    "SELECT getenv('HOME')",
    "SELECT current_setting('threads')",
    'SELECT 1::VARCHAR',
    'SELECT [1, 2]',
    "SELECT {'a': 1}",
    'SELECT * EXCLUDE (thing) FROM iot.telemetry',
    'FROM iot.telemetry',
    'SELECT c0 FROM iot.telemetry',
    'SELECT series FROM iot.telemetry',
    'SELECT version FROM iot.telemetry',
    'SELECT rowid FROM iot.telemetry',
    'SELECT 1 // 2',
    'SELECT ts_double_text(1.0)',
    "SELECT 'a' ~ 'b'",
    'SELECT 1; DROP TABLE t1',
    'EXPLAIN SELECT 1',
    'DESCRIBE t1',
    'SHOW ALL TABLES',
  ])('%s', async (query) => {
    expect(await fault(timestream.query(query))).toMatchObject({ code: 'ValidationException', statusCode: 400 });
  });

  test('text and names cannot leave their quotes', async () => {
    expect(await timestream.rows(`SELECT 'a''b', 'it''s; DROP TABLE t1 --' AS "x"";y"`)).toEqual([
      ["a'b", "it's; DROP TABLE t1 --"],
    ]);
    expect((await fault(timestream.query(`SELECT "x' OR 1=1" FROM iot.telemetry`))).message).toBe(
      "line 1:8: Column 'x' OR 1=1' does not exist",
    );
    expect(await timestream.value("SELECT regexp_replace('a', 'a', '''); DROP TABLE t1')")).toBe("'); DROP TABLE t1");
    for (const query of ["SELECT 'a\0'", 'SELECT "a\0"', 'SELECT 1 \0']) {
      expect((await fault(timestream.query(query))).message).toContain('The query syntax is invalid');
    }
    expect(await timestream.value('SELECT count(*) FROM iot.telemetry')).toBe('1');
  });

  test('values that are written are data, whatever they hold', async () => {
    const name = `n'"; DROP TABLE t1; --`;
    await timestream.writeRecords('telemetry', [
      { Dimensions: [{ Name: name, Value: name }], MeasureName: name, MeasureValue: '2', Time: timestream.time() },
    ]);
    const quoted = `"${name.replaceAll('"', '""')}"`;
    expect(
      await timestream.rows(`SELECT ${quoted}, measure_name FROM iot.telemetry WHERE ${quoted} IS NOT NULL`),
    ).toEqual([[name, name]]);
  });
});

test('deep nesting and long queries end in an error, not in a crash', async () => {
  const nested = (depth: number) => `SELECT ${'('.repeat(depth)}1${')'.repeat(depth)}`;
  expect(await timestream.value(nested(100))).toBe('1');
  expect((await fault(timestream.query(nested(20_000)))).code).toBe('ValidationException');
  expect((await fault(timestream.query(`SELECT ${'NOT '.repeat(50_000)}true`))).code).toBe('ValidationException');
  expect((await fault(timestream.query(`SELECT ${'-'.repeat(1)}${' -'.repeat(50_000)}1`))).code).toBe(
    'ValidationException',
  );
  expect((await fault(timestream.query(`SELECT ${'1 + '.repeat(60_000)}1`))).code).toBe('ValidationException');
  // Each division names its divisor twice.
  const repeated = Array.from({ length: 40 }).reduce<string>((inner) => `(1 / ${inner})`, 'x');
  const error = await fault(timestream.query(`SELECT ${repeated} FROM (VALUES 1) AS t(x)`));
  expect(error.message).toContain('an expression of this size is not implemented');
  const listed = Array.from({ length: 2000 }, (_, index) => `x = ${index}`).join(' OR ');
  expect(await timestream.value(`SELECT count(*) FROM (VALUES 7) AS t(x) WHERE ${listed}`)).toBe('1');
  const tooLong = `SELECT '${'x'.repeat(262_144)}'`;
  expect((await fault(timestream.query(tooLong))).message).toContain("at 'queryString' failed to satisfy constraint");
});
