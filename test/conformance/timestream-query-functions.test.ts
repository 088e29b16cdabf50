import {
  startTimestream,
  type TimestreamCloud,
} from '../../local-cloud/src/services/timestream/testing/timestream-cloud.ts';

// Expected values: examples of the developer guide's pages named at each group; where a page gives none, Presto's
// documentation, from which the query language is taken.

let timestream: TimestreamCloud;

beforeAll(async () => {
  timestream = await startTimestream();
});

afterAll(() => timestream.close());

function examples(group: string, cases: readonly (readonly [string, unknown])[]): void {
  describe(group, () => {
    test.each(cases)('%s', async (expression, expected) => {
      expect(await timestream.value(`SELECT ${expression}`)).toEqual(expected);
    });
  });
}

examples('Date / time operators', [
  ["date '2022-05-21' + interval '2' day", '2022-05-23'],
  ["date '2022-05-21' + 2d", '2022-05-23'],
  ["date '2022-05-21' + 2day", '2022-05-23'],
  ["typeof(date '2022-05-21' + interval '2' day)", 'date'],
  ["interval '4' year + interval '2' month", '4-2'],
  ["typeof(interval '4' year + interval '2' month)", 'interval year to month'],
  ["interval '2' year + interval '4' month", '2-4'],
  ["timestamp '2022-06-17 01:00' - interval '7' hour", '2022-06-16 18:00:00.000000000'],
  ["typeof(timestamp '2022-06-17 01:00' - interval '7' hour)", 'timestamp'],
  ["interval '6' day - interval '4' hour", '5 20:00:00.000000000'],
  ["typeof(interval '6' day - interval '4' hour)", 'interval day to second'],
  ["timestamp '2026-01-31 10:00:00.123456789' + 1mo", '2026-02-28 10:00:00.123456789'],
  ["timestamp '2026-01-01 00:00:00' + 5ns", '2026-01-01 00:00:00.000000005'],
  ["timestamp '2026-01-01 00:00:00' - 3us", '2025-12-31 23:59:59.999997000'],
]);

