import type { Point } from '@fleetwright/contracts';

/** What functions ask of the hot store, whichever it is. Times in ms since the epoch, points in the order of time. */
export interface TelemetryHistory {
  /** The last samples of some measures of the telemetry channel since `from`, at most `limit` rows. */
  recent(
    thingName: string,
    measures: readonly string[],
    from: number,
    limit: number,
  ): Promise<Readonly<Record<string, readonly Point[]>>>;
  /** Medians of a measure over equal stretches of time, each at the middle of its stretch. */
  medians(
    thingName: string,
    channel: 'telemetry' | 'health',
    measure: string,
    from: number,
    stretchSeconds: number,
  ): Promise<readonly Point[]>;
}
