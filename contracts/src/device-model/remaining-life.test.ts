import { gaussian, seededRandom } from '../../../device-client/src/sensors/random.ts';
import { estimateLife, lifeRuleSchema } from './remaining-life.ts';
import { medianSlope, type Point, theilSen } from './theil-sen.ts';

const HOUR = 3_600_000;
const DAY = 24 * HOUR;
const NOW = 1_700_000_000_000;
const bearing = lifeRuleSchema.parse({ measure: 'vibration', direction: 'rising', endOfLife: 7 });

interface Shape {
  readonly days?: number;
  readonly perDay?: number;
  readonly level?: number;
  readonly noise?: number;
  /** Amplitude of a daily cycle. */
  readonly cycle?: number;
  readonly seed?: number;
  /** Part of the values that are far off. */
  readonly wild?: number;
}

/** Hourly values up to now that end at `level`. */
function history({ days = 20, perDay = 0, level = 4, noise = 0, cycle = 0, seed = 1, wild = 0 }: Shape): Point[] {
  const random = seededRandom(seed);
  return Array.from({ length: days * 24 + 1 }, (_, at): Point => {
    const time = NOW - (days * 24 - at) * HOUR;
    const value = level + (perDay * (time - NOW)) / DAY + noise * gaussian(random);
    const swing = cycle * Math.sin((2 * Math.PI * (time % DAY)) / DAY);
    return [time, random() < wild ? value * 5 : value + swing];
  });
}

test('a line without noise is found exactly', () => {
  const estimate = estimateLife(history({ perDay: 0.1 }), bearing, NOW);
  if (estimate.status !== 'estimated') throw new Error(estimate.status);
  expect(estimate.days).toBeCloseTo(30, 6);
  expect(estimate.level).toBeCloseTo(4, 6);
  expect(estimate.perDay).toBeCloseTo(0.1, 9);
});

test('something that falls is the mirror of something that rises', () => {
  const battery = lifeRuleSchema.parse({
    measure: 'battery_permille',
    channel: 'health',
    direction: 'falling',
    endOfLife: 100,
  });
  const estimate = estimateLife(history({ perDay: -5, level: 400, noise: 3 }), battery, NOW);
  if (estimate.status !== 'estimated') throw new Error(estimate.status);
  expect(estimate.days).toBeGreaterThan(58);
  expect(estimate.days).toBeLessThan(62);
  expect(estimate.perDayFrom).toBeLessThan(estimate.perDay);
  expect(estimate.perDayTo).toBeGreaterThan(estimate.perDay);
});

test('the interval holds the truth about as often as it says, on independent noise', () => {
  let held = 0;
  for (let seed = 1; seed <= 200; seed++) {
    const trend = theilSen(history({ days: 5, perDay: 0.1, noise: 0.3, seed }), 90);
    const truth = 0.1 / DAY;
    if (trend !== undefined && trend.lower <= truth && truth <= trend.upper) held++;
  }
  expect(held / 200).toBeGreaterThan(0.84);
  expect(held / 200).toBeLessThanOrEqual(0.99);
});

test('a fifth of wild values does not bend the estimate', () => {
  const estimate = estimateLife(history({ perDay: 0.1, noise: 0.05, wild: 0.2 }), bearing, NOW);
  if (estimate.status !== 'estimated') throw new Error(estimate.status);
  expect(estimate.days).toBeGreaterThan(25);
  expect(estimate.days).toBeLessThan(36);
});

test('a daily cycle widens the interval and is no trend of itself', () => {
  const calm = estimateLife(history({ perDay: 0.1, noise: 0.1 }), bearing, NOW);
  const cycling = estimateLife(history({ perDay: 0.1, noise: 0.1, cycle: 0.5 }), bearing, NOW);
  if (calm.status !== 'estimated' || cycling.status !== 'estimated') throw new Error(cycling.status);
  expect(cycling.latestDays - cycling.soonestDays).toBeGreaterThan(2 * (calm.latestDays - calm.soonestDays));
  expect(cycling.soonestDays).toBeLessThan(30);
  expect(cycling.latestDays).toBeGreaterThan(30);
  expect(estimateLife(history({ noise: 0.1, cycle: 0.5 }), bearing, NOW).status).toBe('no-trend');
});

test('noise without a trend is no trend, and says how long it lasts at least', () => {
  const statuses = Array.from({ length: 30 }, (_, at) =>
    estimateLife(history({ days: 10, noise: 0.2, seed: at + 1 }), bearing, NOW),
  );
  // One end of a 90 % interval misses in one of twenty.
  const trends = statuses.filter(({ status }) => status !== 'no-trend');
  expect(trends.length).toBeLessThanOrEqual(5);
  expect(statuses.find(({ status }) => status === 'no-trend')).toHaveProperty('atLeastDays');
});

test('what improves has no end in sight', () => {
  expect(estimateLife(history({ perDay: -0.05 }), bearing, NOW)).not.toHaveProperty('days');
});

test('a trend is not drawn out more than ten times as far as it was seen', () => {
  expect(estimateLife(history({ days: 5, perDay: 0.05 }), bearing, NOW)).toMatchObject({
    status: 'far',
    atLeastDays: 50,
  });
});

test('a level beyond the end is reached', () => {
  expect(estimateLife(history({ perDay: 0.1, level: 7.1 }), bearing, NOW).status).toBe('reached');
});

test('too few values, or too short a time, are not enough', () => {
  expect(estimateLife([], bearing, NOW)).toMatchObject({
    status: 'not-enough-evidence',
    reason: '0 values; a trend takes 12',
  });
  expect(estimateLife(history({ days: 2, perDay: 1 }), bearing, NOW)).toMatchObject({
    status: 'not-enough-evidence',
    reason: '2.0 days; a trend takes 3',
  });
});

test('after a part was replaced, only what came since counts', () => {
  const worn = history({ days: 20, perDay: 0.15, noise: 0.05, level: 6 }).map(
    ([time, value]) => [time - 10 * DAY, value] as const,
  );
  const fresh = history({ days: 9, perDay: 0.1, noise: 0.05, level: 2, seed: 9 });
  const estimate = estimateLife([...worn, ...fresh], bearing, NOW);
  if (estimate.status !== 'estimated') throw new Error(estimate.status);
  expect(estimate.since).toBe(fresh[0]?.[0]);
  expect(estimate.days).toBeGreaterThan(45);
  expect(estimate.days).toBeLessThan(56);
});

test('the ups and downs of a day are no replaced part', () => {
  const estimate = estimateLife(history({ perDay: 0.1, noise: 0.02, cycle: 0.8 }), bearing, NOW);
  expect(estimate).not.toHaveProperty('since');
});

test('the slope of points is the median of their pairs', () => {
  const wild = [0, 1, 2, 3, 100].map((value, at): Point => [at, value]);
  expect(medianSlope(wild)).toBe(1);
  expect(medianSlope([[0, 1]])).toBeUndefined();
});
