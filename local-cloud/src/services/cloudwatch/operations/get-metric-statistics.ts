import type { Datapoint, GetMetricStatisticsInput, GetMetricStatisticsOutput } from '@aws-sdk/client-cloudwatch';
import type { Operation } from '../../../core/api.ts';
import { invalidCombination, invalidValue } from '../errors.ts';
import { MAX_STATISTICS_DATAPOINTS } from '../limits.ts';
import type { Bucket } from '../metrics/bucket.ts';
import type { MetricStore } from '../metrics/metric-store.ts';
import { checkUnit, readIdentity } from '../metrics/read-dimensions.ts';
import { PLAIN_STATISTICS, statisticOf } from '../metrics/statistics.ts';
import { timeGrid } from '../metrics/time-grid.ts';

export function getMetricStatistics(
  metrics: MetricStore,
): Operation<GetMetricStatisticsInput, GetMetricStatisticsOutput> {
  return {
    name: 'GetMetricStatistics',
    authorize: () => [{ action: 'cloudwatch:GetMetricStatistics', resource: '*' }],
    handle(input) {
      const identity = readIdentity(input.Namespace, input.MetricName, input.Dimensions);
      const unit = checkUnit(input.Unit);
      const names = [...(input.Statistics ?? []), ...(input.ExtendedStatistics ?? [])];
      if (names.length === 0)
        throw invalidCombination('At least one of the parameters Statistics and ExtendedStatistics must be specified.');
      for (const name of input.Statistics ?? []) {
        if (!Object.hasOwn(PLAIN_STATISTICS, name))
          throw invalidValue(`The value ${name} for parameter Statistics is not supported.`);
      }
      const statistics = names.map((name) => [name, statisticOf(name)] as const);
      const grid = timeGrid(input.StartTime, input.EndTime, input.Period as number);
      if (grid.count > MAX_STATISTICS_DATAPOINTS) {
        throw invalidCombination(
          `You have requested up to ${grid.count.toLocaleString('en-US')} datapoints, which exceeds the limit of 1,440. You may reduce the datapoints requested by increasing Period, or decreasing the time range.`,
        );
      }
      const Datapoints: Datapoint[] = [];
      for (const series of metrics.find(identity, unit)) {
        for (let index = 0; index < grid.count; index++) {
          const from = grid.start + index * grid.period;
          const bucket = series.between(from, from + grid.period);
          if (bucket !== undefined) Datapoints.push(datapoint(from, bucket, series.unit));
        }
      }
      return { Label: identity.name, Datapoints };

      function datapoint(from: number, bucket: Bucket, seriesUnit: string): Datapoint {
        const point: Record<string, unknown> = { Timestamp: new Date(from), Unit: seriesUnit };
        const extended: Record<string, number> = {};
        for (const [name, statistic] of statistics) {
          const value = statistic(bucket);
          if (value === undefined) continue;
          if (Object.hasOwn(PLAIN_STATISTICS, name)) point[name] = value;
          else extended[name] = value;
        }
        if (Object.keys(extended).length > 0) point.ExtendedStatistics = extended;
        return point;
      }
    },
  };
}
