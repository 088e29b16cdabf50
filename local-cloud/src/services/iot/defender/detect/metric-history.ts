import type { Collection, Store } from '../../../../core/store.ts';
import { DAY, DETECT_RETENTION } from '../limits.ts';
import type { Datum } from './detect-records.ts';

/** Data of one day of one series: ms into the day, and the measurement. */
type Chunk = readonly (readonly [offset: number, datum: Datum])[];

export interface TimedDatum {
  /** ms since the epoch */
  readonly at: number;
  readonly datum: Datum;
}

/** Measurements of devices, kept for 14 days in chunks of a day, so that a new one rewrites little. */
export class MetricHistory {
  readonly #chunks: Collection<Chunk>;
  /** Devices that have data, per metric. */
  readonly #devices = new Map<string, Set<string>>();

  constructor(store: Store) {
    this.#chunks = store.collection('iot/detectMetrics');
    for (const key of this.#chunks.keys()) {
      const { metricKey, thingName } = parseKey(key);
      this.#index(metricKey, thingName);
    }
  }

  append(thingName: string, metricKey: string, at: number, datum: Datum): void {
    const day = Math.floor(at / DAY);
    const key = keyOf(day, thingName, metricKey);
    this.#chunks.put(key, [...(this.#chunks.get(key) ?? []), [at - day * DAY, datum]]);
    this.#index(metricKey, thingName);
  }

  /** Measurements after `from` and up to `until`, in their order. */
  range(thingName: string, metricKey: string, from: number, until: number): TimedDatum[] {
    const found: TimedDatum[] = [];
    for (let day = Math.floor(from / DAY); day <= Math.floor(until / DAY); day++) {
      for (const [offset, datum] of this.#chunks.get(keyOf(day, thingName, metricKey)) ?? []) {
        const at = day * DAY + offset;
        if (at > from && at <= until) found.push({ at, datum });
      }
    }
    return found;
  }

  metricKeys(): IterableIterator<string> {
    return this.#devices.keys();
  }

  devices(metricKey: string): ReadonlySet<string> {
    return this.#devices.get(metricKey) ?? new Set();
  }

  /** "After you've deleted a custom metric, you lose all data associated with the metric." */
  forgetMetric(metric: string): void {
    this.#forget((key) => parseKey(key).metricKey === metric);
    this.#devices.delete(metric);
  }

  forgetBefore(now: number): void {
    const oldest = Math.floor((now - DETECT_RETENTION) / DAY);
    this.#forget((key) => parseKey(key).day < oldest);
  }

  #forget(matches: (key: string) => boolean): void {
    for (const key of [...this.#chunks.keys()]) if (matches(key)) this.#chunks.delete(key);
  }

  #index(metricKey: string, thingName: string): void {
    const devices = this.#devices.get(metricKey);
    if (devices === undefined) this.#devices.set(metricKey, new Set([thingName]));
    else devices.add(thingName);
  }
}

const SEPARATOR = '\t';

function keyOf(day: number, thingName: string, metricKey: string): string {
  return [day, thingName, metricKey].join(SEPARATOR);
}

function parseKey(key: string): { day: number; thingName: string; metricKey: string } {
  const [day, thingName = '', metricKey = ''] = key.split(SEPARATOR);
  return { day: Number(day), thingName, metricKey };
}
