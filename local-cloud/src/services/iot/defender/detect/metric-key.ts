import type { MetricDimension } from '@aws-sdk/client-iot';

/** A metric, and the topics that it is narrowed to: one text for one series of data. */
export function metricKey(metric: string, dimension?: MetricDimension): string {
  return dimension === undefined ? metric : `${metric}\n${dimension.dimensionName}\n${dimension.operator ?? 'IN'}`;
}

export interface MetricScope {
  readonly metric: string;
  readonly dimensionName: string | undefined;
  readonly excludes: boolean;
}

export function parseMetricKey(key: string): MetricScope {
  const [metric = '', dimensionName, operator] = key.split('\n');
  return { metric, dimensionName, excludes: operator === 'NOT_IN' };
}
