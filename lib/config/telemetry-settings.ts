import { measureSchemasSchema } from '@fleetwright/contracts';
import { z } from 'zod';

/** Where recent telemetry is written and queried. */
export const HOT_STORES = ['timestream', 'lake'] as const;

export type HotStoreKind = (typeof HOT_STORES)[number];

export const lakeSchema = z.strictObject({
  /** With the hot store `timestream`: samples go to the lake too. The hot store `lake` is the lake. */
  enabled: z.boolean().default(true),
  /** A file is closed after this time, in seconds; in the hot store `lake`, rows are found after it. */
  bufferSeconds: z.int().min(0).max(900).default(300),
  /** … or at this size before it is converted, in MiB, whichever comes first. */
  bufferMegabytes: z.int().min(64).max(128).default(128),
  keepDays: z.int().min(1).max(36_500).default(1825),
  /** A query that reads more is ended, in MB; Athena bills what is read. */
  queryLimitMegabytes: z.int().min(10).max(7_000_000_000).default(10_000),
  /** How long results of queries are kept, in days. */
  resultDays: z.int().min(1).max(365).default(7),
});

export type LakeSettings = z.infer<typeof lakeSchema>;

/** Roll-ups of one minute and one hour. The hot store `lake` makes them when they are asked for. */
export const rollupsSchema = z.strictObject({
  /** Without them, queries of roll-ups read every sample. */
  enabled: z.boolean().default(true),
  /** Of the table of minutes, in days. That of hours keeps them as long as samples are kept. */
  minuteDays: z.int().min(1).max(73_000).default(90),
});

/**
 * What devices of each type measure; types that are not named may send anything. `null` for a type takes away what the
 * defaults have.
 */
export const measuresSchema = z.preprocess(withoutNulls, measureSchemasSchema);

function withoutNulls(value: unknown): unknown {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value;
  return Object.fromEntries(Object.entries(value).filter(([, schema]) => schema !== null));
}
