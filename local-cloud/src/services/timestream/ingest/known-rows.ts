import { digest, type IngestRecord } from './record.ts';

/** What is known of a stored row: enough to tell a duplicate from a conflict. */
export interface KnownRow {
  readonly version: bigint;
  readonly content: bigint;
}

export interface Series {
  /** Stands for the series in keys of this process. */
  readonly alias: number;
  /** Stands for the series on disk. */
  readonly digest: bigint;
  /** No stored row of the series is later, ns. */
  newest: bigint;
}

const MAX_SERIES = 100_000;
const MAX_RECENT_ROWS = 50_000;

/**
 * Memory of one table's rows that spares most records a look into the table: telemetry arrives in order, and what is
 * delivered again was mostly written a moment ago.
 *
 * INVARIANTS
 * - `newest` of a table or series is never earlier than any of its stored rows; so a later record cannot be a duplicate.
 * - Both maps are bounded after each group. What they have forgotten is looked up in the table.
 * - It mirrors committed rows and those of the group being written; after a failed transaction it must be thrown away.
 */
export class KnownRows {
  #newest: bigint;
  #aliases = 0;
  readonly #series = new Map<string, Series>();
  readonly #recent = new Map<string, KnownRow>();

  /** `newest`: time of the latest stored row, ns, or -1. */
  constructor(newest: bigint) {
    this.#newest = newest;
  }

  series(record: IngestRecord): Series {
    let series = this.#series.get(record.series);
    if (series === undefined) {
      series = { alias: this.#aliases++, digest: digest(record.series), newest: this.#newest };
      this.#series.set(record.series, series);
    }
    return series;
  }

  recent(key: string): KnownRow | undefined {
    return this.#recent.get(key);
  }

  remember(record: IngestRecord, series: Series, key: string): void {
    if (record.time > series.newest) series.newest = record.time;
    if (record.time > this.#newest) this.#newest = record.time;
    this.#recent.delete(key);
    this.#recent.set(key, { version: record.version, content: record.content });
  }

  /** To be called between groups only: within a group every series and every row must stay known. */
  trim(): void {
    trimTo(this.#series, MAX_SERIES);
    trimTo(this.#recent, MAX_RECENT_ROWS);
  }
}

/** Forgets the entries that were added first. */
function trimTo(map: Map<string, unknown>, size: number): void {
  for (const key of map.keys()) {
    if (map.size <= size) return;
    map.delete(key);
  }
}
