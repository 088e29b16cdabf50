import {
  BIGINT,
  type DuckDBConnection,
  type DuckDBType,
  type DuckDBValue,
  HUGEINT,
  LIST,
  listValue,
} from '@duckdb/node-api';
import type { RejectedRecord } from '../faults.ts';
import { storageName, transaction } from '../storage/engine.ts';
import type { LayoutGrowth, StoredType, TableLayout } from '../storage/table-layout.ts';
import { type KnownRow, KnownRows, type Series } from './known-rows.ts';
import { checkLayout } from './layout-check.ts';
import type { IngestRecord, MeasureContent } from './record.ts';

/** The records of one call that may be written, and what became of them. */
export interface WriteRequest {
  readonly records: readonly IngestRecord[];
  /** ns; earlier records go to the magnetic store. */
  readonly memoryStoreStart: bigint;
  readonly outcome: WriteOutcome;
}

export interface WriteOutcome {
  memoryStore: number;
  magneticStore: number;
  /** Rows that were not there before. */
  inserted: number;
  readonly rejected: RejectedRecord[];
  /** Conflicts in the magnetic store: told by report, not in the answer (developer guide, "Handling rejected records"). */
  readonly rejectedLater: { record: IngestRecord; reason: string }[];
}

interface Candidate {
  readonly record: IngestRecord;
  readonly request: WriteRequest;
  readonly series: Series;
  /** Stands for the record's key within this process. */
  readonly key: string;
}

interface Group {
  readonly stored: ReadonlyMap<string, KnownRow>;
  readonly growth: LayoutGrowth;
  readonly inserts: Map<string, Candidate>;
  /** Stored rows that an insert takes the place of. */
  readonly replaced: Map<string, Candidate>;
}

/** Rows appended before the event loop gets its turn. */
const SLICE = 512;

/**
 * Writes groups of calls to one table.
 *
 * Records are decided in the order they came: the first of a key is stored; the same again is accepted without effect; a
 * higher version replaces the row; any other is rejected (API reference, WriteRecords, "Upserts", and RejectedRecord).
 */
export class TableWriter {
  readonly #tableId: number;
  readonly #layout: TableLayout;
  readonly #known: KnownRows;

  private constructor(tableId: number, layout: TableLayout, known: KnownRows) {
    this.#tableId = tableId;
    this.#layout = layout;
    this.#known = known;
  }

  static async load(connection: DuckDBConnection, tableId: number, layout: TableLayout): Promise<TableWriter> {
    let newest = -1n;
    const exists = await connection.runAndReadAll(
      `SELECT 1 FROM duckdb_tables() WHERE table_name = '${storageName(tableId)}'`,
    );
    if (exists.currentRowCount > 0) {
      const found = await connection.runAndReadAll(`SELECT max(time) FROM ${storageName(tableId)}`);
      newest = (found.getRows()[0]?.[0] as bigint | null) ?? -1n;
    }
    return new TableWriter(tableId, layout, new KnownRows(newest));
  }

  /**
   * Decides and stores a group, durably. When it throws, nothing of the group is stored and the writer must be loaded anew.
   */
  async write(connection: DuckDBConnection, requests: readonly WriteRequest[]): Promise<void> {
    const candidates = await this.#candidates(requests);
    const stored = await this.#lookUp(connection, candidates);
    const group: Group = { stored, growth: this.#layout.growth(), inserts: new Map(), replaced: new Map() };
    for (const [index, candidate] of candidates.entries()) {
      if (index % SLICE === SLICE - 1) await nextTurn();
      this.#decide(candidate, group);
    }
    this.#known.trim();
    if (group.inserts.size === 0) return;
    if (!group.growth.isEmpty) await this.#layout.grow(connection, group.growth);
    await transaction(connection, async () => {
      if (group.replaced.size > 0) await this.#delete(connection, [...group.replaced.values()]);
      await this.#append(connection, [...group.inserts.values()]);
    });
  }

  async #candidates(requests: readonly WriteRequest[]): Promise<Candidate[]> {
    const candidates: Candidate[] = [];
    for (const request of requests) {
      if (candidates.length % SLICE > SLICE - 100) await nextTurn();
      for (const record of request.records) {
        const series = this.#known.series(record);
        candidates.push({ record, request, series, key: `${series.alias}:${record.time}` });
      }
    }
    return candidates;
  }

