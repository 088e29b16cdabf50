import { semanticError } from '../syntax/query-error.ts';
import { aggregate, alias, type Builder, type CallSite, type Overload, window } from './function-table.ts';

/** Developer guide, "Aggregate functions" and "Window functions". */

const NUMERIC = ['integer', 'bigint', 'double'] as const;

/** A statistic that Presto leaves null where it is not finite. */
function finite(sql: string): string {
  return `(CASE WHEN isfinite(${sql}) THEN ${sql} END)`;
}

function statistic(name: string, engineName = name): Overload {
  return aggregate(`${name}(double) double`, ([x]) => `${engineName}(${x})`);
}

function paired(name: string): Overload {
  return aggregate(`${name}(double, double) double`, ([y, x]) => finite(`${name}(${y}, ${x})`));
}

/**
 * The exact percentile stands for the approximate one, as it lies within any error the approximation is allowed:
 * `approx_percentile` answers one of the values, not something between two.
 */
const percentile: Builder = ([x], call) => `quantile_disc(${x}, ${fraction(call.constantNumber(1), call)})`;

function fraction(value: number, call: CallSite): string {
  if (!(value >= 0 && value <= 1)) throw semanticError(call.at, 'Percentile must be between 0 and 1');
  return `CAST('${value}' AS DOUBLE)`;
}

const boolAnd = aggregate('bool_and(boolean) boolean', ([x]) => `bool_and(${x})`);

/** Rows with a null `y` are left out, those with a null `x` are not. */
const maxBy = aggregate('max_by(T, U) T', ([x, y]) => `arg_max_null(${x}, ${y})`);
const minBy = aggregate('min_by(T, U) T', ([x, y]) => `arg_min_null(${x}, ${y})`);

const variance = statistic('variance', 'var_samp');
const stddev = statistic('stddev', 'stddev_samp');
const distinct = aggregate('approx_distinct(T) bigint', ([x]) => `count(DISTINCT ${x})`);

export const AGGREGATE_FUNCTIONS: readonly Overload[] = [
  aggregate('count() bigint', () => 'count(*)'),
  aggregate('count(T) bigint', ([x]) => `count(${x})`),
  aggregate('count_if(boolean) bigint', ([x]) => `CAST(count_if(${x}) AS BIGINT)`),
  // The engine adds integers in 128 bits; beyond 64 it is an error, as on AWS.
  aggregate('sum(bigint) bigint', ([x]) => `CAST(sum(${x}) AS BIGINT)`),
  aggregate('sum(double) double', ([x]) => `sum(${x})`),
  aggregate('sum(interval) interval', ([x]) => `CAST(sum(${x}) AS BIGINT)`),
  aggregate('avg(double) double', ([x]) => `avg(${x})`),
  aggregate('min(T) T', ([x]) => `min(${x})`),
  aggregate('max(T) T', ([x]) => `max(${x})`),
  maxBy,
  minBy,
  aggregate('arbitrary(T) T', ([x]) => `any_value(${x})`),
  aggregate('array_agg(T) array(T)', ([x]) => `array_agg(${x})`),
  boolAnd,
  alias('every', boolAnd),
  aggregate('bool_or(boolean) boolean', ([x]) => `bool_or(${x})`),
  aggregate(
    'geometric_mean(double) double',
    ([x]) =>
      `exp(avg(CASE WHEN ${x} > 0 THEN ln(${x}) WHEN ${x} = 0 THEN '-inf'::DOUBLE WHEN ${x} < 0 THEN 'nan'::DOUBLE END))`,
    { nan: true },
  ),
  aggregate('bitwise_and_agg(bigint) bigint', ([x]) => `bit_and(${x})`),
  aggregate('bitwise_or_agg(bigint) bigint', ([x]) => `bit_or(${x})`),
  distinct,
  aggregate('approx_distinct(T, double) bigint', ([x], call) => {
    const error = call.constantNumber(1);
    if (!(error >= 0.0040625 && error <= 0.26)) {
      throw semanticError(call.at, 'Standard error must be in [0.0040625, 0.26000]');
    }
    return `count(DISTINCT ${x})`;
  }),
  ...NUMERIC.map((type) => aggregate(`approx_percentile(${type}, double) ${type}`, percentile)),
  statistic('stddev_pop'),
  statistic('stddev_samp'),
  stddev,
  statistic('var_pop'),
  statistic('var_samp'),
  variance,
  paired('corr'),
  paired('covar_pop'),
  paired('covar_samp'),
  paired('regr_slope'),
  paired('regr_intercept'),
];

export const WINDOW_FUNCTIONS: readonly Overload[] = [
  window('row_number() bigint', () => 'row_number()'),
  window('rank() bigint', () => 'rank()'),
  window('dense_rank() bigint', () => 'dense_rank()'),
  window('percent_rank() double', () => 'percent_rank()'),
  window('cume_dist() double', () => 'cume_dist()'),
  window('ntile(bigint) bigint', ([n]) => `ntile(${n})`),
  window('first_value(T) T', ([x]) => `first_value(${x})`),
  window('last_value(T) T', ([x]) => `last_value(${x})`),
  window('nth_value(T, bigint) T', ([x, n]) => `nth_value(${x}, ${n})`),
  window('lag(T) T', ([x]) => `lag(${x})`),
  window('lag(T, bigint) T', ([x, n]) => `lag(${x}, ${n})`),
  window('lag(T, bigint, T) T', ([x, n, otherwise]) => `lag(${x}, ${n}, ${otherwise})`),
  window('lead(T) T', ([x]) => `lead(${x})`),
  window('lead(T, bigint) T', ([x, n]) => `lead(${x}, ${n})`),
  window('lead(T, bigint, T) T', ([x, n, otherwise]) => `lead(${x}, ${n}, ${otherwise})`),
];
