import type { _Record as StoreRecord } from '@aws-sdk/client-timestream-write';
import type { TwinChange } from '@fleetwright/contracts';
import { buildHistory, historyTime } from './build-history.ts';
import { writeHistory } from './write-history.ts';

const change = (version: number, more: Partial<TwinChange> = {}): TwinChange => ({
  kind: 'changed',
  thingName: 'pump',
  shadowName: 'config',
  version,
  madeAt: 1_700_000_000,
  receivedAt: 1_700_000_000_123,
  desired: { a: version },
  ...more,
});
const message = (messageId: string, body: unknown) => ({ messageId, body: JSON.stringify(body) });

function store(refuse: (records: readonly StoreRecord[]) => Error | undefined = () => undefined) {
  const written: StoreRecord[] = [];
  const problems: string[] = [];
  return {
    written,
    problems,
    ports: {
      async write(records: readonly StoreRecord[]) {
        expect(records.length).toBeLessThanOrEqual(100);
        const error = refuse(records);
        if (error !== undefined) throw error;
        written.push(...records);
      },
      onFailure: (ids: readonly string[], problem: string) => void problems.push(`${ids.join()} ${problem}`),
    },
  };
}

const versionOf = (record: StoreRecord) => record.MeasureValues?.find(({ Name }) => Name === 'version')?.Value;
const named = (name: string, more: object = {}) => Object.assign(new Error('refused'), { name, ...more });

test('versions of one second keep their order, and each its own time', () => {
  const times = [
    historyTime(7, 1, 0),
    historyTime(7, 1, 1),
    historyTime(7, 2, 0),
    historyTime(7, 999_999, 999),
    historyTime(8, 1, 0),
  ];
  expect([...times].sort((left, right) => Number(left - right))).toEqual(times);
  expect(new Set(times).size).toBe(times.length);
});

test('a change becomes the same records each time, so that the store takes it once', () => {
  expect(buildHistory(change(3))).toEqual(buildHistory(change(3)));
  expect(buildHistory(change(3, { kind: 'deleted' }))[0]?.Time).not.toBe(buildHistory(change(3))[0]?.Time);
});

// Timestream developer guide, "Quotas": a record holds at most 2 KB.
test('the largest twin is divided into records below 2 KB, and its pieces make it whole again', () => {
  const desired = { text: '€'.repeat(2_600) };
  const reported = { text: '𝄞'.repeat(1_900), b: 1 };
  const records = buildHistory(change(1, { desired, reported }));
  for (const record of records) expect(Buffer.byteLength(JSON.stringify(record))).toBeLessThan(2_048);
  const joined = (name: string) =>
    records.map((record) => record.MeasureValues?.find(({ Name }) => Name === name)?.Value ?? '').join('');
  expect(JSON.parse(joined('desired'))).toEqual(desired);
  expect(JSON.parse(joined('reported'))).toEqual(reported);
});

test('a change that comes twice in a batch is written once, and fails twice if it fails', async () => {
  const good = store();
  expect(await writeHistory([message('1', change(1)), message('2', change(1))], good.ports)).toEqual({
    stored: 1,
    failed: [],
  });
  const bad = store(() => named('ThrottlingException'));
  expect((await writeHistory([message('1', change(1)), message('2', change(1))], bad.ports)).failed).toEqual([
    '1',
    '2',
  ]);
});

test('only the change whose record is rejected comes again', async () => {
  const { ports } = store(() => named('RejectedRecordsException', { RejectedRecords: [{ RecordIndex: 1 }] }));
  const report = await writeHistory([message('1', change(1)), message('2', change(2)), message('3', change(3))], ports);
  expect(report).toEqual({ stored: 2, failed: ['2'] });
});

test('a request that is invalid as a whole is taken apart', async () => {
  const { ports, written } = store((records) =>
    records.some((record) => versionOf(record) === '2') ? named('ValidationException') : undefined,
  );
  const report = await writeHistory([message('1', change(1)), message('2', change(2)), message('3', change(3))], ports);
  expect(report).toEqual({ stored: 2, failed: ['2'] });
  expect(written.map(versionOf)).toEqual(['1', '3']);
});

test('what is no change comes again, and the others are written', async () => {
  const { ports, problems } = store();
  const report = await writeHistory([{ messageId: '1', body: '{' }, message('2', change(2))], ports);
  expect(report).toEqual({ stored: 1, failed: ['1'] });
  expect(problems).toHaveLength(1);
});

test('more changes than a request holds take several', async () => {
  const { ports, written } = store();
  const messages = Array.from({ length: 250 }, (_, at) => message(String(at), change(at)));
  expect((await writeHistory(messages, ports)).stored).toBe(250);
  expect(written).toHaveLength(250);
});
