import type { DeviceModel } from './model.ts';
import { atRest, type Numbers, type Start, settlesAt } from './simulate.ts';
import { median, type Point } from './theil-sen.ts';

/** Samples whose median is a value: one wild sample does not count. */
const MEDIAN_OF = 5;
/** A lag can be seen through when the samples reach back this share of it. */
const LEAST_SHARE = 0.25;
const LEAST_POINTS = 10;

export interface Observed extends Start {
  /** Measures that no sample told of. */
  readonly unknown: readonly string[];
}

/**
 * Where a device stands, by its model and its last samples. What the model does not explain is an offset that is taken to
 * stay: wear, another site, another demand. A lagging measure that is on its way is told apart from one that rests by
 * where its way leads: `y(0) = s + (y(-L) - s) * exp(-L / lag)`, solved for `s`.
 * @param known values of settings and conditions
 * @param recent samples of measures, in the order of time (ms)
 */
export function observe(
  model: DeviceModel,
  known: Numbers,
  recent: Readonly<Record<string, readonly Point[]>>,
): Observed {
  const values: Record<string, number> = { ...atRest(model, known) };
  const unknown: string[] = [];
  for (const name of Object.keys(model.measures)) {
    const points = recent[name] ?? [];
    if (points.length === 0) unknown.push(name);
    else values[name] = median(points.slice(-MEDIAN_OF).map(([, value]) => value));
  }
  const offsets: Record<string, number> = {};
  for (const [name, measure] of Object.entries(model.measures)) {
    const points = recent[name] ?? [];
    if (points.length === 0) continue;
    const heading = headingOf(points, measure.lagSeconds * 1_000, values[name] as number);
    offsets[name] = heading - settlesAt(measure, values);
  }
  return { values, offsets, unknown };
}

function headingOf(points: readonly Point[], lag: number, now: number): number {
  if (lag === 0 || points.length < LEAST_POINTS) return now;
  const first = points.slice(0, MEDIAN_OF);
  const last = points.slice(-MEDIAN_OF);
  const length = median(last.map(([time]) => time)) - median(first.map(([time]) => time));
  if (length < lag * LEAST_SHARE) return now;
  const left = Math.exp(-length / lag);
  return (now - median(first.map(([, value]) => value)) * left) / (1 - left);
}
