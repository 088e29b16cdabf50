import type { Statistics } from '@aws-sdk/client-iot';

/** Values of one aggregation field over the things that a query found. */
export interface AggregatedValues {
  /** Things with at least one valid value. */
  readonly things: number;
  readonly values: readonly number[];
}

/**
 * Statistics of numbers, or of booleans as 0 and 1 (developer guide, `index-aggregate`, "GetStatistics"). Where there is
 * no value, only the count is known; "if the field values exceed the maximum double value, the statistics values are
 * empty".
 */
export function statisticsOf({ things, values }: AggregatedValues): Statistics {
  if (values.length === 0) return { count: things };
  let sum = 0;
  let sumOfSquares = 0;
  let minimum = Number.POSITIVE_INFINITY;
  let maximum = Number.NEGATIVE_INFINITY;
  for (const value of values) {
    sum += value;
    sumOfSquares += value * value;
    if (value < minimum) minimum = value;
    if (value > maximum) maximum = value;
  }
  if (!Number.isFinite(sum) || !Number.isFinite(sumOfSquares)) return {};
  const average = sum / values.length;
  // The difference of two large sums can fall below zero by rounding.
  const variance = Math.max(0, sumOfSquares / values.length - average * average);
  return {
    count: things,
    average,
    sum,
    minimum,
    maximum,
    sumOfSquares,
    variance,
    stdDeviation: Math.sqrt(variance),
  };
}
