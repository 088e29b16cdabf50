import type { AggregationSettings } from '../configuration.ts';
import type { Batch, BatchPriority, Entry } from './batch.ts';
import type { RawTapState } from './raw-tap.ts';

/** What became of what came in, since the state was first made. */
export interface Counts {
  /** Values that were taken. */
  values: number;
  /** Series that were refused, since `maxSeries` or the memory was used up, or their name is reserved in the cloud. */
  seriesRefused: number;
  /** Values of refused series. */
  valuesRefused: number;
  /** Values too far ahead of the core's clock. */
  ahead: number;
  anomalies: number;
  /** Anomalies of series that no value came from. */
  anomaliesUnknown: number;
  /** Windows whose percentiles were given up for lack of memory. */
  percentilesGivenUp: number;
  /** Batches that were dropped because too many waited. */
  batchesDropped: number;
}

export interface SeriesRecord {
  readonly series: string;
  readonly lastAt: number;
  readonly mode: object;
}

/** All that an aggregation is, as JSON. */
export interface AggregationState {
  readonly settings: AggregationSettings;
  readonly run: string;
  readonly nextNumber: number;
  readonly counts: Counts;
  readonly batches: readonly Batch[];
  /** What is not packed into batches yet. */
  readonly entries: Readonly<Record<BatchPriority, readonly Entry[]>>;
  /** Names of refused series. */
  readonly refused: readonly string[];
  readonly raw?: RawTapState;
  readonly series: readonly SeriesRecord[];
}

export function noCounts(): Counts {
  return {
    values: 0,
    seriesRefused: 0,
    valuesRefused: 0,
    ahead: 0,
    anomalies: 0,
    anomaliesUnknown: 0,
    percentilesGivenUp: 0,
    batchesDropped: 0,
  };
}
