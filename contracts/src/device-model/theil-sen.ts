/** A value at a time. */
export type Point = readonly [time: number, value: number];

/** Median of the slopes between all pairs of points (Theil 1950, Sen 1968), in value per unit of time. */
export function medianSlope(points: readonly Point[]): number | undefined {
  const slopes = pairSlopes(points);
  return slopes.length === 0 ? undefined : medianOfSorted(slopes);
}

export interface Trend {
  /** value per unit of time */
  readonly slope: number;
  /** Interval of the slope. */
  readonly lower: number;
  readonly upper: number;
  /** Value of the line at a time. */
  at(time: number): number;
  /** Median distance of the points from the line. */
  readonly spread: number;
}

/** Normal quantiles of two-sided intervals, by percent. */
export const CONFIDENCES = { 80: 1.2816, 90: 1.6449, 95: 1.96, 99: 2.5758 } as const;
export type Confidence = keyof typeof CONFIDENCES;

/**
 * A line through points that up to 29 % of wild ones do not bend. The interval is Sen's, from the distribution of
 * Kendall's S; neighbours that resemble each other (a daily cycle) tell less than independent points would, so the
 * variance is raised by their lag-one correlation (Hamed and Rao 1998, first order).
 * @param points in the order of time, at least three
 */
export function theilSen(points: readonly Point[], confidence: Confidence): Trend | undefined {
  const slopes = pairSlopes(points);
  if (points.length < 3 || slopes.length === 0) return undefined;
  const slope = medianOfSorted(slopes);
  const [[origin]] = points as [Point];
  const base = median(points.map(([time, value]) => value - slope * (time - origin)));
  const at = (time: number): number => base + slope * (time - origin);
  const residuals = points.map(([time, value]) => value - at(time));
  const n = points.length;
  const likeness = Math.min(0.99, Math.max(0, lagOne(residuals)));
  const variance = ((n * (n - 1) * (2 * n + 5)) / 18) * ((1 + likeness) / (1 - likeness));
  const reach = CONFIDENCES[confidence] * Math.sqrt(variance);
  const last = slopes.length - 1;
  const bound = (rank: number): number => slopes[Math.min(last, Math.max(0, Math.round(rank)))] as number;
  return {
    slope,
    lower: bound((slopes.length - reach) / 2 - 1),
    upper: bound((slopes.length + reach) / 2),
    at,
    spread: median(residuals.map(Math.abs)),
  };
}

export function median(values: readonly number[]): number {
  return medianOfSorted(Float64Array.from(values).sort());
}

function pairSlopes(points: readonly Point[]): Float64Array {
  const slopes = new Float64Array((points.length * (points.length - 1)) / 2);
  let count = 0;
  for (let left = 0; left < points.length; left++) {
    const [from, value] = points[left] as Point;
    for (let right = left + 1; right < points.length; right++) {
      const [to, other] = points[right] as Point;
      if (to !== from) slopes[count++] = (other - value) / (to - from);
    }
  }
  return slopes.subarray(0, count).sort();
}

function medianOfSorted(sorted: ArrayLike<number>): number {
  const middle = sorted.length >> 1;
  const upper = sorted[middle] ?? Number.NaN;
  return sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] ?? Number.NaN) + upper) / 2;
}

/** Correlation of each residual with the next. */
function lagOne(residuals: readonly number[]): number {
  const mean = residuals.reduce((sum, value) => sum + value, 0) / residuals.length;
  let together = 0;
  let own = 0;
  for (let at = 0; at < residuals.length; at++) {
    const deviation = (residuals[at] as number) - mean;
    own += deviation ** 2;
    if (at > 0) together += deviation * ((residuals[at - 1] as number) - mean);
  }
  return own === 0 ? 0 : together / own;
}
