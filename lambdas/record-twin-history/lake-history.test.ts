import type { TwinChange } from '@fleetwright/contracts';
import { historyTime, TWIN_DELETION } from './build-history.ts';
import { rowOf, writeLakeHistory } from './lake-history.ts';

const change: TwinChange = {
  kind: 'changed',
  thingName: 'fleetwright-dev-pump-station-PS-0001',
  shadowName: 'config',
  version: 3,
  madeAt: 1_780_000_000,
  receivedAt: 1_780_000_000_123,
  desired: { sampleInterval: 100, note: 'a "b"\n' },
};
const message = (messageId: string, body: unknown) => ({ messageId, body: JSON.stringify(body) });

test('a change is one row, with its sections whole and the key of its version', () => {
  const row = JSON.parse(rowOf(change));
  expect(row).toMatchObject({
    time: new Date(1_780_000_000_000).toISOString(),
    time_ns: historyTime(change.madeAt, 3, 0).toString(),
    shadow: 'config',
    version: 3,
    deleted: false,
    received_at: new Date(change.receivedAt).toISOString(),
  });
  expect(JSON.parse(row.desired)).toEqual(change.desired);
  expect(row).not.toHaveProperty('reported');
  expect(rowOf(change)).toMatch(/\}\n$/);
});

test('a deletion has a key of its own', () => {
  const row = JSON.parse(rowOf({ ...change, kind: 'deleted', desired: undefined }));
  expect(row).toMatchObject({ deleted: true, time_ns: historyTime(change.madeAt, 3, TWIN_DELETION).toString() });
});

test('what cannot be read and what is not taken comes again alone', async () => {
  const put = async (texts: readonly string[]) => (texts.length === 2 ? [1] : []);
  const report = await writeLakeHistory(
    [message('a', change), message('b', { ...change, version: 4 }), message('c', {})],
    { put, onFailure: () => {} },
  );
  expect(report).toEqual({ stored: 1, failed: ['c', 'b'] });
});

test('when the stream is out of reach, all come again', async () => {
  const put = () => Promise.reject(new Error('no network'));
  expect(await writeLakeHistory([message('a', change)], { put, onFailure: () => {} })).toEqual({
    stored: 0,
    failed: ['a'],
  });
});
