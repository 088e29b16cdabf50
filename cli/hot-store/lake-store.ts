import { LAKE_COLUMNS, LAKE_KEYS, ROLLUP_AGGREGATES } from '@fleetwright/contracts';
import type { ResultTable } from '../output/table.ts';
import type { AwsClientSettings } from '../running-cloud.ts';
import type { TwinVersion } from '../twin/join-versions.ts';
import { AthenaReader } from './athena-reader.ts';
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

export interface LakePlace {
  readonly database: string;
  readonly workGroup: string;
  readonly bufferSeconds: number;
}

const DAY = 86_400_000;
/** Devices may be ahead of the service's clock by this much; a sample is stored up to then. ms */
const AHEAD = 15 * 60_000;
/** What closing a file, converting and writing it may take after its time is over. ms */
const DELIVERY = 60_000;
/** How far back the newest row of a device is looked for, step by step, in days; then everywhere. */
const LOOK_BACK = [1, 30] as const;

/** The lake, asked through Athena. Rows are delivered at least once: of those with one key, one counts. */
export class LakeHotStore implements HotStore {
  readonly kind = 'lake';
  readonly title = 'the lake';
  readonly visibleWithin: number;
  readonly lookInterval = 2_000;
  readonly example: string;
  readonly #reader: AthenaReader;

  constructor(settings: AwsClientSettings, { bufferSeconds, database, workGroup }: LakePlace) {
    this.#reader = new AthenaReader(settings, workGroup, database);
    this.visibleWithin = bufferSeconds * 1_000 + DELIVERY;
    this.example =
      `SELECT thing_name, max_by(temperature, time) AS temperature FROM telemetry ` +
      `WHERE "date" >= ${dayOf(Date.now())} GROUP BY thing_name`;
  }

  query(sql: string): Promise<ResultTable> {
    return this.#reader.query(sql);
  }

  countSamples(since: number, of?: SamplesOf): Promise<number> {
    return this.#reader.number(countOf('telemetry', since, conditionOf(of)));
  }

  countHealth(since: number): Promise<number> {
    return this.#reader.number(countOf('health', since));
  }

  async twinHistory(thingName: string, shadowName: string, limit: number): Promise<readonly TwinVersion[]> {
    const { rows } = await this.query(
      `SELECT DISTINCT time, time_ns, version, deleted, desired, reported FROM twin
       WHERE thing_name = ${quoted(thingName)} AND shadow = ${quoted(shadowName)} ORDER BY time_ns DESC LIMIT ${limit}`,
    );
    return rows.map(([time = '', , version, deleted, desired, reported]) => ({
      time: (time ?? '').slice(0, 'yyyy-mm-dd hh:mm:ss'.length),
      version: Number(version),
      deleted: deleted === 'true',
      ...(desired !== null && desired !== undefined && { desired: JSON.parse(desired) }),
      ...(reported !== null && reported !== undefined && { reported: JSON.parse(reported) }),
    }));
  }

  async latestSample(thingName: string): Promise<Latest | undefined> {
    const found = await this.#latest('telemetry', `thing_name = ${quoted(thingName)} AND measure_name = 'telemetry'`);
    if (found === undefined) return undefined;
    const { other, ...values } = found.values;
    const more = Object.entries(JSON.parse(other ?? '{}') as Record<string, unknown>);
    return {
      time: found.time,
      values: { ...values, ...Object.fromEntries(more.map(([name, value]) => [name, String(value)])) },
    };
  }

  latestHealth(thingName: string): Promise<Latest | undefined> {
    return this.#latest('health', `thing_name = ${quoted(thingName)}`);
  }

  async rollup({ from, measure, rollup, thingName, to }: WantedRollup): Promise<ResultTable> {
    const device = thingName === undefined ? '' : ` AND thing_name = ${quoted(thingName)}`;
    const bucket = `date_trunc(${rollup === '1m' ? "'minute'" : "'hour'"}, time)`;
    const aggregates = ROLLUP_AGGREGATES.map((aggregate) => `${aggregate}(value)`).join(', ');
    // What was received before the beginning of the span is not of it; what came late may lie anywhere after it.
    const { rows } = await this.query(
      `SELECT ${bucket}, thing_name, ${aggregates} FROM (
         SELECT time, thing_name, ${column(measure.toLowerCase())} AS value,
           row_number() OVER (PARTITION BY ${LAKE_KEYS.telemetry.join(', ')} ORDER BY received_at) AS copy
         FROM telemetry WHERE "date" >= ${dayOf(from - AHEAD)} AND measure_name = 'telemetry'
           AND time >= ${instant(from)} AND time < ${instant(to)}${device}
       ) WHERE copy = 1 AND value IS NOT NULL GROUP BY ${bucket}, thing_name ORDER BY 1, 2`,
    );
    return { columns: [...ROLLUP_COLUMNS], rows };
  }

  close(): void {
    this.#reader.close();
  }

  /**
   * The row with the newest time. Rows are filed by when they were received, and one that was received before a day can
   * hardly be newer than that day: when what the last days brought is newer than their beginning, nothing before is.
   */
  async #latest(table: 'telemetry' | 'health', condition: string): Promise<Latest | undefined> {
    const key = new Set<string>([
      ...LAKE_COLUMNS[table]
        .slice(0, LAKE_COLUMNS[table].findIndex(({ name }) => name === 'received_at') + 1)
        .map(({ name }) => name),
      'date',
      'hour',
    ]);
    const now = Date.now();
    for (const days of [...LOOK_BACK, undefined]) {
      const start = days === undefined ? undefined : Math.floor((now - days * DAY) / DAY) * DAY;
      const since = start === undefined ? '' : ` AND "date" >= ${dayOf(start)}`;
      const { columns, rows } = await this.query(
        `SELECT * FROM ${table} WHERE ${condition}${since} ORDER BY time DESC, received_at LIMIT 1`,
      );
      const [row] = rows;
      if (row === undefined) continue;
      const time = row[columns.indexOf('time')] ?? '';
      if (start !== undefined && Date.parse(`${time.replace(' ', 'T')}Z`) < start + AHEAD) continue;
      const values: Record<string, string> = {};
      columns.forEach((name, at) => {
        const value = row[at];
        if (value !== null && value !== undefined && !key.has(name)) values[name] = value;
      });
      return { time, values };
    }
    return undefined;
  }
}

function countOf(table: 'telemetry' | 'health', since: number, condition = ''): string {
  const keys = LAKE_KEYS[table].join(', ');
  return `SELECT count(*) FROM (SELECT DISTINCT ${keys} FROM ${table} WHERE "date" >= ${dayOf(since)}${condition})`;
}

/** Day of a time in UTC, as partitions are called. */
function dayOf(time: number): string {
  return quoted(new Date(time).toISOString().slice(0, 'yyyy-mm-dd'.length));
}

function instant(time: number): string {
  return `timestamp ${quoted(new Date(time).toISOString().replace('T', ' ').replace('Z', ''))}`;
}