examples('Date / time functions', [
  ["bin(timestamp '2022-06-17 10:15:20', 5m)", '2022-06-17 10:15:00.000000000'],
  ["bin(timestamp '2022-06-17 10:15:20', 1d)", '2022-06-17 00:00:00.000000000'],
  ["bin(timestamp '2022-06-17 10:15:20', 20day)", '2022-06-17 00:00:00.000000000'],
  ["bin(timestamp '2022-06-17 10:15:20', 30day)", '2022-05-28 00:00:00.000000000'],
  ["bin(timestamp '2022-06-17 10:15:20.123456789', 10ns)", '2022-06-17 10:15:20.123456780'],
  ["date_trunc('second', timestamp '2001-08-22 03:04:05.321')", '2001-08-22 03:04:05.000000000'],
  ["date_trunc('hour', timestamp '2001-08-22 03:04:05.321')", '2001-08-22 03:00:00.000000000'],
  ["date_trunc('day', timestamp '2001-08-22 03:04:05.321')", '2001-08-22 00:00:00.000000000'],
  ["date_trunc('week', timestamp '2001-08-22 03:04:05.321')", '2001-08-20 00:00:00.000000000'],
  ["date_trunc('month', timestamp '2001-08-22 03:04:05.321')", '2001-08-01 00:00:00.000000000'],
  ["date_trunc('quarter', timestamp '2001-08-22 03:04:05.321')", '2001-07-01 00:00:00.000000000'],
  ["date_trunc('year', timestamp '2001-08-22 03:04:05.321')", '2001-01-01 00:00:00.000000000'],
  ["date_add('hour', 9, timestamp '2022-06-17 00:00:00')", '2022-06-17 09:00:00.000000000'],
  ["date_add('month', 1, timestamp '2022-01-31 00:00:00')", '2022-02-28 00:00:00.000000000'],
  ["date_diff('second', timestamp '2020-06-01 12:30:45', timestamp '2020-06-02 12:30:45.123456789')", '86400'],
  ["date_diff('millisecond', timestamp '2020-06-01 12:30:45', timestamp '2020-06-02 12:30:45.123456789')", '86400123'],
  ["date_diff('day', date '2020-03-01', date '2020-03-02')", '1'],
  ["date_diff('month', timestamp '2022-01-31 00:00:00', timestamp '2022-02-28 00:00:00')", '1'],
  ["parse_duration('42.8ms')", '0 00:00:00.042800000'],
  ["parse_duration('3.81 d')", '3 19:26:24.000000000'],
  ["parse_duration('5m')", '0 00:05:00.000000000'],
  ['from_milliseconds(1655447445123)', '2022-06-17 06:30:45.123000000'],
  ['from_nanoseconds(1655447445123456789)', '2022-06-17 06:30:45.123456789'],
  ['from_unixtime(1655447445)', '2022-06-17 06:30:45.000000000'],
  ["to_milliseconds(timestamp '2022-06-17 06:30:45.123456789')", '1655447445123'],
  ["to_nanoseconds(timestamp '2022-06-17 06:30:45.123456789')", '1655447445123456789'],
  ['to_milliseconds(2s)', '2000'],
  ["from_iso8601_timestamp('2022-06-17T10:30:45.5Z')", '2022-06-17 10:30:45.500000000'],
  ["from_iso8601_date('2022-06-17')", '2022-06-17'],
  ["last_day_of_month(timestamp '2022-02-03 00:00:00')", '2022-02-28'],
  ["extract(year FROM timestamp '2019-10-12 23:10:34')", '2019'],
  ["extract(year FROM '2019-10-12 23:10:34.000000000')", '2019'],
  ["second('2019-10-12 23:10:34.000000000')", '34'],
  ["day_of_week(timestamp '2026-01-04 00:00:00')", '7'],
  ["week(timestamp '2026-01-01 00:00:00')", '1'],
  ["year_of_week(timestamp '2027-01-01 00:00:00')", '2026'],
  ["day_of_year(timestamp '2026-02-01 00:00:00')", '32'],
  ["millisecond(timestamp '2026-02-01 00:00:00.123456789')", '123'],
  ["date_format(timestamp '2022-06-17 10:05:09', '%Y-%m-%d %H:%i:%s')", '2022-06-17 10:05:09'],
  ["format_datetime(timestamp '2022-06-17 10:05:09.25', 'yyyy/MM/dd''T''HH:mm:ss.SSS')", '2022/06/17T10:05:09.250'],
]);

examples('Numbers', [
  ['7 / 2', '3'],
  ['-7 / 2', '-3'],
  ['7 / 2.0', '3.5'],
  ['7 % -3', '1'],
  ['typeof(1)', 'integer'],
  ['typeof(5000000000)', 'bigint'],
  ['typeof(1.5)', 'double'],
  ['round(2.5)', '3.0'],
  ['round(-2.5)', '-3.0'],
  ['round(2.567, 1)', '2.6'],
  ['ceil(-0.5)', '-0.0'],
  ['truncate(-2.7)', '-2.0'],
  ['sqrt(-1)', 'NaN'],
  ['ln(0)', '-Infinity'],
  ['nan() = nan()', 'false'],
  ['nan() > 1', 'false'],
  ['1.0 / 0', 'Infinity'],
  ['mod(7, 3)', '1'],
  ['to_base(-255, 16)', '-ff'],
  ['bit_count(19, 8)', '3'],
  ['bitwise_and(12, 7)', '4'],
  ['bitwise_not(12)', '-13'],
  ['bitwise_or(12, 7)', '15'],
  ['bitwise_xor(12, 7)', '11'],
]);

