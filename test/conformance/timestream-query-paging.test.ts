import type { QueryResponse } from '@aws-sdk/client-timestream-query';
import type { AssumedRole } from '../../local-cloud/src/core/iam/principal.ts';
import {
  fault,
  startTimestream,
  type TimestreamCloud,
} from '../../local-cloud/src/services/timestream/testing/timestream-cloud.ts';

// Source: API reference, Query (MaxRows, NextToken, ClientToken) and CancelQuery.

const ROWS = 250;
const QUERY = 'SELECT n FROM iot.numbers ORDER BY n';

let timestream: TimestreamCloud;

beforeAll(async () => {
  timestream = await startTimestream(['numbers']);
  for (let from = 0; from < ROWS; from += 50) {
    await timestream.writeRecords(
      'numbers',
      Array.from({ length: 50 }, (_, index) => ({
        Time: timestream.time(-from - index),
        MeasureValues: [
          { Name: 'n', Value: String(from + index), Type: 'BIGINT' as const },
          { Name: 'text', Value: 'x'.repeat(1800), Type: 'VARCHAR' as const },
        ],
      })),
      { MeasureName: 'numbers', MeasureValueType: 'MULTI' },
    );
  }
});

afterAll(() => timestream.close());

const page = (more: object) => timestream.query(QUERY, more);
const numbers = ({ Rows = [] }: QueryResponse) => Rows.map(({ Data }) => Number(Data?.[0]?.ScalarValue));
const range = (from: number, to: number) => Array.from({ length: to - from }, (_, index) => from + index);

test('a result smaller than MaxRows comes at once', async () => {
  const answer = await page({ MaxRows: ROWS + 1 });
  expect(numbers(answer)).toEqual(range(0, ROWS));
  expect(answer.NextToken).toBeUndefined();
});

test('otherwise the first answer is a token alone, and each page has its rows, columns and the same query id', async () => {
  const first = await page({ MaxRows: 100 });
  expect(first.Rows).toEqual([]);
  expect(first.ColumnInfo).toHaveLength(1);
  const second = await page({ MaxRows: 100, NextToken: first.NextToken });
  expect(numbers(second)).toEqual(range(0, 100));
  expect(second.QueryId).toBe(first.QueryId);
  const third = await page({ MaxRows: 100, NextToken: second.NextToken });
  expect(numbers(third)).toEqual(range(100, 200));
  const last = await page({ MaxRows: 100, NextToken: third.NextToken });
  expect(numbers(last)).toEqual(range(200, 250));
  expect(last.NextToken).toBeUndefined();
});

test('without MaxRows pages are cut at 1 MB', async () => {
  const query = 'SELECT text, text AS again, text AS more FROM iot.numbers';
  const first = await timestream.query(query);
  const size = JSON.stringify(first.Rows).length;
  expect(size).toBeLessThan(1_100_000);
  expect(size).toBeGreaterThan(900_000);
  const second = await timestream.query(query, { NextToken: first.NextToken });
  expect((first.Rows?.length ?? 0) + (second.Rows?.length ?? 0)).toBe(ROWS);
  expect(second.NextToken).toBeUndefined();
});

test('a token answers the same page up to five times, and not after a newer token was used', async () => {
  const { NextToken } = await page({ MaxRows: 10 });
  const answers: QueryResponse[] = [];
  for (let use = 0; use < 5; use++) answers.push(await page({ MaxRows: 10, NextToken }));
  expect(answers.map(numbers)).toEqual(Array.from({ length: 5 }, () => range(0, 10)));
  expect((await fault(page({ MaxRows: 10, NextToken }))).message).toBe('Invalid pagination token');

  const first = await page({ MaxRows: 10 });
  const second = await page({ MaxRows: 10, NextToken: first.NextToken });
  await page({ MaxRows: 10, NextToken: second.NextToken });
  expect(await fault(page({ MaxRows: 10, NextToken: first.NextToken }))).toMatchObject({
    code: 'ValidationException',
    message: 'Invalid pagination token',
  });
});

test('a token is good for its own query and principal only, for an hour', async () => {
  const { NextToken } = await page({ MaxRows: 10 });
  expect((await fault(timestream.query('SELECT n FROM iot.numbers', { NextToken }))).message).toBe(
    'Invalid pagination token',
  );
  const stranger: AssumedRole = {
    kind: 'assumed-role',
    arn: 'arn:aws:sts::123456789012:assumed-role/reader/session',
    accountId: '123456789012',
    userId: 'AROA:session',
    roleArn: 'arn:aws:iam::123456789012:role/reader',
    roleName: 'reader',
    sessionName: 'session',
  };
  const stolen = timestream.cloud.api.call(stranger, 'timestream-query', 'Query', { QueryString: QUERY, NextToken });
  expect((await fault(stolen)).message).toBe('Invalid pagination token');
  await timestream.cloud.clock.advance(3_600_000);
  expect((await fault(page({ NextToken }))).message).toBe('Invalid pagination token');
  expect((await fault(page({ NextToken: 'rubbish' }))).message).toBe('Invalid pagination token');
});

test('pages show the rows of the moment the query began', async () => {
  const first = await page({ MaxRows: 10 });
  await timestream.writeRecords('numbers', [
    {
      Time: timestream.time(1),
      MeasureName: 'numbers',
      MeasureValueType: 'MULTI',
      MeasureValues: [
        { Name: 'n', Value: '-1', Type: 'BIGINT' },
        { Name: 'new', Value: '1', Type: 'BIGINT' },
      ],
    },
  ]);
  expect(numbers(await page({ MaxRows: 10, NextToken: first.NextToken }))).toEqual(range(0, 10));
  expect(await timestream.value('SELECT min(n) FROM iot.numbers')).toBe('-1');
});

test('a repeated client token answers the same run; with another query it is a new one', async () => {
  const ClientToken = 'c'.repeat(32);
  const first = await timestream.query('SELECT count(*) FROM iot.numbers', { ClientToken });
  await timestream.writeRecords('numbers', [{ Time: timestream.time(2), MeasureName: 'single', MeasureValue: '1' }]);
  const again = await timestream.query('SELECT count(*) FROM iot.numbers', { ClientToken });
  expect(again).toEqual(first);
  const other = await timestream.query('SELECT count(*) + 0 FROM iot.numbers', { ClientToken });
  expect(other.QueryId).not.toBe(first.QueryId);
  expect(other.Rows).not.toEqual(first.Rows);
});

test('a cancelled query has no further pages', async () => {
  const { QueryId, NextToken } = await page({ MaxRows: 10 });
  const cancel = () =>
    timestream.cloud.api.call<object>(
      { kind: 'account', arn: 'arn:aws:iam::123456789012:root', accountId: '123456789012', userId: '123456789012' },
      'timestream-query',
      'CancelQuery',
      { QueryId },
    );
  expect(await cancel()).toHaveProperty('CancellationMessage');
  expect((await fault(page({ NextToken }))).message).toBe('Invalid pagination token');
  expect(await cancel()).toHaveProperty('CancellationMessage');
});

test('MaxRows is 1 to 1,000', async () => {
  for (const MaxRows of [0, 1001]) expect((await fault(page({ MaxRows }))).code).toBe('ValidationException');
});

test('query insights are refused', async () => {
  const call = page({ QueryInsights: { Mode: 'ENABLED_WITH_RATE_CONTROL' } });
  expect(await fault(call)).toMatchObject({ code: 'NotImplemented' });
});
