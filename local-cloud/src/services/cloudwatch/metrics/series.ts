import { addBucket, type Bucket, copyOf } from './bucket.ts';

export const MINUTE = 60_000;

/** What names a metric. Dimensions are sorted by name. */
export interface MetricIdentity {
  readonly namespace: string;
  readonly name: string;
  readonly dimensions: readonly (readonly [name: string, value: string])[];
}

/** One metric in one unit: a bucket for each minute that has data. */
export class Series {
  readonly identity: MetricIdentity;
  readonly unit: string;
  /** By minute since the epoch. */
  readonly #buckets = new Map<number, Bucket>();
  /** ms since the epoch; 0 before the first datum */
  latest = 0;

  constructor(identity: MetricIdentity, unit: string) {
    this.identity = identity;
    this.unit = unit;
  }

  get size(): number {
    return this.#buckets.size;
  }

  /** Takes over what `bucket` has seen in the minute of `time` (ms since the epoch). */
  add(time: number, bucket: Bucket): void {
    const minute = Math.floor(time / MINUTE);
    const known = this.#buckets.get(minute);
    if (known === undefined) this.#buckets.set(minute, copyOf(bucket));
    else addBucket(known, bucket);
    if (time > this.latest) this.latest = time;
  }

  /** All that falls into `[from, until)`, ms since the epoch, whole minutes; undefined when nothing does. */
  between(from: number, until: number): Bucket | undefined {
    const first = Math.floor(from / MINUTE);
    const end = Math.ceil(until / MINUTE);
    let total: Bucket | undefined;
    const include = (bucket: Bucket | undefined): void => {
      if (bucket === undefined) return;
      if (total === undefined) total = copyOf(bucket);
      else addBucket(total, bucket);
    };
    if (end - first <= this.#buckets.size) {
      for (let minute = first; minute < end; minute++) include(this.#buckets.get(minute));
    } else {
      for (const [minute, bucket] of this.#buckets) if (minute >= first && minute < end) include(bucket);
    }
    return total;
  }

  /** Forgets minutes before `time`. */
  expire(time: number): void {
    const first = Math.floor(time / MINUTE);
    for (const minute of this.#buckets.keys()) if (minute < first) this.#buckets.delete(minute);
  }
}

export function keyOf({ namespace, name, dimensions }: MetricIdentity): string {
  return JSON.stringify([namespace, name, ...dimensions]);
}

export function identityOf(
  namespace: string,
  name: string,
  dimensions: Readonly<Record<string, string>>,
): MetricIdentity {
  const sorted = Object.entries(dimensions).sort(([a], [b]) => (a < b ? -1 : 1));
  return { namespace, name, dimensions: sorted };
}
