import type { FieldType, PercentPair, Statistics } from '@aws-sdk/client-iot';
import { ConstraintViolations } from '../../../../core/constraint-violations.ts';
import { invalidAggregation } from '../errors.ts';
import { documentsOf, type FleetQuery } from '../fleet-index.ts';
import { THING_GROUPS_INDEX } from '../index-names.ts';
import { DEFAULT_PERCENTS, MAX_PERCENTS } from '../limits.ts';
import type { SearchTarget } from '../search-target.ts';
import { type AggregatedValue, cardinalityOf } from './buckets.ts';
import { percentilesOf } from './percentiles.ts';
import { statisticsOf } from './statistics.ts';
import { typedValues } from './typed-values.ts';

export interface AggregationField {
  readonly name: string;
  readonly type: FieldType;
}

/**
 * "This field must be a managed or custom field"; without one `registry.version` is meant (`index-aggregate`).
 *
 * @throws AwsError InvalidAggregationException
 */
export function readAggregationField(target: SearchTarget, field: string | undefined): AggregationField {
  new ConstraintViolations().length('aggregationField', field, 1, 2048).throwIfAny('InvalidRequestException');
  const name = field ?? (target.name === THING_GROUPS_INDEX ? 'version' : 'registry.version');
  const type = target.fieldType(name);
  if (type === undefined) {
    throw invalidAggregation(`The aggregation field ${name} is neither a managed nor a custom field of ${target.name}`);
  }
  return { name, type };
}

/** @throws AwsError InvalidAggregationException, InvalidRequestException */
export function readPercents(field: AggregationField, percents: readonly number[] | undefined): readonly number[] {
  if (field.type !== 'Number') {
    throw invalidAggregation(`Percentiles need a field of type Number, but ${field.name} is of type ${field.type}`);
  }
  if (percents === undefined || percents.length === 0) return DEFAULT_PERCENTS;
  const violations = new ConstraintViolations().length('percents', percents, 0, MAX_PERCENTS);
  for (const percent of percents) violations.range('percents', percent, 0, 100);
  violations.throwIfAny('InvalidRequestException');
  return percents;
}

/** Values of the field of everything that the query finds; an empty list where it has none. */
export function* valuesOf(query: FleetQuery, { name, type }: AggregationField): Generator<readonly AggregatedValue[]> {
  for (const document of documentsOf(query)) yield typedValues(name, type, document.aggregated(name));
}

export function aggregateStatistics(query: FleetQuery, field: AggregationField): Statistics {
  let things = 0;
  const values: number[] = [];
  for (const found of valuesOf(query, field)) {
    if (found.length === 0) continue;
    things += 1;
    if (field.type !== 'String') for (const value of found) values.push(Number(value));
  }
  return statisticsOf({ things, values });
}

export function aggregatePercentiles(
  query: FleetQuery,
  field: AggregationField,
  percents: readonly number[],
): PercentPair[] {
  const values: number[] = [];
  for (const found of valuesOf(query, field)) for (const value of found) values.push(value as number);
  return percentilesOf(values, percents);
}

export function aggregateCardinality(query: FleetQuery, field: AggregationField): number {
  return cardinalityOf(valuesOf(query, field));
}