examples('Doubles as text', [
  ['35.0', '35.0'],
  ['0.001', '0.001'],
  ['0.0001', '1.0E-4'],
  ['9999999.0', '9999999.0'],
  ['12345678.9', '1.23456789E7'],
  ['1e10', '1.0E10'],
  ['-1.5e-7', '-1.5E-7'],
  ['CAST(0.00012 AS varchar)', '1.2E-4'],
  ['CAST(12345678.9 AS varchar)', '1.23456789E7'],
  ['CAST(1e22 AS varchar)', '1.0E22'],
  ['CAST(-1e7 AS varchar)', '-1.0E7'],
  ['CAST(100.0 AS varchar)', '100.0'],
]);

examples('Conversion functions', [
  ["CAST('12' AS bigint)", '12'],
  ['CAST(2.5 AS bigint)', '3'],
  ['CAST(-2.5 AS integer)', '-3'],
  ["TRY_CAST('x' AS bigint)", null],
  ["TRY_CAST(' 5' AS bigint)", null],
  ["CAST(timestamp '2022-06-17 10:15:20' AS varchar)", '2022-06-17 10:15:20.000000000'],
  ["CAST('2022-06-17' AS date)", '2022-06-17'],
  ["CAST('2022-06-17 10:15:20.5' AS timestamp)", '2022-06-17 10:15:20.500000000'],
  ["CAST('true' AS boolean)", 'true'],
  ['CAST(true AS varchar)', 'true'],
]);

examples('Conditional expressions', [
  ["if(true, 'example 1')", 'example 1'],
  ["if(false, 'example 2')", null],
  ["if(true, 'example 3 true', 'example 3 false')", 'example 3 true'],
  ["if(false, 'example 4 true', 'example 4 false')", 'example 4 false'],
  ['try(1 / 0)', null],
  ['coalesce(NULL, 2)', '2'],
  ['nullif(1, 1)', null],
  ["CASE 2 WHEN 1 THEN 'one' WHEN 2 THEN 'two' END", 'two'],
  ['greatest(1, 2.5)', '2.5'],
  ['least(1, NULL)', null],
  ['NULL BETWEEN 1 AND 2', null],
]);

examples('String functions', [
  ["concat('a', 'b', 'c')", 'abc'],
  ["concat('a', NULL)", null],
  ["'a' || 'b'", 'ab'],
  ["length('häß')", '3'],
  ["substr('hello', 2)", 'ello'],
  ["substr('hello', -2)", 'lo'],
  ["substr('hello', 2, 2)", 'el'],
  ["substr('hello', 0)", ''],
  ["substr('hello', 9)", ''],
  ["substr('hello', 2, -1)", ''],
  ["split('a.b', '.')", ['a', 'b']],
  ["split_part('a.b', '.', 2)", 'b'],
  ["split_part('a.b', '.', 3)", null],
  ["strpos('abc', 'c')", '3'],
  ["strpos('abc', 'x')", '0'],
  ["position('b' IN 'abc')", '2'],
  ["lpad('x', 3, 'ab')", 'abx'],
  ["rpad('abcd', 2, 'x')", 'ab'],
  ["trim('\t x \n')", 'x'],
  ["replace('aba', 'a')", 'b'],
  ["replace('aba', 'a', 'c')", 'cbc'],
  ["reverse('abc')", 'cba'],
  ["codepoint('a')", '97'],
  ['chr(128512)', '😀'],
  ["'50%' LIKE '50$%' ESCAPE '$'", 'true'],
]);

examples('Regular expression functions', [
  ["regexp_extract_all('example expect complex', 'ex\\w')", ['exa', 'exp']],
  ["regexp_extract('example expect', 'ex\\w')", 'exa'],
  ["regexp_extract('example expect', '(ex)(\\w)', 2)", 'a'],
  ["regexp_extract('abc', 'x')", null],
  ["regexp_like('example', 'ex')", 'true'],
  ["regexp_replace('example expect', 'expect')", 'example '],
  ["regexp_replace('example expect', 'expect', 'surprise')", 'example surprise'],
  ["regexp_replace('a1b2', '(\\d)', '<$1>')", 'a<1>b<2>'],
  ["regexp_split('example', 'x')", ['e', 'ample']],
]);

