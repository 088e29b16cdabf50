import { AwsError, messageOf } from '../../../core/errors.ts';
import type { MetricDimensions, MetricSeries, Metrics, MetricUnit } from '../../../core/metrics.ts';
import type { CloudContext } from '../../../core/plugin.ts';
import { MAX_METRICS, RETENTION } from '../limits.ts';
import { addBucket, addValue, type Bucket, bucketOf, copyOf } from './bucket.ts';
import { type Gain, MetricLog } from './metric-log.ts';
import { identityOf, keyOf, type MetricIdentity, MINUTE, Series } from './series.ts';

/** One metric that services of this cloud count in. Its values wait here for the end of the minute. */
class Counter implements MetricSeries {
  readonly identity: MetricIdentity;
  readonly unit: string;
  readonly #now: () => number;
  #minute = 0;
  #bucket: Bucket | undefined;
  /** What earlier minutes have left. */
  readonly #full: Gain[] = [];

  constructor(identity: MetricIdentity, unit: string, now: () => number) {
    this.identity = identity;
    this.unit = unit;
    this.#now = now;
  }

  put(value: number): void {
    const minute = Math.floor(this.#now() / MINUTE);
    if (this.#bucket !== undefined && minute === this.#minute) {
      addValue(this.#bucket, value);
      return;
    }
    this.#close();
    this.#minute = minute;
    this.#bucket = bucketOf(value);
  }

  take(): Gain[] {
    this.#close();
    return this.#full.splice(0);
  }

  #close(): void {
    if (this.#bucket === undefined) return;
    const { identity, unit } = this;
    this.#full.push({ identity, unit, time: this.#minute * MINUTE, bucket: this.#bucket });
    this.#bucket = undefined;
  }
}

/** All metrics of the account: a minute is the finest that is kept. */
export class MetricStore implements Metrics {
  readonly context: CloudContext;
  readonly #log: MetricLog;
  /** By key, then by unit. */
  readonly #metrics = new Map<string, Map<string, Series>>();
  readonly #counters = new Map<string, Counter>();
  readonly #gauges: ((metrics: Pick<Metrics, 'put'>) => void)[] = [];

  constructor(context: CloudContext) {
    this.context = context;
    const { store, clock } = context;
    this.#log = new MetricLog(store.log('cloudwatch/data'), () => store.durable());
    const oldest = clock.now() - RETENTION;
    for (const gain of this.#log.recover()) if (gain.time >= oldest) this.#take(gain);
  }

  put(namespace: string, name: string, dimensions: MetricDimensions, value: number, unit: MetricUnit): void {
    this.series(namespace, name, dimensions, unit).put(value);
  }

  series(namespace: string, name: string, dimensions: MetricDimensions, unit: MetricUnit): MetricSeries {
    const identity = identityOf(namespace, name, dimensions);
    const key = `${unit} ${keyOf(identity)}`;
    let counter = this.#counters.get(key);
    if (counter === undefined) {
      counter = new Counter(identity, unit, () => this.context.clock.now());
      this.#counters.set(key, counter);
    }
    return counter;
  }

  gauge(read: (metrics: Pick<Metrics, 'put'>) => void): void {
    this.#gauges.push(read);
  }

  /** Reads the gauges: once a minute, before it ends. */
  readGauges(): void {
    for (const read of this.#gauges) {
      try {
        read(this);
      } catch (error) {
        this.context.log('error', 'a service could not say its metrics', { error: messageOf(error) });
      }
    }
  }

  /** Takes in what services have counted so far. Queries call it first, so that they see the minute that runs. */
  settle(): void {
    const gains: Gain[] = [];
    for (const counter of this.#counters.values()) gains.push(...counter.take());
    for (const gain of gains) this.#take(gain);
    this.#log.append(gains);
  }

  /** Resolves when the data are on disk. @throws AwsError `LimitExceeded` */
  async ingest(gains: readonly Gain[]): Promise<void> {
    this.#checkCount(gains);
    for (const gain of gains) this.#take(gain);
    this.#log.append(gains);
    await this.context.store.durable();
  }

  async compact(): Promise<void> {
    const oldest = this.context.clock.now() - RETENTION;
    for (const [key, units] of this.#metrics) {
      for (const [unit, series] of units) {
        series.expire(oldest);
        if (series.size === 0) units.delete(unit);
      }
      if (units.size === 0) this.#metrics.delete(key);
    }
    await this.#log.compact(oldest);
  }

  /** The metric in that unit, or in every unit that it has. */
  find(identity: MetricIdentity, unit?: string): Series[] {
    this.settle();
    const units = this.#metrics.get(keyOf(identity));
    if (units === undefined) return [];
    if (unit === undefined) return [...units.values()];
    const series = units.get(unit);
    return series === undefined ? [] : [series];
  }

  /** In order of key. */
  all(): { identity: MetricIdentity; key: string; latest: number }[] {
    this.settle();
    return [...this.#metrics]
      .map(([key, units]) => {
        const series = [...units.values()];
        return { identity: (series[0] as Series).identity, key, latest: Math.max(...series.map((one) => one.latest)) };
      })
      .sort((a, b) => (a.key < b.key ? -1 : 1));
  }

  /** What all units of a metric have seen in `[from, until)`, ms since the epoch. */
  between(identity: MetricIdentity, unit: string | undefined, from: number, until: number): Bucket | undefined {
    let total: Bucket | undefined;
    for (const series of this.find(identity, unit)) {
      const bucket = series.between(from, until);
      if (bucket === undefined) continue;
      if (total === undefined) total = copyOf(bucket);
      else addBucket(total, bucket);
    }
    return total;
  }

  #checkCount(gains: readonly Gain[]): void {
    if (this.#metrics.size + gains.length <= MAX_METRICS) return;
    const added = new Set(gains.map(({ identity }) => keyOf(identity)).filter((key) => !this.#metrics.has(key)));
    if (this.#metrics.size + added.size <= MAX_METRICS) return;
    throw new AwsError('LimitExceededFault', `This cloud keeps at most ${MAX_METRICS} metrics.`, 400);
  }

  #take({ identity, unit, time, bucket }: Gain): void {
    const key = keyOf(identity);
    let units = this.#metrics.get(key);
    if (units === undefined) {
      units = new Map();
      this.#metrics.set(key, units);
    }
    let series = units.get(unit);
    if (series === undefined) {
      series = new Series(identity, unit);
      units.set(unit, series);
    }
    series.add(time, bucket);
  }
}
