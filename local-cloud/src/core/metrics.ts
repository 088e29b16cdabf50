type Scale = '' | 'Kilo' | 'Mega' | 'Giga' | 'Tera';
type Amount = 'Bytes' | 'Bits' | `${Exclude<Scale, ''>}${'bytes' | 'bits'}` | 'Count';

/** Units of CloudWatch (API reference, MetricDatum). */
export type MetricUnit = 'Seconds' | 'Microseconds' | 'Milliseconds' | 'Percent' | 'None' | Amount | `${Amount}/Second`;

export type MetricDimensions = Readonly<Record<string, string>>;

/** One metric, found once: each value costs an addition. */
export interface MetricSeries {
  put(value: number): void;
}

/**
 * Metrics that services publish about themselves. Values are summed up in memory by the minute they were put in and
 * reach CloudWatch with it; nothing is written per value.
 */
export interface Metrics {
  /** @param namespace `AWS/SQS` */
  put(namespace: string, name: string, dimensions: MetricDimensions, value: number, unit: MetricUnit): void;
  /** For what is put often: keep the series, and call its `put`. */
  series(namespace: string, name: string, dimensions: MetricDimensions, unit: MetricUnit): MetricSeries;
  /** For what is read and not counted, such as the length of a queue: `read` puts its values, once a minute. */
  gauge(read: (metrics: Pick<Metrics, 'put'>) => void): void;
}

/** Where metrics find values inside log lines (embedded metric format, metric filters). */
export interface LogObserver {
  /** Called with every event that a log group has accepted. */
  onLogEvents(
    logGroupName: string,
    logStreamName: string,
    events: readonly { readonly timestamp: number; readonly message: string }[],
  ): void;
}
