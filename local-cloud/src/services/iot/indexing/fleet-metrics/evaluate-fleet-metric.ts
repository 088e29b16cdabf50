import {
  aggregateCardinality,
  aggregatePercentiles,
  aggregateStatistics,
  readAggregationField,
} from '../aggregation/aggregate.ts';
import type { FleetIndex } from '../fleet-index.ts';
import type { FleetMetricRecord } from './fleet-metric-records.ts';
import { STATISTICS } from './read-fleet-metric.ts';

/**
 * Data points of a metric now, by the value of its aggregation type. What nothing matches has no data point, but for the
 * count, which is 0 (`fleet-indexing-troubleshooting`, "Can't see data points in CloudWatch"), and the cardinality.
 */
export function evaluateFleetMetric(index: FleetIndex, metric: FleetMetricRecord): Map<string, number> {
  const query = index.query(metric.indexName, metric.queryString, metric.queryVersion);
  const field = readAggregationField(query.target, metric.aggregationField);
  const { name, values } = metric.aggregationType;
  const points = new Map<string, number>();
  if (name === 'Cardinality') points.set('cardinality', aggregateCardinality(query, field));
  else if (name === 'Percentiles') {
    const found = aggregatePercentiles(query, field, values.map(Number));
    found.forEach(({ value }, i) => {
      if (value !== undefined) points.set(values[i] as string, value);
    });
  } else {
    const statistics = aggregateStatistics(query, field);
    for (const statistic of STATISTICS) {
      const value = statistics[statistic];
      if (values.includes(statistic) && value !== undefined) points.set(statistic, value);
    }
  }
  return points;
}
