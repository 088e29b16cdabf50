import type { ModelFeature, ModelManifest } from '@fleetwright/contracts';
import type { Samples } from './series-history.ts';

/** The good samples of each role in a window. */
export type WindowSamples = Readonly<Record<string, Samples>>;

export type WindowReading =
  /** Before scaling, in the order of the features; of `raw` all its points. */
  | { readonly kind: 'features'; readonly values: readonly number[] }
  | { readonly kind: 'missing'; readonly detail: string };

const HOUR = 3_600_000;

/** What a model is told of the window `[from, from + length)`, or what the window lacks. */
export function readWindow(
  { features, inputs, window }: Pick<ModelManifest, 'features' | 'inputs' | 'window'>,
  samples: WindowSamples,
  from: number,
): WindowReading {
  for (const role of Object.keys(inputs)) {
    const lack = lackOf(role, samples[role], window, from);
    if (lack !== undefined) return { kind: 'missing', detail: lack };
  }
  const values: number[] = [];
  for (const feature of features) {
    const of = samples[feature.of] as Samples;
    if (feature.kind === 'raw') values.push(...resampled(of, from, window.length, feature.points));
    else values.push(FEATURES[feature.kind](of));
  }
  return { kind: 'features', values };
}

/** A row of the model's input. */
export function scaled(features: readonly ModelFeature[], values: readonly number[]): number[] {
  let at = 0;
  const row: number[] = [];
  for (const feature of features) {
    const width = feature.kind === 'raw' ? feature.points : 1;
    for (let point = 0; point < width; point++) row.push(((values[at++] as number) - feature.offset) / feature.scale);
  }
  return row;
}

function lackOf(
  role: string,
  samples: Samples | undefined,
  { length, maxGap, minSamples }: ModelManifest['window'],
  from: number,
): string | undefined {
  const count = samples?.times.length ?? 0;
  if (samples === undefined || count < minSamples) return `${role}: ${count} good samples of ${minSamples}`;
  let before = from;
  for (const time of samples.times) {
    if (time - before > maxGap) return `${role}: nothing for ${time - before} ms`;
    before = time;
  }
  const silence = from + length - before;
  return silence > maxGap ? `${role}: silent for ${silence} ms` : undefined;
}

const FEATURES: Readonly<Record<Exclude<ModelFeature['kind'], 'raw'>, (samples: Samples) => number>> = {
  mean: ({ values }) => meanOf(values),
  std: ({ values }) => {
    const mean = meanOf(values);
    return Math.sqrt(meanOf(values.map((value) => (value - mean) ** 2)));
  },
  min: ({ values }) => values.reduce((least, value) => Math.min(least, value), Number.POSITIVE_INFINITY),
  max: ({ values }) => values.reduce((most, value) => Math.max(most, value), Number.NEGATIVE_INFINITY),
  range: (samples) => FEATURES.max(samples) - FEATURES.min(samples),
  rms: ({ values }) => Math.sqrt(meanOf(values.map((value) => value * value))),
  median: ({ values }) => {
    const sorted = [...values].sort((left, right) => left - right);
    const middle = sorted.length >> 1;
    const upper = sorted[middle] as number;
    return sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] as number) + upper) / 2;
  },
  first: ({ values }) => values[0] as number,
  last: ({ values }) => values[values.length - 1] as number,
  slope: ({ times, values }) => {
    const start = times[0] as number;
    const hours = times.map((time) => (time - start) / HOUR);
    const [time, value] = [meanOf(hours), meanOf(values)];
    let [product, square] = [0, 0];
    for (let at = 0; at < hours.length; at++) {
      const distance = (hours[at] as number) - time;
      product += distance * ((values[at] as number) - value);
      square += distance * distance;
    }
    return square === 0 ? 0 : product / square;
  },
};

function meanOf(values: readonly number[]): number {
  let sum = 0;
  for (const value of values) sum += value;
  return sum / values.length;
}

/** The last value until each of the points, which lie at even distances and end with the window. Before the first: the first. */
function resampled({ times, values }: Samples, from: number, length: number, points: number): number[] {
  const row: number[] = [];
  let at = 0;
  for (let point = 1; point <= points; point++) {
    const until = from + (length * point) / points;
    while (at + 1 < times.length && (times[at + 1] as number) <= until) at++;
    row.push(values[at] as number);
  }
  return row;
}
