import { measureSchemasSchema, storeTime } from '@fleetwright/contracts';
import { buildRows, rowColumns } from './build-rows.ts';
import { type LakePort, lakeSink } from './lake-sink.ts';
import type { Received } from './model.ts';
import { readMessage } from './read-message.ts';
import { NOW, queueMessage, THING, telemetry } from './testing/queue-messages.ts';

const columns = rowColumns(
  measureSchemasSchema.parse({
    'pump-station': { measures: { Temperature: { type: 'number' }, open: { type: 'boolean' } } },
  }),
);
const bounds = { oldest: 0, newest: NOW * 2, lateAfter: 1 };
const everything = () => true;

function received(over = {}): Received {
  const reading = readMessage(queueMessage(telemetry(over)), 'fleetwright-dev');
  if (!reading.ok) throw new Error(reading.rejection.detail);
  return reading.received;
}

function rowsOf(text: string): Record<string, unknown>[] {
  return text
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line));
}

const ports = { pause: async () => {}, random: () => 0, remaining: () => 30_000 };

test('a row has its place, its key, the measures that have a column, and the others as JSON', () => {
  const values = { Temperature: 20.5, open: true, note: 'a "b"\n', temperature: 1 };
  const message = received({ sequence: 7, samples: [{ time: NOW, values }] });
  const [pack] = buildRows([message], everything, columns);
  expect(pack?.messageIds).toEqual(new Set([message.messageId]));
  const key = storeTime({ time: NOW, values }, 7, 0).toString();
  expect(pack?.text).toContain(`"time_ns":"${key}"`);
  expect(rowsOf(pack?.text ?? '')).toEqual([
    {
      time: NOW,
      time_ns: key,
      measure_name: 'telemetry',
      thing_name: THING,
      site: 'north',
      device_type: 'pump-station',
      boot_id: 1,
      sequence: 7,
      received_at: NOW,
      temperature: 20.5,
      open: true,
      other: JSON.stringify({ note: 'a "b"\n', temperature: 1 }),
    },
  ]);
});

test('a value that is not of the type of its column keeps out of it', () => {
  const [pack] = buildRows(
    [received({ samples: [{ time: NOW, values: { Temperature: 'hot' } }] })],
    everything,
    columns,
  );
  expect(rowsOf(pack?.text ?? '')[0]).toMatchObject({ other: '{"Temperature":"hot"}' });
  expect(rowsOf(pack?.text ?? '')[0]).not.toHaveProperty('temperature');
});

// Firehose quotas: 1,000 KiB a record, 500 records and 4 MiB a request
test('rows travel in full records, within the limits of a record and of a request', async () => {
  const samples = Array.from({ length: 500 }, (_, n) => ({ time: NOW + n, values: { text: 'ä'.repeat(1000) } }));
  const requests: (readonly string[])[] = [];
  const port: LakePort = {
    async put(texts) {
      requests.push(texts);
      return [];
    },
  };
  const messages = Array.from({ length: 6 }, (_, n) => received({ sequence: n + 1, samples }));
  const outcome = await lakeSink(port, columns).write(messages, everything, bounds, ports);
  expect(outcome).toMatchObject({ stored: 3000, retries: 0 });
  expect(requests.length).toBeGreaterThan(1);
  for (const texts of requests) {
    const sizes = texts.map((text) => Buffer.byteLength(text));
    expect(Math.max(...sizes)).toBeLessThanOrEqual(1_000 * 1024);
    expect(texts.length).toBeLessThanOrEqual(500);
    expect(sizes.reduce((sum, size) => sum + size, 0)).toBeLessThanOrEqual(4 * 1024 ** 2);
  }
  expect(requests.flat().flatMap(rowsOf)).toHaveLength(3000);
});

test('records that are not taken are put again, and only they', async () => {
  const big = (sequence: number) =>
    received({
      sequence,
      samples: Array.from({ length: 250 }, (_, n) => ({ time: NOW + n, values: { text: 'x'.repeat(1700) } })),
    });
  const puts: number[] = [];
  const port: LakePort = {
    async put(texts) {
      puts.push(texts.length);
      return puts.length === 1 ? [1] : [];
    },
  };
  const outcome = await lakeSink(port, columns).write([big(1), big(2)], everything, bounds, ports);
  expect(puts).toEqual([2, 1]);
  expect(outcome).toMatchObject({ stored: 500, retries: 1, unfinished: new Set() });
});

test('when there is no time left, messages with rows that were not taken are left to the queue', async () => {
  const busy = Object.assign(new Error('busy'), { name: 'ServiceUnavailableException' });
  const message = received();
  const port: LakePort = { put: () => Promise.reject(busy) };
  const outcome = await lakeSink(port, columns).write([message], everything, bounds, { ...ports, remaining: () => 0 });
  expect(outcome).toMatchObject({ stored: 0, unfinished: new Set([message.messageId]) });
});

test('a function that may not write fails, so that nothing of its batch counts as done', async () => {
  const denied = Object.assign(new Error('no'), { name: 'AccessDeniedException' });
  const port: LakePort = { put: () => Promise.reject(denied) };
  await expect(lakeSink(port, columns).write([received()], everything, bounds, ports)).rejects.toMatchObject({
    code: 'STORE_REFUSED',
  });
});