examples('Array functions', [
  ['cardinality(ARRAY[6, 8, 2, 9, 3])', '5'],
  ["array_join(ARRAY[1, 2, 3], ';', '')", '1;2;3'],
  ['array_position(ARRAY[3, 4, 5, 9], 5)', '3'],
  ['array_sort(ARRAY[6, 8, NULL, 2])', ['2', '6', '8', null]],
  ['concat(ARRAY[6, 8], ARRAY[11])', ['6', '8', '11']],
  ['element_at(ARRAY[6, 8, 2, 9, 3], 1)', '6'],
  ['element_at(ARRAY[6, 8], -1)', '8'],
  ['ARRAY[6, 8][2]', '8'],
  ['reverse(ARRAY[6, 8, 2, 9, 3])', ['3', '9', '2', '8', '6']],
  ['sequence(3, 8)', ['3', '4', '5', '6', '7', '8']],
  ['sequence(3, 15, 2)', ['3', '5', '7', '9', '11', '13', '15']],
  ['sequence(5, 3)', ['5', '4', '3']],
  [
    "sequence('2023-04-02 19:26:12.941000000', '2023-04-06 19:26:12.941000000', 2d)",
    ['2023-04-02 19:26:12.941000000', '2023-04-04 19:26:12.941000000', '2023-04-06 19:26:12.941000000'],
  ],
]);

describe('Aggregate functions', () => {
  const over = (aggregate: string, values: string) =>
    timestream.value(`SELECT ${aggregate} FROM (VALUES ${values}) AS t(c)`);
  test.each([
    ['arbitrary(t.c)', '1, 2', '1'],
    ['array_agg(t.c)', '1, 2, 3, 4', ['1', '2', '3', '4']],
    ['avg(t.c)', '1, 2, 3, 4', '2.5'],
    ['bool_and(t.c)', 'true, true, false, true', 'false'],
    ['bool_or(t.c)', 'true, true, false, true', 'true'],
    ['count(t.c)', 'true, true, NULL, true', '3'],
    ['count_if(t.c)', 'true, true, false, true', '3'],
    ['geometric_mean(t.c)', '1, 2, 3, 4', '2.213363839400643'],
    ['max(t.c)', '1, 2, 3, 4', '4'],
    ['min(t.c)', '1, 2, 3, 4', '1'],
    ['sum(t.c)', '1, 2, 3, 4', '10'],
    ['typeof(sum(t.c))', '1, 2', 'bigint'],
    ['approx_distinct(t.c)', '1, 2, 3, 4, 8', '5'],
    ['approx_percentile(t.c, 0.4)', '1, 2, 3, 4', '2'],
    ['count(DISTINCT t.c)', '1, 1, 2', '2'],
    ['sum(t.c) FILTER (WHERE t.c > 1)', '1, 2, 3', '5'],
    ['array_agg(t.c ORDER BY t.c DESC)', '1, 3, 2', ['3', '2', '1']],
    ['bitwise_and_agg(t.c)', '1, -3', '1'],
    ['bitwise_or_agg(t.c)', '1, -3', '-3'],
    ['var_pop(t.c)', '1, 2, 3, 4', '1.25'],
    ['stddev(t.c)', '1', null],
    ['sum(t.c)', 'NULL, NULL', null],
  ])('%s over %s', async (aggregate, values, expected) => {
    expect(await over(aggregate, values)).toEqual(expected);
  });

  test('max_by and min_by take the value beside the extreme, also when it is null', async () => {
    const by = (aggregate: string, values: string) =>
      timestream.value(`SELECT ${aggregate} FROM (VALUES ${values}) AS t(c1, c2)`);
    const letters = "('a', 1), ('b', 2), ('c', 3), ('d', 4)";
    expect(await by('max_by(t.c1, t.c2)', letters)).toBe('d');
    expect(await by('min_by(t.c1, t.c2)', letters)).toBe('a');
    expect(await by('max_by(t.c1, t.c2)', "('a', 1), (NULL, 2), ('c', NULL)")).toBeNull();
  });
});
