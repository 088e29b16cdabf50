import type { PercentPair } from '@aws-sdk/client-iot';

/**
 * Values below which the given percents of all values lie, interpolated between the closest ranks, as in the guide's
 * example (`index-aggregate`, "GetPercentiles"). Empty where there is no value.
 */
export function percentilesOf(values: readonly number[], percents: readonly number[]): PercentPair[] {
  if (values.length === 0) return [];
  const sorted = Float64Array.from(values).sort();
  return percents.map((percent) => {
    const rank = (percent / 100) * (sorted.length - 1);
    const below = Math.floor(rank);
    const low = sorted[below] as number;
    const high = sorted[Math.min(below + 1, sorted.length - 1)] as number;
    return { percent, value: low + (high - low) * (rank - below) };
  });
}
