import type { FieldValue, Sample } from '@fleetwright/contracts';
import type * as z from 'zod';
import { aggregationSchema, matcherOf, SettingsBook } from '../configuration.ts';
import { Aggregation } from '../engine/aggregation.ts';
import { Moments } from './moments.ts';
import { FIRST_ACCURACY, MAX_EXACT_VALUES, QuantileSketch } from './quantile-sketch.ts';

/** mulberry32 */
function draws(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

type Settings = z.input<typeof aggregationSchema>;

function make(settings: Settings = {}) {
  const aggregation = new Aggregation(aggregationSchema.parse(settings), 'run');
  const put = (time: number, value: number | boolean, now = time, quality: FieldValue['quality'] = 'good') =>
    aggregation.value({ series: 'pump_flow', time, value, quality }, now);
  const samples = (): Sample[] => aggregation.batches.flatMap((batch) => [...batch.samples]);
  return { aggregation, put, samples };
}

const byTime = (length: number, every = length): Settings => ({
  defaults: { window: { by: 'time', length, every }, percentiles: [], lateness: 0 },
});

describe('moments', () => {
  test('the scatter of values far from zero is not lost, in one pass or merged from parts', () => {
    const draw = draws(1);
    const values = Array.from({ length: 10_000 }, () => 1e9 + draw());
    const whole = new Moments();
    const parts = Array.from({ length: 7 }, () => new Moments());
    for (const [index, value] of values.entries()) {
      whole.add(value);
      parts[index % 7]?.add(value);
    }
    const merged = new Moments();
    for (const part of parts) merged.merge(part);
    const mean = values.reduce((sum, value) => sum + (value - 1e9), 0) / values.length;
    const squares = values.reduce((sum, value) => sum + (value - 1e9 - mean) ** 2, 0);
    const expected = Math.sqrt(squares / (values.length - 1));
    for (const moments of [whole, merged]) {
      expect(moments.count).toBe(10_000);
      expect(Math.abs((moments.deviation ?? 0) / expected - 1)).toBeLessThan(1e-6);
      expect(Math.abs(moments.mean - 1e9 - mean)).toBeLessThan(1e-6);
      expect([moments.min, moments.max]).toEqual([Math.min(...values), Math.max(...values)]);
    }
  });

  test('one value has no scatter', () => {
    const moments = new Moments();
    moments.add(5);
    expect(moments.deviation).toBeUndefined();
    moments.add(7);
    expect(moments.deviation).toBeCloseTo(Math.SQRT2, 12);
  });
});

describe('percentiles', () => {
  const PERCENTILES = [0.1, 1, 25, 50, 75, 95, 99, 99.9];
  const exact = (values: readonly number[], percentile: number): number => {
    const sorted = [...values].sort((left, right) => left - right);
    return sorted[Math.max(0, Math.ceil((percentile / 100) * sorted.length - 1e-9) - 1)] as number;
  };
  const SHAPES: Record<string, (draw: () => number) => number> = {
    even: (draw) => draw() * 100 - 50,
    steep: (draw) => 10 ** (draw() * 30 - 15),
    'on both sides of zero': (draw) => (draw() < 0.3 ? 0 : (draw() - 0.5) * 10 ** (draw() * 6)),
    'whole numbers': (draw) => Math.floor(draw() * 20),
  };

  test.each(Object.entries(SHAPES))('are exact while values are few: %s', (_name, shape) => {
    const draw = draws(2);
    const values = Array.from({ length: MAX_EXACT_VALUES }, () => shape(draw));
    const sketch = new QuantileSketch();
    for (const value of values) sketch.add(value);
    expect(sketch.accuracy).toBe(0);
    for (const percentile of PERCENTILES) expect(sketch.at(percentile)).toBe(exact(values, percentile));
  });

  test.each(Object.entries(SHAPES))(
    'are within the stated error with many values, merged or not: %s',
    (_name, shape) => {
      const draw = draws(3);
      const values = Array.from({ length: 20_000 }, () => shape(draw));
      const whole = new QuantileSketch();
      const parts = [new QuantileSketch(), new QuantileSketch(), new QuantileSketch()];
      for (const [index, value] of values.entries()) {
        whole.add(value);
        parts[index < 100 ? 0 : 1 + (index % 2)]?.add(value);
      }
      const merged = new QuantileSketch();
      for (const part of parts) merged.merge(QuantileSketch.from(JSON.parse(JSON.stringify(part.state()))));
      for (const sketch of [whole, merged]) {
        expect(sketch.accuracy).toBeGreaterThanOrEqual(FIRST_ACCURACY - 1e-12);
        expect(sketch.accuracy).toBeLessThan(0.1);
        for (const percentile of PERCENTILES) {
          const expected = exact(values, percentile);
          const error = Math.abs((sketch.at(percentile) as number) - expected);
          expect(error).toBeLessThanOrEqual(sketch.accuracy * Math.abs(expected) * (1 + 1e-9) + 1e-12);
        }
      }
    },
  );
});

describe('windows of time', () => {
  test('hold the values of their time, and are sent once when the clock is the lateness past their end', () => {
    const { aggregation, put, samples } = make({
      defaults: { window: { by: 'time', length: 10_000 }, lateness: 2_000, percentiles: [50, 99.9] },
    });
    put(20_000, 1);
    put(29_999, 3);
    put(30_000, 100, 31_000);
    put(25_000, 5, 31_500);
    aggregation.tick(31_999);
    expect(samples()).toEqual([]);
    aggregation.tick(32_000);
    aggregation.tick(33_000);
    expect(samples()).toEqual([
      {
        time: 20_000,
        values: {
          pump_flow_mean: 3,
          pump_flow_min: 1,
          pump_flow_max: 5,
          pump_flow_stddev: 2,
          pump_flow_count: 3,
          pump_flow_anomalies: 0,
          pump_flow_p50: 3,
          pump_flow_p99_9: 5,
        },
      },
    ]);
  });

  test('a later value is left out, and told as late with the next window', () => {
    const { aggregation, put, samples } = make(byTime(10_000));
    put(21_000, 1);
    put(31_000, 2);
    put(29_000, 50, 31_000);
    aggregation.anomaly({ series: 'pump_flow', time: 28_000, value: 50 }, 31_000);
    aggregation.tick(50_000);
    expect(samples().map(({ time, values }) => [time, values.pump_flow_max, values.pump_flow_late])).toEqual([
      [20_000, 1, undefined],
      [30_000, 2, 1],
    ]);
    expect(samples()[1]?.values).toMatchObject({ pump_flow_anomalies_late: 1, pump_flow_anomalies: 0 });
  });

  test('sliding: a value that is late for the first of its windows is in the others', () => {
    const { aggregation, put, samples } = make(byTime(30_000, 10_000));
    put(31_000, 1);
    aggregation.tick(40_000);
    put(39_000, 5, 41_000);
    aggregation.tick(100_000);
    expect(samples().map(({ time, values }) => [time, values.pump_flow_count, values.pump_flow_late])).toEqual([
      [10_000, 1, undefined],
      [20_000, 2, 1],
      [30_000, 2, undefined],
    ]);
  });

  test('anomalies are counted into the window of their time, values of bad and uncertain quality beside it', () => {
    const { aggregation, put, samples } = make(byTime(10_000));
    put(20_000, 1);
    put(21_000, 99, 21_000, 'bad');
    put(22_000, 98, 22_000, 'uncertain');
    put(23_000, 1e200);
    aggregation.anomaly({ series: 'pump_flow', time: 20_000, value: 1 }, 23_000);
    aggregation.anomaly({ series: 'unknown', time: 20_000, value: 1 }, 23_000);
    put(31_000, 0, 31_000, 'bad');
    aggregation.tick(50_000);
    expect(samples().map(({ values }) => values)).toEqual([
      {
        pump_flow_mean: 1,
        pump_flow_min: 1,
        pump_flow_max: 1,
        pump_flow_count: 1,
        pump_flow_anomalies: 1,
        pump_flow_bad: 2,
        pump_flow_uncertain: 1,
      },
      { pump_flow_count: 0, pump_flow_anomalies: 0, pump_flow_bad: 1 },
    ]);
    expect(aggregation.counts).toMatchObject({ anomalies: 2, anomaliesUnknown: 1 });
  });

  test('a clock that was set back ends what is open and begins again; one that was too far ahead does no harm', () => {
    const { aggregation, put, samples } = make(byTime(10_000));
    put(500_000, 1);
    put(900_000, 7, 500_000);
    aggregation.tick(502_000);
    put(101_000, 2);
    aggregation.tick(101_000);
    put(101_500, 2);
    aggregation.tick(120_000);
    expect(samples().map(({ time, values }) => [time, values.pump_flow_count])).toEqual([
      [500_000, 1],
      [100_000, 2],
    ]);
    expect(aggregation.counts.ahead).toBe(1);
  });

  test.each([1, 2, 3, 4, 5, 6])('are those of a naive reference, whatever the order and the lateness (%i)', (seed) => {
    const draw = draws(seed);
    const every = 1_000 * (1 + Math.floor(draw() * 3));
    const length = every * (1 + Math.floor(draw() * 4));
    const lateness = Math.floor(draw() * 4_000);
    const { aggregation, samples } = make({
      defaults: { window: { by: 'time', length, every }, lateness, percentiles: [50] },
    });
    const begin = 100_000;
    const arrivals = Array.from({ length: 3_000 }, () => {
      const now = begin + Math.floor(draw() * 60_000);
      return { now, time: now - Math.floor(draw() ** 3 * 10_000), value: draw() * 10 };
    }).sort((left, right) => left.now - right.now);
    aggregation.value({ series: 'x', time: begin, value: 0, quality: 'good' }, begin);
    const all = [{ now: begin, time: begin, value: 0 }, ...arrivals];
    let told = 0;
    for (const { now, time, value } of arrivals) {
      aggregation.value({ series: 'x', time, value, quality: 'good' }, now);
      if (draw() < 0.1) aggregation.tick(now);
    }
    aggregation.tick(begin + 1_000_000);
    for (const { values } of samples()) told += Number(values.x_late ?? 0);
    const sent = new Map(
      samples()
        .filter(({ values }) => values.x_count !== undefined)
        .map(({ time, values }) => [time, values]),
    );
    // Those that were over when the series was first seen are closed.
    const opened = Math.floor((begin - lateness) / every) * every;
    let windows = 0;
    for (let start = 80_000 - (80_000 % every); start < begin + 70_000; start += every) {
      const end = start + length;
      const within = all.filter(({ now, time }) => start <= time && time < end && now < end + lateness && end > opened);
      // A window begins at a whole multiple of `every`, whatever its length.
      const own = sent.get(start);
      if (within.length === 0) {
        expect(own).toBeUndefined();
        continue;
      }
      windows++;
      const values = within.map(({ value }) => value).sort((left, right) => left - right);
      const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
      expect(own?.x_count).toBe(values.length);
      expect(own?.x_mean).toBeCloseTo(mean, 9);
      expect([own?.x_min, own?.x_max]).toEqual([values[0], values.at(-1)]);
      if (values.length > 1) {
        const squares = values.reduce((sum, value) => sum + (value - mean) ** 2, 0);
        expect(own?.x_stddev).toBeCloseTo(Math.sqrt(squares / (values.length - 1)), 9);
      }
      if (values.length <= MAX_EXACT_VALUES) expect(own?.x_p50).toBe(values[Math.ceil(values.length / 2) - 1]);
    }
    const late = all.filter(({ now, time }) => {
      const first = Math.floor(time / every) * every + every;
      return now >= first + lateness || first <= opened;
    });
    expect(sent.size).toBe(windows);
    expect(windows).toBeGreaterThan(10);
    expect(told).toBe(late.length);
  });
});

describe('windows of counts', () => {
  const byCount = (length: number, every = length, lateness = 1_000): Settings => ({
    defaults: { window: { by: 'count', length, every, maxWait: 60_000 }, percentiles: [], lateness },
  });

  test('end with their last value, and wait for its anomaly', () => {
    const { aggregation, put, samples } = make(byCount(3));
    put(10_000, 1);
    put(11_000, 2);
    put(12_000, 3);
    put(12_500, 9);
    aggregation.anomaly({ series: 'pump_flow', time: 12_000, value: 3 }, 12_900);
    aggregation.tick(13_000);
    aggregation.anomaly({ series: 'pump_flow', time: 12_000, value: 3 }, 13_100);
    expect(samples().map(({ time, values }) => [time, values])).toEqual([
      [
        10_000,
        {
          pump_flow_mean: 2,
          pump_flow_min: 1,
          pump_flow_max: 3,
          pump_flow_stddev: 1,
          pump_flow_count: 3,
          pump_flow_anomalies: 1,
          pump_flow_span: 2_000,
        },
      ],
    ]);
    aggregation.tick(72_500);
    aggregation.tick(73_500);
    expect(samples()[1]).toMatchObject({
      time: 12_500,
      values: { pump_flow_count: 1, pump_flow_anomalies_late: 1, pump_flow_anomalies: 0 },
    });
  });

  test.each([7, 8, 9])('sliding: are those of a naive reference (%i)', (seed) => {
    const draw = draws(seed);
    const every = 1 + Math.floor(draw() * 5);
    const length = every * (2 + Math.floor(draw() * 4));
    const { aggregation, put, samples } = make(byCount(length, every));
    const values = Array.from({ length: 500 }, () => draw());
    for (const [index, value] of values.entries()) put(100_000 + index * 100, value);
    aggregation.tick(151_000);
    const sent = samples();
    expect(sent).toHaveLength(Math.floor(500 / every));
    for (const [index, { time, values: own }] of sent.entries()) {
      const end = (index + 1) * every;
      const within = values.slice(Math.max(0, end - length), end);
      expect(time).toBe(100_000 + Math.max(0, end - length) * 100);
      expect(own.pump_flow_count).toBe(within.length);
      expect(own.pump_flow_mean).toBeCloseTo(within.reduce((sum, value) => sum + value, 0) / within.length, 12);
      expect(own.pump_flow_max).toBe(Math.max(...within));
    }
  });

  test('a value that is too old is late', () => {
    const { aggregation, put, samples } = make(byCount(2));
    put(10_000, 1);
    put(10_000, 7, 11_001);
    put(11_000, 3, 11_001);
    aggregation.tick(20_000);
    expect(samples()[0]?.values).toMatchObject({ pump_flow_count: 2, pump_flow_max: 3, pump_flow_late: 1 });
  });
});

describe('changes', () => {
  test('in mode change a value is sent when it differs, or after silence', () => {
    const { aggregation, put, samples } = make({ defaults: { mode: 'change', maxSilence: 10_000 } });
    for (const [index, value] of [true, true, false, false, true].entries()) put(1_000 * (index + 1), value);
    put(15_000, true);
    aggregation.tick(16_000);
    expect(samples()).toEqual(
      [
        [1_000, true],
        [3_000, false],
        [5_000, true],
        [15_000, true],
      ].map(([time, value]) => ({ time, values: { pump_flow: value } })),
    );
  });

  test('in mode deadBand by more than the band; quality and anomalies are news, late values a count', () => {
    const { aggregation, put, samples } = make({ defaults: { mode: 'deadBand', deadBand: { absolute: 0.5 } } });
    put(1_000, 20);
    put(2_000, 20.5);
    put(3_000, 20.4, 9_000);
    put(9_500, 0, 9_500, 'bad');
    put(9_600, 20.1);
    put(9_700, 20.7);
    aggregation.anomaly({ series: 'pump_flow', time: 9_700, value: 20.7 }, 9_800);
    aggregation.tick(10_000);
    expect(samples()).toEqual([
      { time: 1_000, values: { pump_flow: 20 } },
      { time: 9_500, values: { pump_flow_quality: 'bad', pump_flow_late: 1 } },
      { time: 9_600, values: { pump_flow_quality: 'good', pump_flow: 20.1 } },
      { time: 9_700, values: { pump_flow: 20.7 } },
      { time: 9_700, values: { pump_flow: 20.7, pump_flow_anomalies: 1 } },
    ]);
  });
});

test('of several patterns the one with the most letters counts, and one without star before all', () => {
  const book = new SettingsBook(
    aggregationSchema.parse({
      defaults: { percentiles: [1] },
      series: {
        '*': { percentiles: [2] },
        'pump_*': { percentiles: [3] },
        '*_flow_*': { percentiles: [4], mode: 'change' },
        pump_flow: { percentiles: [5] },
      },
    }),
  );
  expect(['x', 'pump_x', 'pump_flow_2', 'pump_flow'].map((series) => book.of(series).percentiles[0])).toEqual([
    2, 3, 4, 5,
  ]);
  expect(book.of('pump_x').mode).toBe('window');
  expect(matcherOf('a*b*b')('ab')).toBe(false);
  expect(matcherOf('a*b*b')('axbyb')).toBe(true);
});
