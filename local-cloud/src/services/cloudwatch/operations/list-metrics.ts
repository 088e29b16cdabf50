import type { ListMetricsInput, ListMetricsOutput } from '@aws-sdk/client-cloudwatch';
import type { Operation } from '../../../core/api.ts';
import { AwsError } from '../../../core/errors.ts';
import { invalidValue } from '../errors.ts';
import { MAX_DIMENSION_FILTERS, METRICS_PAGE } from '../limits.ts';
import type { MetricStore } from '../metrics/metric-store.ts';

/** ms; ListMetrics, `RecentlyActive`: the one value is PT3H. */
const RECENT = 3 * 3_600_000;

export function listMetrics(metrics: MetricStore): Operation<ListMetricsInput, ListMetricsOutput> {
  return {
    name: 'ListMetrics',
    authorize: () => [{ action: 'cloudwatch:ListMetrics', resource: '*' }],
    handle(input) {
      if (input.IncludeLinkedAccounts === true || input.OwningAccount !== undefined) {
        throw invalidValue('This account is not a monitoring account.');
      }
      if (input.RecentlyActive !== undefined && input.RecentlyActive !== 'PT3H') {
        throw invalidValue(`The value ${input.RecentlyActive} for parameter RecentlyActive is not supported.`);
      }
      const filters = input.Dimensions ?? [];
      if (filters.length > MAX_DIMENSION_FILTERS) throw invalidValue('Too many dimension filters.');
      const after = input.NextToken === undefined ? '' : decode(input.NextToken);
      const since = input.RecentlyActive === undefined ? 0 : metrics.context.clock.now() - RECENT;
      const found = metrics
        .all()
        .filter(
          ({ identity, key, latest }) =>
            key > after &&
            latest >= since &&
            (input.Namespace === undefined || identity.namespace === input.Namespace) &&
            (input.MetricName === undefined || identity.name === input.MetricName) &&
            filters.every(({ Name, Value }) =>
              identity.dimensions.some(([name, value]) => name === Name && (Value === undefined || value === Value)),
            ),
        );
      const page = found.slice(0, METRICS_PAGE);
      const more = found.length > page.length;
      return {
        Metrics: page.map(({ identity }) => ({
          Namespace: identity.namespace,
          MetricName: identity.name,
          Dimensions: identity.dimensions.map(([Name, Value]) => ({ Name, Value })),
        })),
        ...(more ? { NextToken: Buffer.from(page.at(-1)?.key ?? '').toString('base64url') } : {}),
      };
    },
  };
}

/** @throws AwsError `InvalidParameterValue` */
function decode(token: string): string {
  const key = Buffer.from(token, 'base64url').toString('utf8');
  if (!key.startsWith('[')) throw new AwsError('InvalidParameterValueException', 'The parameter NextToken is invalid.');
  return key;
}