  #decide({ record, request, series, key }: Candidate, group: Group): void {
    const { outcome } = request;
    const misfit = checkLayout(record, group.growth);
    if (misfit !== undefined) {
      outcome.rejected.push({ RecordIndex: record.index, Reason: misfit });
      return;
    }
    const existing = this.#known.recent(key) ?? group.stored.get(key);
    const magnetic = record.time < request.memoryStoreStart;
    if (existing === undefined || record.version > existing.version) {
      if (existing === undefined) outcome.inserted++;
      else if (!group.inserts.has(key)) group.replaced.set(key, { record, request, series, key });
      group.inserts.set(key, { record, request, series, key });
      this.#known.remember(record, series, key);
      this.#addToGrowth(record, group.growth);
    } else if (record.version < existing.version || record.content !== existing.content) {
      const reason = conflictReason(record.version, existing.version);
      if (!magnetic) {
        const ExistingVersion = Number(existing.version);
        outcome.rejected.push({ RecordIndex: record.index, Reason: reason, ExistingVersion });
        return;
      }
      outcome.rejectedLater.push({ record, reason });
    }
    if (magnetic) outcome.magneticStore++;
    else outcome.memoryStore++;
  }

  #addToGrowth(record: IngestRecord, growth: LayoutGrowth): void {
    for (const { name } of record.dimensions) growth.addDimension(name);
    const attribute = record.type === 'multi' ? 'MULTI' : 'MEASURE_VALUE';
    for (const { name, type } of record.measures) growth.addMeasure(name, attribute, type);
    growth.addMeasureName(
      record.measureName,
      record.type,
      record.dimensions.map(({ name }) => name),
    );
  }

  /** Rows under the keys that memory cannot decide, by one query bounded by their time range. */
  async #lookUp(connection: DuckDBConnection, candidates: readonly Candidate[]): Promise<Map<string, KnownRow>> {
    const unknown = new Map<string, Candidate>();
    for (const candidate of candidates) {
      const { record, series, key } = candidate;
      if (record.time > series.newest || this.#known.recent(key) !== undefined) continue;
      unknown.set(`${series.digest}:${record.time}`, candidate);
    }
    const found = new Map<string, KnownRow>();
    if (unknown.size === 0) return found;
    const result = await connection.runAndReadAll(
      `SELECT rows.series, rows.time, rows.version, rows.content
       FROM ${storageName(this.#tableId)} rows JOIN (SELECT unnest($1) AS series, unnest($2) AS time) keys
       ON rows.series = keys.series AND rows.time = keys.time WHERE rows.time BETWEEN $3 AND $4`,
      ...keyParameters([...unknown.values()]),
    );
    for (const [series, time, version, content] of result.getRows()) {
      const candidate = unknown.get(`${series}:${time}`);
      if (candidate !== undefined) found.set(candidate.key, { version: version as bigint, content: content as bigint });
    }
    return found;
  }

  async #delete(connection: DuckDBConnection, candidates: readonly Candidate[]): Promise<void> {
    await connection.run(
      `DELETE FROM ${storageName(this.#tableId)} rows USING (SELECT unnest($1) AS series, unnest($2) AS time) keys
       WHERE rows.series = keys.series AND rows.time = keys.time AND rows.time BETWEEN $3 AND $4`,
      ...keyParameters(candidates),
    );
  }

  async #append(connection: DuckDBConnection, candidates: readonly Candidate[]): Promise<void> {
    const { columns } = this.#layout;
    const appender = await connection.createAppender(storageName(this.#tableId));
    const row: (MeasureContent | undefined)[] = new Array(columns.length);
    try {
      for (const [index, { record, series }] of candidates.entries()) {
        if (index > 0 && index % SLICE === 0) {
          appender.flushSync();
          await nextTurn();
        }
        appender.appendBigInt(record.time);
        appender.appendHugeInt(series.digest);
        appender.appendHugeInt(record.content);
        appender.appendBigInt(record.version);
        appender.appendVarchar(record.measureName);
        row.fill(undefined);
        for (const { name, value } of record.dimensions) row[this.#layout.dimension(name)?.ordinal as number] = value;
        for (const { name, value } of record.measures) row[this.#layout.measure(name)?.ordinal as number] = value;
        for (const column of columns) {
          const value = row[column.ordinal];
          if (value === undefined) appender.appendNull();
          else appendValue(appender, column.type, value);
        }
        appender.endRow();
      }
    } finally {
      appender.closeSync();
    }
  }
}

/** Series and times as lists, then the bounds of the times. */
function keyParameters(candidates: readonly Candidate[]): [DuckDBValue[], DuckDBType[]] {
  const times = candidates.map(({ record }) => record.time);
  const ordered = [...times].sort((left, right) => (left < right ? -1 : 1));
  const series = listValue(candidates.map((candidate) => candidate.series.digest));
  return [
    [series, listValue(times), ordered[0] as bigint, ordered.at(-1) as bigint],
    [LIST(HUGEINT), LIST(BIGINT), BIGINT, BIGINT],
  ];
}

function appendValue(
  appender: Awaited<ReturnType<DuckDBConnection['createAppender']>>,
  type: StoredType,
  value: MeasureContent,
): void {
  if (type === 'double') appender.appendDouble(value as number);
  else if (type === 'varchar') appender.appendVarchar(value as string);
  else if (type === 'boolean') appender.appendBoolean(value as boolean);
  else appender.appendBigInt(value as bigint);
}

/** Timestream's own words. */
function conflictReason(version: bigint, existing: bigint): string {
  if (version === existing) {
    return 'A record already exists with the same time, dimensions, measure name, and record version. A higher record version must be specified in order to update the measure value. Specifying record version is supported by the latest SDKs.';
  }
  return `The record version ${version} is lower than the existing version ${existing}. A higher version is required to update the measure value.`;
}

function nextTurn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
