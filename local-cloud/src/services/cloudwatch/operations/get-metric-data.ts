import type { GetMetricDataInput, GetMetricDataOutput, MetricDataResult } from '@aws-sdk/client-cloudwatch';
import type { Operation } from '../../../core/api.ts';
import { NotImplementedError } from '../../../core/errors.ts';
import { invalidValue, validationError } from '../errors.ts';
import { MAX_DATAPOINTS, MAX_PERIODS, MAX_QUERIES } from '../limits.ts';
import { evaluateQuery, planQueries } from '../math/query-plan.ts';
import type { MetricStore } from '../metrics/metric-store.ts';
import { type TimeGrid, timeGrid } from '../metrics/time-grid.ts';

export function getMetricData(metrics: MetricStore): Operation<GetMetricDataInput, GetMetricDataOutput> {
  return {
    name: 'GetMetricData',
    authorize: () => [{ action: 'cloudwatch:GetMetricData', resource: '*' }],
    handle(input) {
      const queries = input.MetricDataQueries ?? [];
      if (queries.length === 0) throw validationError('MetricDataQueries must not be empty');
      if (queries.length > MAX_QUERIES) throw validationError(`At most ${MAX_QUERIES} queries are allowed`);
      if (input.NextToken !== undefined) throw invalidValue('The parameter NextToken is invalid.');
      if (input.LabelOptions?.Timezone !== undefined) throw new NotImplementedError('GetMetricData LabelOptions');
      const ascending = input.ScanBy === 'TimestampAscending';
      if (input.ScanBy !== undefined && !ascending && input.ScanBy !== 'TimestampDescending') {
        throw invalidValue(`The value ${input.ScanBy} for parameter ScanBy is not supported.`);
      }
      const most = input.MaxDatapoints ?? MAX_DATAPOINTS;
      const plan = planQueries(queries);
      const returned = plan.filter((query) => query.returned);
      if (returned.length === 0) throw validationError('No query returns data: set ReturnData of at least one');
      const grids = returned.map(({ period }) => timeGrid(input.StartTime, input.EndTime, period));
      const periods = grids.reduce((sum, { count }) => sum + count, 0);
      if (periods > MAX_PERIODS) throw new NotImplementedError(`GetMetricData over ${periods} periods`);
      let total = 0;
      const MetricDataResults = returned.map((query, at): MetricDataResult => {
        const grid = grids[at] as TimeGrid;
        const points = evaluateQuery(metrics, plan, query, grid.start, grid.count).flatMap((value, index) =>
          value === undefined ? [] : [{ value, time: grid.start + index * grid.period }],
        );
        if (!ascending) points.reverse();
        total += points.length;
        return {
          Id: query.id,
          Label: query.label,
          Timestamps: points.map(({ time }) => new Date(time)),
          Values: points.map(({ value }) => value),
          StatusCode: 'Complete',
        };
      });
      // AWS pages; a query of that size is refused here rather than cut.
      if (total > most) throw new NotImplementedError(`GetMetricData pages (${total} datapoints, ${most} asked for)`);
      return { MetricDataResults, Messages: [] };
    },
  };
}
