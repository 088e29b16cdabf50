import type { DurableLog } from '../../../core/store.ts';
import { addBucket, type Bucket, copyOf } from './bucket.ts';
import { keyOf, type MetricIdentity, MINUTE } from './series.ts';

/** What a metric has gained in one minute. */
export interface Gain {
  readonly identity: MetricIdentity;
  readonly unit: string;
  /** ms since the epoch */
  readonly time: number;
  readonly bucket: Bucket;
}

/** `[namespace, name, dimensions, unit, [minute, count, sum, min, max, values | 0 | 1][]]`: 0 for no values, 1 for opaque. */
type Row = [string, string, MetricIdentity['dimensions'], string, Minute[]];
type Minute = [number, number, number, number, number, [number, number][] | 0 | 1];

/**
 * Metric data on disk: an entry for each gain of several metrics. Gains add up in any order, so that the small entries
 * of an hour can be replaced by one.
 *
 * INVARIANT: the one entry is on disk before those that it replaces are removed, and a crash in between is told from
 * its `covers`: entries up to that id are then ignored.
 */
export class MetricLog {
  readonly #log: DurableLog;
  readonly #durable: () => Promise<void>;
  /** Small entries since the last compaction. */
  #ids: number[] = [];
  readonly #collected = new Map<string, { gain: Gain; minutes: Map<number, Bucket> }>();
  /** Large entries with the time of their latest datum. */
  readonly #large = new Map<number, number>();

  constructor(log: DurableLog, durable: () => Promise<void>) {
    this.#log = log;
    this.#durable = durable;
  }

  /** Everything on disk, once. */
  *recover(): Generator<Gain> {
    const entries = [...this.#log.entries()].map(([id, bytes]) => ({ id, entry: parse(bytes) }));
    const covered = new Set(entries.flatMap(({ entry }) => entry.covers));
    for (const { id, entry } of entries) {
      if (covered.has(id)) {
        this.#log.remove(id);
        continue;
      }
      let latest = 0;
      for (const gain of gainsOf(entry.rows)) {
        if (entry.covers.length === 0) this.#collect(gain);
        latest = Math.max(latest, gain.time);
        yield gain;
      }
      if (entry.covers.length === 0) this.#ids.push(id);
      else this.#large.set(id, latest);
    }
  }

  append(gains: readonly Gain[]): void {
    if (gains.length === 0) return;
    for (const gain of gains) this.#collect(gain);
    this.#ids.push(
      this.#log.append(
        encode(
          gains.map((gain) => [gain, [[gain.time, gain.bucket]]]),
          [],
        ),
      ),
    );
  }

  /** Replaces the small entries by one, and removes those whose data are all older than `expiry`. */
  async compact(expiry: number): Promise<void> {
    for (const [id, latest] of this.#large) {
      if (latest >= expiry) continue;
      this.#log.remove(id);
      this.#large.delete(id);
    }
    const ids = this.#ids;
    if (ids.length < 2) return;
    this.#ids = [];
    const rows = [...this.#collected.values()].map(({ gain, minutes }): [Gain, [number, Bucket][]] => [
      gain,
      [...minutes].map(([minute, bucket]) => [minute * MINUTE, bucket]),
    ]);
    this.#collected.clear();
    const latest = Math.max(...rows.flatMap(([, minutes]) => minutes.map(([time]) => time)));
    this.#large.set(this.#log.append(encode(rows, ids)), latest);
    await this.#durable();
    for (const id of ids) this.#log.remove(id);
  }

  #collect(gain: Gain): void {
    const key = `${gain.unit} ${keyOf(gain.identity)}`;
    let collected = this.#collected.get(key);
    if (collected === undefined) {
      collected = { gain, minutes: new Map() };
      this.#collected.set(key, collected);
    }
    const minute = Math.floor(gain.time / MINUTE);
    const known = collected.minutes.get(minute);
    if (known === undefined) collected.minutes.set(minute, copyOf(gain.bucket));
    else addBucket(known, gain.bucket);
  }
}

interface Entry {
  /** Ids that this entry replaces. */
  readonly covers: readonly number[];
  readonly rows: readonly Row[];
}

function encode(rows: readonly [Gain, [number, Bucket][]][], covers: readonly number[]): Buffer {
  const entry: Entry = {
    covers,
    rows: rows.map(([{ identity, unit }, minutes]) => [
      identity.namespace,
      identity.name,
      identity.dimensions,
      unit,
      minutes.map(([time, { count, sum, min, max, values, opaque }]): Minute => {
        const spread = opaque ? 1 : values === undefined ? 0 : [...values];
        return [Math.floor(time / MINUTE), count, sum, min, max, spread];
      }),
    ]),
  };
  return Buffer.from(JSON.stringify(entry));
}

function parse(bytes: Buffer): Entry {
  return JSON.parse(bytes.toString('utf8')) as Entry;
}

function* gainsOf(rows: readonly Row[]): Generator<Gain> {
  for (const [namespace, name, dimensions, unit, minutes] of rows) {
    const identity: MetricIdentity = { namespace, name, dimensions };
    for (const [minute, count, sum, min, max, spread] of minutes) {
      const bucket: Bucket = { count, sum, min, max };
      if (spread === 1) bucket.opaque = true;
      else if (spread !== 0) bucket.values = new Map(spread);
      yield { identity, unit, time: minute * MINUTE, bucket };
    }
  }
}
