import type { Bucket } from '@aws-sdk/client-iot';

export type AggregatedValue = string | number | boolean;

/**
 * "A ranked list of the number of occurrences of an aggregation field value" (API BucketsAggregationType). Equal counts
 * are ranked by value. A thing counts once for each of its values.
 */
export function bucketsOf(things: Iterable<readonly AggregatedValue[]>, maxBuckets: number): Bucket[] {
  const counts = new Map<string, number>();
  for (const values of things) {
    for (const key of new Set(values.map(String))) counts.set(key, (counts.get(key) ?? 0) + 1);
  }
  return [...counts]
    .sort(([a, countA], [b, countB]) => countB - countA || (a < b ? -1 : 1))
    .slice(0, maxBuckets)
    .map(([keyValue, count]) => ({ keyValue, count }));
}

/** How many different values there are. AWS approximates; this is exact. */
export function cardinalityOf(things: Iterable<readonly AggregatedValue[]>): number {
  const values = new Set<AggregatedValue>();
  for (const of of things) for (const value of of) values.add(value);
  return values.size;
}
