import type { Rollup } from '@fleetwright/contracts';
import type { ResultTable } from '../output/table.ts';
import type { TwinVersion } from '../twin/join-versions.ts';

/**
 * What is asked of the hot store, whichever variant is deployed. A variant answers in its own SQL through `query`, and
 * everything else the same as the others.
 */
export interface HotStore {
  /** As in the output `HotStoreKind`. */
  readonly kind: string;
  /** How people call it. */
  readonly title: string;
  /** ms after which what was written is found, at the latest, while all is well. */
  readonly visibleWithin: number;
  /** ms between two looks of somebody who waits: a look costs. */
  readonly lookInterval: number;
  /** A query that shows something of any fleet. */
  readonly example: string;
  /** Rows of a query in the store's own SQL. */
  query(sql: string): Promise<ResultTable>;
  /**
   * Samples of telemetry and events, those received since a time at least. Copies count once.
   * @param since ms since the epoch
   */
  countSamples(since: number, of?: SamplesOf): Promise<number>;
  /** Health messages, likewise. */
  countHealth(since: number): Promise<number>;
  /** The last versions of a shadow, the newest first. */
  twinHistory(thingName: string, shadowName: string, limit: number): Promise<readonly TwinVersion[]>;
  /** The newest sample of a device, by the device's time. */
  latestSample(thingName: string): Promise<Latest | undefined>;
  latestHealth(thingName: string): Promise<Latest | undefined>;
  /** Rows `time, thing_name, min, max, avg, count` of buckets that hold the measure, in order of time and thing. */
  rollup(wanted: WantedRollup): Promise<ResultTable>;
  close(): void;
}

/** Whose samples. @default everybody's */
export interface SamplesOf {
  readonly thingName?: string;
  readonly deviceType?: string;
}

/** As conditions that follow another. */
export function conditionOf({ deviceType, thingName }: SamplesOf = {}): string {
  const device = thingName === undefined ? '' : ` AND thing_name = ${quoted(thingName)}`;
  return deviceType === undefined ? device : `${device} AND device_type = ${quoted(deviceType)}`;
}

/** Values by name, as text. */
export interface Latest {
  /** UTC: `yyyy-mm-dd hh:mm:ss.fff`, with as many digits as the store has. */
  readonly time: string;
  readonly values: Readonly<Record<string, string>>;
}

export interface WantedRollup {
  readonly rollup: Rollup;
  readonly measure: string;
  /** @default all devices */
  readonly thingName?: string | undefined;
  /** ms since the epoch; buckets that begin from `from` to before `to` */
  readonly from: number;
  readonly to: number;
}

export const ROLLUP_COLUMNS = ['time', 'thing_name', 'min', 'max', 'avg', 'count'] as const;

/** Text in a query. Both SQLs double a quote. */
export function quoted(text: string): string {
  return `'${text.replaceAll("'", "''")}'`;
}

/** A column in a query. */
export function column(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}
