/** Series with a known anomaly, made from a seed. For tests and benches. */
export interface SyntheticSeries {
  readonly times: Float64Array;
  readonly values: Float64Array;
  /** Records within which the anomaly should be found; undefined when there is none. */
  readonly anomaly: { readonly first: number; readonly last: number } | undefined;
}

export interface SyntheticOptions {
  readonly seed: number;
  /** @default 6000 */
  readonly records?: number;
  /** ms between records. @default 300000 */
  readonly interval?: number;
}

export type Draw = () => number;
/** Makes the value of a record; `at` counts from the anomaly's first one, and is negative before it. */
type Maker = (draw: Draw) => (record: number, at: number, time: number) => number;

const DAY = 86_400_000;

/** Normal distribution from twelve even ones. */
function normal(draw: Draw): number {
  let sum = -6;
  for (let index = 0; index < 12; index++) sum += draw();
  return sum;
}

function daily(time: number, swing: number): number {
  return swing * Math.sin((2 * Math.PI * time) / DAY);
}

/** Noise that remembers: each value keeps `memory` of the one before. */
function wandering(draw: Draw, memory: number): () => number {
  let value = 0;
  return () => {
    value = memory * value + normal(draw);
    return value;
  };
}

/** Without an anomaly: whatever is reported of these is false. */
export const CALM_KINDS = {
  'white noise': (draw) => () => 50 + normal(draw),
  'daily rhythm': (draw) => (_record, _at, time) => 20 + daily(time, 5) + 0.5 * normal(draw),
  'wandering level': (draw) => {
    const noise = wandering(draw, 0.98);
    return () => 100 + noise();
  },
  'heavy tails': (draw) => () => 10 + normal(draw) / Math.sqrt(0.05 + draw()),
  constant: () => () => 42,
  'two states': (draw) => {
    let on = false;
    return () => {
      if (draw() < 0.02) on = !on;
      return on ? 10 : 0;
    };
  },
  'coarse steps': (draw) => (_record, _at, time) => Math.round(20 + daily(time, 3) + 0.3 * normal(draw)),
} as const satisfies Readonly<Record<string, Maker>>;

/** With one anomaly each. */
export const ANOMALOUS_KINDS = {
  spike: (draw) => (_record, at) => 50 + normal(draw) + (at >= 0 && at < 2 ? 25 : 0),
  'step up': (draw) => (_record, at) => 50 + normal(draw) + (at >= 0 ? 6 : 0),
  'step within a daily rhythm': (draw) => (_record, at, time) =>
    20 + daily(time, 5) + 0.5 * normal(draw) - (at >= 0 ? 4 : 0),
  drift: (draw) => (_record, at) => 50 + normal(draw) + Math.max(0, at) * 0.03,
  'rhythm lost': (draw) => (_record, at, time) => 20 + (at >= 0 ? 0 : daily(time, 5)) + 0.5 * normal(draw),
  frozen: (draw) => {
    let last = 0;
    return (_record, at, time) => {
      if (at < 0) last = 20 + daily(time, 5) + 0.5 * normal(draw);
      return last;
    };
  },
  'noise grows': (draw) => (_record, at) => 50 + normal(draw) * (at >= 0 ? 5 : 1),
} as const satisfies Readonly<Record<string, Maker>>;

/** Even draws in [0, 1), the same for the same seed (mulberry32). */
export function draws(seed: number): Draw {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

/** The anomaly, if any, begins at two thirds and is to be found within 300 records. */
export function syntheticSeries(
  kind: keyof typeof CALM_KINDS | keyof typeof ANOMALOUS_KINDS,
  { seed, records = 6_000, interval = 300_000 }: SyntheticOptions,
): SyntheticSeries {
  const calm = Object.hasOwn(CALM_KINDS, kind);
  const maker: Maker = { ...CALM_KINDS, ...ANOMALOUS_KINDS }[kind];
  const next = maker(draws(seed * 7_919 + 1));
  const first = Math.floor((records * 2) / 3);
  const times = new Float64Array(records);
  const values = new Float64Array(records);
  for (let record = 0; record < records; record++) {
    const time = Date.UTC(2026, 0, 5) + record * interval;
    times[record] = time;
    values[record] = next(record, record - first, time);
  }
  return { times, values, anomaly: calm ? undefined : { first, last: first + 300 } };
}
