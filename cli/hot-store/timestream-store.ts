import { ROLLUP_AGGREGATES, rollupColumn } from '@fleetwright/contracts';
import { messageOf } from '../failure.ts';
import { isNamed } from '../operator/back-off.ts';
import type { ResultTable } from '../output/table.ts';
import type { AwsClientSettings } from '../running-cloud.ts';
import { TimestreamReader } from '../timestream.ts';
import { joinVersions } from '../twin/join-versions.ts';
import {
  column,
  conditionOf,
  type HotStore,
  type Latest,
  quoted,
  ROLLUP_COLUMNS,
  type SamplesOf,
  type WantedRollup,
} from './hot-store.ts';

export interface TimestreamTables {
  readonly database: string;
  readonly telemetry: string;
  readonly health: string;
  readonly twin: string;
  /** Undefined where nothing makes roll-ups beforehand. */
  readonly rollups?: Readonly<Record<WantedRollup['rollup'], string>> | undefined;
}

/** Parts of the largest twin: sections of 8 KB each in pieces of 800 bytes. */
const MAX_PARTS = 24;
/** Of a row of the twin table, in the order in which versions are joined. */
const TWIN_COLUMNS = ['time', 'version', 'part', 'parts', 'deleted', 'desired', 'reported'] as const;
/** Columns that are not measures. */
const KEY_COLUMNS = new Set(['time', 'measure_name', 'thing_name', 'site', 'device_type', 'boot_id', 'sequence']);

/** Timestream for LiveAnalytics. */
export class TimestreamHotStore implements HotStore {
  readonly kind = 'timestream';
  readonly title = 'Timestream';
  readonly visibleWithin = 0;
  readonly lookInterval = 100;
  readonly example: string;
  readonly #reader: TimestreamReader;
  readonly #tables: TimestreamTables;

  constructor(settings: AwsClientSettings, tables: TimestreamTables) {
    this.#reader = new TimestreamReader(settings);
    this.#tables = tables;
    this.example =
      `SELECT thing_name, max_by(temperature, time) AS temperature FROM ${this.#table(tables.telemetry)} ` +
      "WHERE measure_name = 'telemetry' GROUP BY thing_name";
  }

  query(sql: string): Promise<ResultTable> {
    return this.#reader.query(sql);
  }

  /** All of them: the key of the store lets no copy in. */
  countSamples(_since: number, of?: SamplesOf): Promise<number> {
    return this.#reader.number(
      `SELECT count(*) FROM ${this.#table(this.#tables.telemetry)} WHERE measure_name IN ('telemetry', 'event')${conditionOf(of)}`,
    );
  }

  /** A message is a record for each measure; every one has a sequence number. */
  countHealth(): Promise<number> {
    return this.#reader.number(
      `SELECT count(*) FROM ${this.#table(this.#tables.health)} WHERE measure_name = 'sequence'`,
    );
  }

  async twinHistory(thingName: string, shadowName: string, limit: number) {
    const { columns, rows } = await this.#known(
      `SELECT * FROM ${this.#table(this.#tables.twin)}
       WHERE thing_name = ${quoted(thingName)} AND shadow = ${quoted(shadowName)}
       ORDER BY time DESC LIMIT ${limit * MAX_PARTS}`,
    );
    // A column is there once a row has brought it: maybe nothing was ever desired.
    const places = TWIN_COLUMNS.map((name) => columns.indexOf(name));
    const ordered = rows.map((row) => places.map((place) => row[place] ?? null));
    return joinVersions(ordered).slice(0, limit);
  }

  async latestSample(thingName: string): Promise<Latest | undefined> {
    const { columns, rows } = await this.#known(
      `SELECT * FROM ${this.#table(this.#tables.telemetry)}
       WHERE thing_name = ${quoted(thingName)} AND measure_name = 'telemetry' ORDER BY time DESC LIMIT 1`,
    );
    const [row] = rows;
    if (row === undefined) return undefined;
    const values: Record<string, string> = {};
    columns.forEach((name, at) => {
      const value = row[at];
      if (value !== null && value !== undefined && !KEY_COLUMNS.has(name)) values[name] = value;
    });
    return { time: row[columns.indexOf('time')] ?? '', values };
  }

  async latestHealth(thingName: string): Promise<Latest | undefined> {
    const { columns, rows } = await this.#known(
      `SELECT time, measure_name, measure_value::bigint AS number, measure_value::varchar AS text
       FROM ${this.#table(this.#tables.health)} WHERE thing_name = ${quoted(thingName)}
       AND time = (SELECT max(time) FROM ${this.#table(this.#tables.health)} WHERE thing_name = ${quoted(thingName)})`,
    );
    const [first] = rows;
    if (first === undefined) return undefined;
    const at = (name: string) => columns.indexOf(name);
    const values = rows.flatMap((row): [string, string][] => {
      const name = row[at('measure_name')] ?? '';
      const value = row[at('number')] ?? row[at('text')];
      return KEY_COLUMNS.has(name) || value === null || value === undefined ? [] : [[name, value]];
    });
    return { time: first[at('time')] ?? '', values: Object.fromEntries(values) };
  }

  async rollup(wanted: WantedRollup): Promise<ResultTable> {
    const { from, measure, rollup, thingName, to } = wanted;
    const table = this.#tables.rollups?.[rollup];
    const span = `time >= from_milliseconds(${from}) AND time < from_milliseconds(${to})`;
    const device = thingName === undefined ? '' : ` AND thing_name = ${quoted(thingName)}`;
    if (table !== undefined) {
      const made = ROLLUP_AGGREGATES.map((aggregate) => column(rollupColumn(measure, aggregate))).join(', ');
      const result = await this.#known(
        `SELECT time, thing_name, ${made} FROM ${this.#table(table)}
         WHERE ${column(rollupColumn(measure, 'count'))} > 0 AND ${span}${device} ORDER BY time, thing_name`,
      );
      if (result.columns.length > 0) return { columns: [...ROLLUP_COLUMNS], rows: result.rows };
      // Not rolled up, or not yet: then samples answer, or say that there is no such measure.
    }
    const fresh = ROLLUP_AGGREGATES.map((aggregate) => `${aggregate}(${column(measure)})`).join(', ');
    const { rows } = await this.query(
      `SELECT bin(time, ${rollup}), thing_name, ${fresh} FROM ${this.#table(this.#tables.telemetry)}
       WHERE measure_name = 'telemetry' AND ${column(measure)} IS NOT NULL AND ${span}${device}
       GROUP BY bin(time, ${rollup}), thing_name ORDER BY 1, 2`,
    );
    return { columns: [...ROLLUP_COLUMNS], rows };
  }

  close(): void {
    this.#reader.close();
  }

  /** Rows of a query over columns that may not be there yet, because no row has brought them: then none, of no columns. */
  async #known(sql: string): Promise<ResultTable> {
    try {
      return await this.query(sql);
    } catch (error) {
      if (isNamed(error, 'ValidationException') && /column '[^']*' does not exist/i.test(messageOf(error))) {
        return { columns: [], rows: [] };
      }
      throw error;
    }
  }

  #table(name: string): string {
    return `${column(this.#tables.database)}.${column(name)}`;
  }
}
