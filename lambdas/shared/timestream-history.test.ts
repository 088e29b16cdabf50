import type { TimestreamQueryClient } from '@aws-sdk/client-timestream-query';
import { timestreamHistory } from './timestream-history.ts';

const place = { database: 'db', telemetryTable: 'telemetry', healthTable: 'health' };
const NOW = 1_700_000_000_000;

/** A table with some columns, that answers pages of rows. */
function table(columns: readonly string[], pages: readonly (readonly (string | null)[])[][]) {
  const asked: string[] = [];
  const client = {
    async send({ input }: { input: { QueryString: string; NextToken?: string } }) {
      asked.push(input.QueryString.replaceAll(/\s+/g, ' '));
      const missing = ['thing_name', 'temperature', 'rpm', 'measure_value::bigint'].find(
        (name) => input.QueryString.includes(name) && !columns.includes(name),
      );
      if (missing !== undefined) {
        throw Object.assign(new Error(`line 1:8: Column '${missing}' does not exist`), { name: 'ValidationException' });
      }
      const page = Number(input.NextToken ?? 0);
      const Rows = (pages[page] ?? []).map((row) => ({
        Data: row.map((value) => (value === null ? { NullValue: true } : { ScalarValue: value })),
      }));
      return { Rows, ...(page + 1 < pages.length && { NextToken: String(page + 1) }) };
    },
  };
  return { asked, history: timestreamHistory(client as unknown as TimestreamQueryClient, place) };
}

test('recent samples come in the order of time, of every page, without what is null or text', async () => {
  const { history } = table(
    ['thing_name', 'temperature', 'rpm'],
    [
      [
        ['3', '30.5', null],
        ['2', '20', 'fast'],
      ],
      [['1', '10', 'true']],
    ],
  );
  expect(await history.recent('p', ['temperature', 'rpm'], NOW, 10)).toEqual({
    temperature: [
      [1, 10],
      [2, 20],
      [3, 30.5],
    ],
    rpm: [[1, 1]],
  });
});

test('a measure that no device has sent is left out, and an empty table has none', async () => {
  const partly = table(['thing_name', 'rpm'], [[['1', '5']]]);
  expect(await partly.history.recent('p', ['temperature', 'rpm'], NOW, 10)).toEqual({ rpm: [[1, 5]] });
  const empty = table([], []);
  expect(await empty.history.recent('p', ['temperature', 'rpm'], NOW, 10)).toEqual({});
  expect(await empty.history.medians('p', 'health', 'battery_permille', NOW, 60)).toEqual([]);
});

test('medians stand in the middle of their stretch', async () => {
  const { asked, history } = table(['thing_name', 'temperature'], [[['0', '7']]]);
  expect(await history.medians('p', 'telemetry', 'temperature', NOW, 3_600)).toEqual([[1_800_000, 7]]);
  expect(asked[0]).toContain('bin(time, 3600s)');
});

test('a thing is quoted, and any other problem is thrown', async () => {
  const { asked, history } = table(['thing_name', 'temperature'], [[]]);
  await history.recent("it's", ['temperature'], NOW, 1);
  expect(asked[0]).toContain("thing_name = 'it''s'");
  const denied = {
    send: async () => Promise.reject(Object.assign(new Error('no'), { name: 'AccessDeniedException' })),
  };
  const other = timestreamHistory(denied as unknown as TimestreamQueryClient, place);
  await expect(other.recent('p', ['temperature'], NOW, 1)).rejects.toThrow('no');
});
