import { MAX_EXACT_VALUES } from '../limits.ts';

/** What one minute of a metric has seen. */
export interface Bucket {
  count: number;
  sum: number;
  min: number;
  max: number;
  /** Counts by value, for percentiles; absent where a statistic set came without its values, or all are the same. */
  values?: Map<number, number>;
  /** A statistic set of several different values was added: percentiles cannot be known. */
  opaque?: boolean;
}

export function bucketOf(value: number, count = 1): Bucket {
  return { count, sum: value * count, min: value, max: value };
}

/** Adds `count` times `value`. */
export function addValue(bucket: Bucket, value: number, count = 1): void {
  if (bucket.values !== undefined || bucket.min !== bucket.max || value !== bucket.min) {
    const values = valuesOf(bucket);
    if (values !== undefined) {
      bucket.values = values;
      values.set(value, (values.get(value) ?? 0) + count);
      if (values.size > MAX_EXACT_VALUES) bucket.values = coarse(values);
    }
  }
  bucket.count += count;
  bucket.sum += value * count;
  if (value < bucket.min) bucket.min = value;
  if (value > bucket.max) bucket.max = value;
}

/** Adds all that `other` has seen. */
export function addBucket(bucket: Bucket, other: Bucket): void {
  const same = bucket.min === bucket.max && other.min === other.max && bucket.min === other.min;
  if (!same || bucket.values !== undefined) {
    const mine = valuesOf(bucket);
    const theirs = valuesOf(other);
    if (mine === undefined || theirs === undefined) {
      delete bucket.values;
      bucket.opaque = true;
    } else {
      for (const [value, count] of theirs) mine.set(value, (mine.get(value) ?? 0) + count);
      bucket.values = mine.size > MAX_EXACT_VALUES ? coarse(mine) : mine;
    }
  }
  bucket.count += other.count;
  bucket.sum += other.sum;
  bucket.min = Math.min(bucket.min, other.min);
  bucket.max = Math.max(bucket.max, other.max);
}

export function copyOf(bucket: Bucket): Bucket {
  return { ...bucket, ...(bucket.values === undefined ? {} : { values: new Map(bucket.values) }) };
}

/** Counts by value; undefined when they are not known. */
export function valuesOf(bucket: Bucket): Map<number, number> | undefined {
  if (bucket.opaque) return undefined;
  if (bucket.values !== undefined) return bucket.values;
  return bucket.min === bucket.max ? new Map([[bucket.min, bucket.count]]) : undefined;
}

/** Two significant digits: at most 90 values per power of ten. */
function coarse(values: ReadonlyMap<number, number>): Map<number, number> {
  const rounded = new Map<number, number>();
  for (const [value, count] of values) {
    const key = Number(value.toPrecision(2));
    rounded.set(key, (rounded.get(key) ?? 0) + count);
  }
  return rounded;
}
