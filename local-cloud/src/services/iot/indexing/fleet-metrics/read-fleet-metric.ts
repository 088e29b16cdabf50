import { type AggregationType, type AggregationTypeName, FleetMetricUnit } from '@aws-sdk/client-iot';
import { ConstraintViolations } from '../../../../core/constraint-violations.ts';
import type { MetricUnit } from '../../../../core/metrics.ts';
import { invalidRequest } from '../../errors.ts';
import { allowText } from '../../registry/validation.ts';
import { readAggregationField } from '../aggregation/aggregate.ts';
import { invalidAggregation } from '../errors.ts';
import type { FleetIndex } from '../fleet-index.ts';
import {
  MAX_METRIC_DESCRIPTION_LENGTH,
  MAX_METRIC_PERIOD,
  MAX_PERCENTS,
  MIN_METRIC_PERIOD,
  QUERY_VERSION,
} from '../limits.ts';
import type { FleetMetricRecord } from './fleet-metric-records.ts';

export interface FleetMetricInput {
  readonly indexName?: string | undefined;
  readonly queryString?: string | undefined;
  readonly queryVersion?: string | undefined;
  readonly aggregationField?: string | undefined;
  readonly aggregationType?: AggregationType | undefined;
  readonly period?: number | undefined;
  readonly description?: string | undefined;
  readonly unit?: string | undefined;
}

export type FleetMetricDefinition = Omit<FleetMetricRecord, 'name' | 'version' | 'creationDate' | 'lastModifiedDate'>;

/** `index-aggregate`, GetStatistics. */
export const STATISTICS = [
  'count',
  'average',
  'sum',
  'minimum',
  'maximum',
  'sumOfSquares',
  'variance',
  'stdDeviation',
] as const;

const CODE = 'InvalidRequestException';

/**
 * What a request makes of a metric; what it does not give stays as it was.
 *
 * @throws AwsError InvalidRequestException, InvalidQueryException, InvalidAggregationException, ResourceNotFoundException
 */
export function readFleetMetric(
  index: FleetIndex,
  indexName: string,
  input: FleetMetricInput,
  before: Partial<FleetMetricDefinition>,
): FleetMetricDefinition {
  const given = { ...before, ...withoutUndefined(input) };
  new ConstraintViolations()
    .required('queryString', given.queryString)
    .length('queryString', given.queryString, 1, Number.MAX_SAFE_INTEGER)
    .required('aggregationField', given.aggregationField)
    .length('aggregationField', given.aggregationField, 1, Number.MAX_SAFE_INTEGER)
    .required('aggregationType', given.aggregationType)
    .required('period', given.period)
    .range('period', given.period, MIN_METRIC_PERIOD, MAX_METRIC_PERIOD)
    .oneOf('unit', given.unit, Object.values(FleetMetricUnit))
    .throwIfAny(CODE);
  allowText('description', given.description, MAX_METRIC_DESCRIPTION_LENGTH);
  const period = given.period as number;
  if (period % MIN_METRIC_PERIOD !== 0) throw invalidRequest(`The period ${period} is not a multiple of 60 seconds`);
  const queryString = given.queryString as string;
  const { target } = index.query(indexName, queryString, given.queryVersion);
  const field = readAggregationField(target, given.aggregationField);
  const aggregationType = readAggregationType(given.aggregationType as AggregationType);
  if (aggregationType.name === 'Percentiles' && field.type !== 'Number') {
    throw invalidAggregation(`Percentiles need a field of type Number, but ${field.name} is of type ${field.type}`);
  }
  return {
    indexName,
    queryString,
    queryVersion: given.queryVersion ?? QUERY_VERSION,
    aggregationField: field.name,
    aggregationType,
    period,
    ...(given.description === undefined ? {} : { description: given.description }),
    ...(given.unit === undefined ? {} : { unit: given.unit as MetricUnit }),
  };
}

/** Statistics by their names, percentiles as numbers from 0 to 100; a cardinality has no values. */
function readAggregationType(type: AggregationType): FleetMetricDefinition['aggregationType'] {
  const values = type.values ?? [];
  new ConstraintViolations()
    .required('aggregationType.name', type.name)
    .oneOf('aggregationType.name', type.name, ['Statistics', 'Percentiles', 'Cardinality'])
    .throwIfAny(CODE);
  const name = type.name as AggregationTypeName;
  if (name !== 'Cardinality' && values.length === 0) throw invalidRequest(`aggregationType ${name} needs values`);
  if (values.length > MAX_PERCENTS) throw invalidRequest(`aggregationType has more than ${MAX_PERCENTS} values`);
  const unknown = values.find((value) => !isValueOf(name, value));
  if (unknown !== undefined) throw invalidAggregation(`${unknown} is not a value of the aggregation type ${name}`);
  return { name, values: [...new Set(values)] };
}

function isValueOf(name: AggregationTypeName, value: string): boolean {
  if (name === 'Statistics') return (STATISTICS as readonly string[]).includes(value);
  if (name === 'Cardinality') return value === 'cardinality';
  return /^\d{1,3}(?:\.\d+)?$/.test(value) && Number(value) <= 100;
}

function withoutUndefined<T extends object>(input: T): { [K in keyof T]?: Exclude<T[K], undefined> } {
  return Object.fromEntries(Object.entries(input).filter(([, value]) => value !== undefined)) as never;
}
