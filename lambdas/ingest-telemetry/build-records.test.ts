import { storeTime, storeTimeText } from '@fleetwright/contracts';
import { buildBatches, halves } from './build-records.ts';
import type { Received } from './model.ts';
import { readMessage } from './read-message.ts';
import { fromThing, NOW, queueMessage, telemetry } from './testing/queue-messages.ts';

function received(over = {}, message = {}): Received {
  const reading = readMessage(queueMessage(telemetry(message), over), 'fleetwright-dev');
  if (!reading.ok) throw new Error(reading.rejection.detail);
  return reading.received;
}

const all = () => true;
const thing = (n: number) => fromThing(`fleetwright-dev-pump-station-PS-${1000 + n}`);

test('a sample becomes one multi-measure record named after its channel', () => {
  const samples = [{ time: 1_750_000_000_123, values: { temperature: 10, open: true, mode: 'auto' } }];
  const [batch] = buildBatches([received({}, { bootId: 3, sequence: 42, samples })], all);
  expect(batch?.common).toEqual({
    MeasureName: 'telemetry',
    MeasureValueType: 'MULTI',
    TimeUnit: 'NANOSECONDS',
    Dimensions: [
      { Name: 'site', Value: 'north' },
      { Name: 'device_type', Value: 'pump-station' },
      { Name: 'thing_name', Value: 'fleetwright-dev-pump-station-PS-0001' },
    ],
  });
  expect(batch?.records).toEqual([
    {
      // Contract of storeTime: sub-millisecond part = (sequence mod 1000) * 1000 + index mod 1000, in nanoseconds.
      Time: '1750000000123042000',
      MeasureValues: [
        { Name: 'boot_id', Value: '3', Type: 'BIGINT' },
        { Name: 'sequence', Value: '42', Type: 'BIGINT' },
        { Name: 'temperature', Value: '10', Type: 'DOUBLE' },
        { Name: 'open', Value: 'true', Type: 'BOOLEAN' },
        { Name: 'mode', Value: 'auto', Type: 'VARCHAR' },
      ],
    },
  ]);
});

test('two samples of one millisecond have keys of their own, in one message and in neighbouring ones', () => {
  const samples = [
    { time: 5, values: { a: 1 } },
    { time: 5, values: { a: 2 } },
  ];
  const batches = buildBatches([received({}, { sequence: 1, samples }), received({}, { sequence: 2, samples })], all);
  const times = batches.flatMap(({ records }) => records.map(({ Time: time }) => time));
  expect(new Set(times).size).toBe(4);
});

test('records of many things come in full batches that share what they have in common', () => {
  const messages = Array.from({ length: 250 }, (_, n) => received(thing(n % 50), { sequence: 1 + Math.floor(n / 50) }));
  const batches = buildBatches(messages, all);
  expect(batches.map(({ records }) => records.length)).toEqual([100, 100, 50]);
  for (const { common, records } of batches) {
    expect(common.Dimensions?.map(({ Name: name }) => name)).toEqual(['site', 'device_type']);
    expect(records.every((record) => record.Dimensions?.[0]?.Name === 'thing_name')).toBe(true);
  }
});

test('neighbours are put together, so that a batch of one thing states its name once', () => {
  const messages = Array.from({ length: 200 }, (_, n) => received(thing(n % 2), { sequence: 1 + n }));
  const batches = buildBatches(messages, all);
  expect(batches).toHaveLength(2);
  for (const { common, records } of batches) {
    expect(common.Dimensions).toHaveLength(3);
    expect(records[0]).not.toHaveProperty('Dimensions');
  }
});

test('channels are not mixed in a batch', () => {
  const event = fromThing('fleetwright-dev-pump-station-PS-0001', 'event');
  const names = buildBatches([received(), received(event)], all).map(({ common }) => common.MeasureName);
  expect(names.sort()).toEqual(['event', 'telemetry']);
});

test('each record knows the sample it was made of, also after samples were left out and the batch was halved', () => {
  const samples = [0, 1, 2, 3].map((n) => ({ time: 100 + n, values: { a: n } }));
  const [batch] = buildBatches([received({}, { samples })], (_received, sample) => sample !== 1);
  expect(batch?.origins.map(({ sample }) => sample)).toEqual([0, 2, 3]);
  const parts = halves(batch as NonNullable<typeof batch>);
  expect(parts.map(({ origins }) => origins.map(({ sample }) => sample))).toEqual([[0], [2, 3]]);
  expect(parts.map(({ records }) => records.length)).toEqual([1, 2]);
});

test('the text of a store time is that of the number', () => {
  for (const time of [0, 1, 999, NOW, 8_640_000_000_000_000]) {
    for (const sequence of [1, 999, 1_000, 12_345, Number.MAX_SAFE_INTEGER]) {
      for (const index of [0, 7, 499]) {
        const sample = { time, values: { a: 1 } };
        expect(storeTimeText(sample, sequence, index)).toBe(storeTime(sample, sequence, index).toString());
      }
    }
  }
});
