import type { FieldMessage } from '@fleetwright/contracts';
import { configurationSchema } from './configuration.ts';
import { STATE_LENGTH } from './detector/series-state.ts';
import { FieldWatch } from './field-watch.ts';
import { draws } from './testing/synthetic-series.ts';

const BYTES_A_SERIES = STATE_LENGTH * 8;

function message(series: readonly string[], time: number, value: () => number): FieldMessage {
  return {
    version: 1,
    source: 'plant',
    values: series.map((name) => ({ series: name, time, value: value(), quality: 'good' })),
  };
}

const named = (count: number) => Array.from({ length: count }, (_, index) => `series_${index}`);

test('memory does not grow with the values', () => {
  const watch = new FieldWatch(configurationSchema.parse({}), 0);
  const series = named(50);
  const draw = draws(1);
  watch.take(message(series, 0, draw), 0);
  const { bytes } = watch;
  for (let time = 1; time < 2_000; time++) watch.take(message(series, time * 1_000, draw), time * 1_000);
  expect(watch.bytes).toBe(bytes);
  expect(watch.counts.values).toBe(100_000);
});

test('a series takes 624 bytes, and unused room is a quarter at most', () => {
  expect(BYTES_A_SERIES).toBe(624);
  const watch = new FieldWatch(configurationSchema.parse({}), 0);
  for (const name of named(1_000)) {
    watch.take(
      message([name], 0, () => 1),
      0,
    );
    const { bytes, size } = watch;
    expect(bytes).toBeLessThanOrEqual(Math.max(64, Math.ceil(size * 1.25)) * BYTES_A_SERIES);
  }
});

test('each series is followed by itself, whatever comes between its values', () => {
  const draw = draws(2);
  const values = Array.from({ length: 1_500 }, (_, index) => 10 + draw() + (index === 1_200 ? 30 : 0));
  const alone = new FieldWatch(configurationSchema.parse({}), 0);
  const among = new FieldWatch(configurationSchema.parse({}), 0);
  const tell = (watch: FieldWatch, mixed: boolean) =>
    values.flatMap((value, index) => {
      const time = index * 60_000;
      const told = watch.take(
        message(['pump'], time, () => value),
        time,
      );
      if (mixed) watch.take(message(named(1 + (index % 120)), time, draw), time);
      return told;
    });
  const expected = tell(alone, false);
  expect(expected.length).toBeGreaterThan(0);
  expect(tell(among, true)).toEqual(expected);
});
