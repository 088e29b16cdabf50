import type { Dimension } from '@aws-sdk/client-cloudwatch';
import { invalidValue, missingParameter } from '../errors.ts';
import { MAX_DIMENSION_VALUE_LENGTH, MAX_DIMENSIONS, MAX_NAME_LENGTH, UNITS } from '../limits.ts';
import { identityOf, type MetricIdentity } from './series.ts';

/** @throws AwsError `MissingParameter`, `InvalidParameterValue` (API reference, Metric and Dimension) */
export function readIdentity(
  namespace: string | undefined,
  name: string | undefined,
  dimensions: readonly Dimension[] | undefined,
): MetricIdentity {
  if (namespace === undefined || namespace === '') throw missingParameter('Namespace');
  if (name === undefined || name === '') throw missingParameter('MetricName');
  if (namespace.length > MAX_NAME_LENGTH || !/^[^:].*$/.test(namespace)) {
    throw invalidValue(`The value ${namespace} for parameter Namespace is invalid.`);
  }
  if (name.length > MAX_NAME_LENGTH)
    throw invalidValue('The parameter MetricName must be shorter than 256 characters.');
  return identityOf(namespace, name, readDimensions(dimensions));
}

export function readDimensions(dimensions: readonly Dimension[] | undefined): Record<string, string> {
  const read: Record<string, string> = {};
  if ((dimensions?.length ?? 0) > MAX_DIMENSIONS) {
    throw invalidValue(`The collection Dimensions must not have a size greater than ${MAX_DIMENSIONS}.`);
  }
  for (const { Name = '', Value = '' } of dimensions ?? []) {
    if (Name === '' || Value.trim() === '') throw invalidValue('Dimension names and values must not be empty.');
    if (Name.length > MAX_NAME_LENGTH || Name.startsWith(':') || !/^[ -~]+$/.test(Name)) {
      throw invalidValue(`The dimension name ${Name} is invalid.`);
    }
    if (Value.length > MAX_DIMENSION_VALUE_LENGTH) throw invalidValue(`The value of dimension ${Name} is too long.`);
    if (Object.hasOwn(read, Name)) throw invalidValue(`Dimension ${Name} is given twice.`);
    read[Name] = Value;
  }
  return read;
}

export function checkUnit(unit: string | undefined): string | undefined {
  if (unit !== undefined && !UNITS.includes(unit)) {
    throw invalidValue(`The value ${unit} for parameter Unit is not supported.`);
  }
  return unit;
}
