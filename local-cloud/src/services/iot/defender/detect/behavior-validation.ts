import type { Behavior, BehaviorCriteria, CustomMetricType, MetricValue } from '@aws-sdk/client-iot';
import { AwsError, NotImplementedError } from '../../../../core/errors.ts';
import { invalidRequest } from '../../errors.ts';
import {
  DURATIONS,
  MAX_BEHAVIORS,
  MAX_CONSECUTIVE_DATAPOINTS,
  MAX_NAME_LENGTH,
  PROFILE_NAME_PATTERN,
} from '../limits.ts';
import { isCidr } from './cidr.ts';
import { type MetricTraits, metricTraits, operatorsOf, valueMember } from './metric-catalog.ts';

/** Developer guide, `detect-behaviors`, `statisticalThreshold`. */
export const STATISTICS: readonly string[] = [
  'p0',
  'p0.1',
  'p0.01',
  'p1',
  'p10',
  'p50',
  'p90',
  'p99',
  'p99.9',
  'p99.99',
  'p100',
];

/** What behaviors refer to. */
export interface BehaviorNames {
  customType(name: string): CustomMetricType | undefined;
  hasDimension(name: string): boolean;
}

/** What is wrong with behaviors, in their order (API ValidateSecurityProfileBehaviors). */
export function behaviorErrors(behaviors: readonly Behavior[], names: BehaviorNames): string[] {
  const errors: string[] = [];
  if (behaviors.length > MAX_BEHAVIORS) errors.push(`A security profile can have at most ${MAX_BEHAVIORS} behaviors`);
  const seen = new Set<string>();
  for (const behavior of behaviors) {
    const name = behavior.name ?? '';
    if (seen.has(name)) errors.push(`Behavior ${name}: the name is used more than once`);
    seen.add(name);
    errors.push(...errorsOf(behavior, names).map((error) => `Behavior ${name}: ${error}`));
  }
  return errors;
}

/** @throws AwsError InvalidRequestException with what is wrong, NotImplemented for ML Detect and exported metrics */
export function requireValidBehaviors(behaviors: readonly Behavior[], names: BehaviorNames): void {
  for (const { name, criteria, exportMetric } of behaviors) {
    if (criteria?.mlDetectionConfig !== undefined) {
      throw new NotImplementedError(`ML Detect (mlDetectionConfig of behavior ${name})`);
    }
    if (exportMetric === true) throw new NotImplementedError(`exportMetric of behavior ${name}`);
  }
  const errors = behaviorErrors(behaviors, names);
  if (errors.length > 0) throw invalidRequest(errors.join('; '));
}

function errorsOf(behavior: Behavior, names: BehaviorNames): string[] {
  const { name = '', metric, metricDimension, criteria } = behavior;
  const errors: string[] = [];
  if (!new RegExp(`^${PROFILE_NAME_PATTERN}$`).test(name) || name.length > MAX_NAME_LENGTH) {
    errors.push(`the name must match ${PROFILE_NAME_PATTERN} and have at most ${MAX_NAME_LENGTH} characters`);
  }
  if (metric === undefined) return [...errors, 'metric is missing'];
  const traits = metricTraits(metric, names.customType);
  if (traits === undefined) return [...errors, `${metric} is not a metric`];
  if (metricDimension !== undefined) {
    if (traits.scopable !== true) errors.push(`${metric} cannot be used with a dimension`);
    if (!names.hasDimension(metricDimension.dimensionName ?? '')) {
      errors.push(`the dimension ${metricDimension.dimensionName} does not exist`);
    }
  }
  if (criteria !== undefined) errors.push(...criteriaErrors(metric, traits, criteria));
  return errors;
}

function criteriaErrors(metric: string, traits: MetricTraits, criteria: BehaviorCriteria): string[] {
  const errors: string[] = [];
  const { comparisonOperator, value, statisticalThreshold, durationSeconds, mlDetectionConfig } = criteria;
  if (mlDetectionConfig !== undefined) return ['ML Detect is not available'];
  const operators = operatorsOf(traits.kind);
  if (comparisonOperator === undefined || !operators.includes(comparisonOperator)) {
    errors.push(`comparisonOperator of ${metric} must be one of ${operators.join(', ')}`);
  }
  if ((value === undefined) === (statisticalThreshold === undefined)) {
    errors.push('exactly one of value and statisticalThreshold must be given');
  }
  if (value !== undefined) errors.push(...valueErrors(metric, traits, value));
  const isNumeric = traits.kind === 'delta' || traits.kind === 'gauge' || traits.kind === 'message-size';
  if (statisticalThreshold !== undefined) {
    if (!isNumeric) errors.push(`${metric} cannot be used with statisticalThreshold`);
    if (!STATISTICS.includes(statisticalThreshold.statistic ?? '')) {
      errors.push(`statistic must be one of ${STATISTICS.join(', ')}`);
    }
  }
  const needsDuration = traits.kind === 'delta' || statisticalThreshold !== undefined;
  if (durationSeconds === undefined && needsDuration) errors.push('durationSeconds is missing');
  if (durationSeconds !== undefined && !isNumeric) errors.push(`${metric} cannot be used with durationSeconds`);
  if (durationSeconds !== undefined && isNumeric && !DURATIONS.includes(durationSeconds)) {
    errors.push(`durationSeconds must be one of ${DURATIONS.join(', ')}`);
  }
  for (const member of ['consecutiveDatapointsToAlarm', 'consecutiveDatapointsToClear'] as const) {
    const count = criteria[member];
    if (count === undefined || (Number.isInteger(count) && count >= 1 && count <= MAX_CONSECUTIVE_DATAPOINTS)) continue;
    errors.push(`${member} must be from 1 to ${MAX_CONSECUTIVE_DATAPOINTS}`);
  }
  return errors;
}

function valueErrors(metric: string, traits: MetricTraits, value: MetricValue): string[] {
  const member = valueMember(traits);
  const given = Object.entries(value).filter(([, content]) => content !== undefined);
  if (given.length !== 1 || given[0]?.[0] !== member) return [`value of ${metric} must be given as ${member}`];
  switch (member) {
    case 'count':
      return Number.isInteger(value.count) && (value.count ?? -1) >= 0
        ? []
        : ['value.count must be a non-negative integer'];
    case 'cidrs':
      return (value.cidrs ?? []).filter((text) => !isCidr(text)).map((text) => `${text} is not a CIDR block`);
    case 'ports':
      return (value.ports ?? [])
        .filter((port) => !Number.isInteger(port) || port < 0 || port > 65_535)
        .map((port) => `${port} is not a port`);
    default:
      return [];
  }
}

/** As {@link requireValidBehaviors}, told instead of thrown. */
export function behaviorComplaints(behaviors: readonly Behavior[], names: BehaviorNames): string[] {
  try {
    requireValidBehaviors(behaviors, names);
    return [];
  } catch (error) {
    if (error instanceof AwsError && error.code === 'InvalidRequestException') return behaviorErrors(behaviors, names);
    throw error;
  }
}
