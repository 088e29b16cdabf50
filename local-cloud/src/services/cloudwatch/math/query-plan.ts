import type { MetricDataQuery } from '@aws-sdk/client-cloudwatch';
import { NotImplementedError } from '../../../core/errors.ts';
import { validationError } from '../errors.ts';
import type { MetricStore } from '../metrics/metric-store.ts';
import { checkUnit, readIdentity } from '../metrics/read-dimensions.ts';
import type { MetricIdentity } from '../metrics/series.ts';
import { type Statistic, statisticOf } from '../metrics/statistics.ts';
import { checkPeriod } from '../metrics/time-grid.ts';
import { type Expression, parseExpression } from './expression.ts';
import type { MathValue, TimeSeries } from './functions.ts';

/** One query of GetMetricData or of an alarm, checked. */
export interface PlannedQuery {
  readonly id: string;
  readonly label: string;
  readonly returned: boolean;
  /** seconds */
  readonly period: number;
  readonly source:
    | {
        readonly kind: 'metric';
        readonly identity: MetricIdentity;
        readonly unit: string | undefined;
        readonly statistic: Statistic;
      }
    | { readonly kind: 'math'; readonly expression: Expression };
}

/** @throws AwsError `ValidationError` and those of metrics and expressions */
export function planQueries(queries: readonly MetricDataQuery[]): PlannedQuery[] {
  const ids = queries.map(({ Id }) => Id ?? '');
  for (const id of ids) {
    if (!/^[a-z]\w{0,254}$/.test(id))
      throw validationError(`The value '${id}' for field "id" must match ^[a-z][a-zA-Z0-9_]*$`);
    if (ids.indexOf(id) !== ids.lastIndexOf(id))
      throw validationError(`The value '${id}' for field "id" is not unique`);
  }
  const metrics = queries.filter(({ MetricStat }) => MetricStat !== undefined).map(planMetric);
  // An expression has the longest period of what it reads; its own one where it reads nothing.
  const longest = Math.max(60, ...metrics.map(({ period }) => period));
  return queries.map((query) => metrics.find(({ id }) => id === query.Id) ?? planExpression(query, ids, longest));
}

function planMetric(query: MetricDataQuery): PlannedQuery {
  const { Id = '', MetricStat: stat, Expression: expression, Label } = query;
  if (query.AccountId !== undefined) throw new NotImplementedError('CloudWatch queries of other accounts');
  if (expression !== undefined || stat === undefined) {
    throw validationError(`Query '${Id}' must have either MetricStat or Expression`);
  }
  const identity = readIdentity(stat.Metric?.Namespace, stat.Metric?.MetricName, stat.Metric?.Dimensions);
  return {
    id: Id,
    label: checkLabel(Label) ?? identity.name,
    returned: query.ReturnData ?? true,
    period: checkPeriod(stat.Period),
    source: { kind: 'metric', identity, unit: checkUnit(stat.Unit), statistic: statisticOf(stat.Stat ?? '') },
  };
}

function planExpression(query: MetricDataQuery, ids: readonly string[], longest: number): PlannedQuery {
  const { Id = '', Expression: text, Label } = query;
  if (text === undefined || text === '')
    throw validationError(`Query '${Id}' must have either MetricStat or Expression`);
  const expression = parseExpression(text);
  for (const id of expression.ids) {
    if (!ids.includes(id)) throw validationError(`Unknown id '${id}' in expression '${text}'`);
  }
  return {
    id: Id,
    label: checkLabel(Label) ?? Id,
    returned: query.ReturnData ?? true,
    period: query.Period === undefined ? longest : checkPeriod(query.Period),
    source: { kind: 'math', expression },
  };
}

function checkLabel(label: string | undefined): string | undefined {
  if (label?.includes('${')) throw new NotImplementedError('dynamic labels of CloudWatch');
  return label;
}

/**
 * Datapoints of a query for `count` periods from `start` (ms) on, one for each. Queries of different periods meet in one
 * grid of the longest.
 * @throws AwsError `ValidationError` for expressions that read each other
 */
export function evaluateQuery(
  metrics: MetricStore,
  plan: readonly PlannedQuery[],
  query: PlannedQuery,
  start: number,
  count: number,
  period = query.period,
): TimeSeries {
  const known = new Map<string, MathValue>();
  const open = new Set<string>();
  const value = evaluate(query.id);
  return typeof value === 'number' ? new Array<number>(count).fill(value) : value;

  function evaluate(id: string): MathValue {
    const ready = known.get(id);
    if (ready !== undefined) return ready;
    if (open.has(id)) throw validationError(`The expression of '${id}' reads itself`);
    open.add(id);
    const found = plan.find((one) => one.id === id) as PlannedQuery;
    const result = found.source.kind === 'metric' ? read(found.source) : compute(found.source.expression);
    open.delete(id);
    known.set(id, result);
    return result;
  }

  function read(source: Extract<PlannedQuery['source'], { kind: 'metric' }>): TimeSeries {
    return Array.from({ length: count }, (_, index) => {
      const from = start + index * period * 1000;
      const bucket = metrics.between(source.identity, source.unit, from, from + period * 1000);
      return bucket === undefined ? undefined : source.statistic(bucket);
    });
  }

  function compute(expression: Expression): MathValue {
    return expression.evaluate({ period, count, lookUp: (id) => evaluate(id) });
  }
}
