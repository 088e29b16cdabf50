import type { PutMetricAlarmInput } from '@aws-sdk/client-cloudwatch';
import { type Account, parseArn } from '../../../core/account.ts';
import { NotImplementedError } from '../../../core/errors.ts';
import { invalidCombination, invalidValue, missingParameter, validationError } from '../errors.ts';
import {
  MAX_ACTIONS,
  MAX_ALARM_DESCRIPTION_LENGTH,
  MAX_ALARM_NAME_LENGTH,
  MAX_EVALUATION_TIME,
  MAX_EVALUATION_TIME_OF_SHORT_PERIODS,
} from '../limits.ts';
import { planQueries } from '../math/query-plan.ts';
import { checkUnit, readIdentity } from '../metrics/read-dimensions.ts';
import { PLAIN_STATISTICS, statisticOf } from '../metrics/statistics.ts';
import { checkPeriod } from '../metrics/time-grid.ts';
import { type AlarmConfiguration, COMPARISONS, type Comparison, type MissingDataTreatment } from './alarm-record.ts';

const TREATMENTS: readonly string[] = ['breaching', 'notBreaching', 'ignore', 'missing'];
const NOT_BUILT = ['ThresholdMetricId', 'EvaluationCriteria', 'EvaluationInterval'] as const;

/** @throws AwsError `ValidationError`, `InvalidParameterValue`, …; `NotImplemented` for anomaly detection and other actions */
export function readAlarm(input: PutMetricAlarmInput, account: Account): AlarmConfiguration {
  for (const name of NOT_BUILT) if (input[name] !== undefined) throw new NotImplementedError(`PutMetricAlarm ${name}`);
  const name = input.AlarmName ?? '';
  if (name.length < 1 || name.length > MAX_ALARM_NAME_LENGTH) {
    throw validationError(`AlarmName must have 1 to ${MAX_ALARM_NAME_LENGTH} characters`);
  }
  if ((input.AlarmDescription?.length ?? 0) > MAX_ALARM_DESCRIPTION_LENGTH) {
    throw validationError(`AlarmDescription must have at most ${MAX_ALARM_DESCRIPTION_LENGTH} characters`);
  }
  const evaluationPeriods = positive('EvaluationPeriods', input.EvaluationPeriods);
  const { DatapointsToAlarm: needed } = input;
  if (needed !== undefined && positive('DatapointsToAlarm', needed) > evaluationPeriods) {
    throw validationError('DatapointsToAlarm must be at most EvaluationPeriods');
  }
  if (input.Threshold === undefined) throw missingParameter('Threshold');
  const source: Pick<AlarmConfiguration, 'metric' | 'queries'> =
    input.Metrics === undefined ? readMetric(input) : readQueries(input);
  checkTime(
    evaluationPeriods,
    source.metric?.period ?? Math.max(60, ...planQueries(source.queries ?? []).map((one) => one.period)),
  );
  return {
    name,
    ...(input.AlarmDescription === undefined ? {} : { description: input.AlarmDescription }),
    actionsEnabled: input.ActionsEnabled ?? true,
    okActions: readActions('OKActions', input.OKActions, account),
    alarmActions: readActions('AlarmActions', input.AlarmActions, account),
    insufficientDataActions: readActions('InsufficientDataActions', input.InsufficientDataActions, account),
    ...source,
    evaluationPeriods,
    ...(needed === undefined ? {} : { datapointsToAlarm: needed }),
    threshold: input.Threshold,
    comparison: readComparison(input.ComparisonOperator),
    ...readTreatment(input.TreatMissingData),
    ...readLowSampleCount(input),
  };
}

function readMetric(input: PutMetricAlarmInput): Pick<AlarmConfiguration, 'metric'> {
  const { Statistic: statistic, ExtendedStatistic: extended } = input;
  const identity = readIdentity(input.Namespace, input.MetricName, input.Dimensions);
  if ((statistic === undefined) === (extended === undefined)) {
    throw invalidCombination('Exactly one of Statistic and ExtendedStatistic must be given.');
  }
  if (statistic !== undefined && !Object.hasOwn(PLAIN_STATISTICS, statistic)) {
    throw invalidValue(`The value ${statistic} for parameter Statistic is not supported.`);
  }
  if (extended !== undefined) {
    if (Object.hasOwn(PLAIN_STATISTICS, extended))
      throw invalidValue(`The value ${extended} for parameter ExtendedStatistic is not supported.`);
    statisticOf(extended);
  }
  const unit = checkUnit(input.Unit);
  return {
    metric: {
      namespace: identity.namespace,
      name: identity.name,
      dimensions: (input.Dimensions ?? []).map(({ Name, Value }) => ({ Name: Name as string, Value: Value as string })),
      period: checkPeriod(input.Period),
      ...(statistic === undefined ? {} : { statistic }),
      ...(extended === undefined ? {} : { extendedStatistic: extended }),
      ...(unit === undefined ? {} : { unit }),
    },
  };
}

function readQueries(input: PutMetricAlarmInput): Pick<AlarmConfiguration, 'queries'> {
  for (const name of [
    'MetricName',
    'Namespace',
    'Statistic',
    'ExtendedStatistic',
    'Dimensions',
    'Period',
    'Unit',
  ] as const) {
    if (input[name] !== undefined) throw invalidCombination(`${name} cannot be given together with Metrics.`);
  }
  const queries = input.Metrics ?? [];
  const returned = planQueries(queries).filter((query) => query.returned);
  if (returned.length !== 1) throw validationError('Exactly one element of the metrics list should return data.');
  return { queries };
}

function readComparison(operator: string | undefined): Comparison {
  if (operator === undefined) throw missingParameter('ComparisonOperator');
  if (Object.hasOwn(COMPARISONS, operator)) return operator as Comparison;
  if (/Range|LowerOrGreater|LowerThreshold$|UpperThreshold$/.test(operator)) {
    throw new NotImplementedError(`the ComparisonOperator ${operator} (anomaly detection)`);
  }
  throw validationError(`ComparisonOperator ${operator} is not supported`);
}

function readTreatment(treatment: string | undefined): Pick<AlarmConfiguration, 'treatMissingData'> {
  if (treatment === undefined) return {};
  if (!TREATMENTS.includes(treatment)) {
    throw validationError(`TreatMissingData must be one of ${TREATMENTS.join(', ')}, not ${treatment}`);
  }
  return { treatMissingData: treatment as MissingDataTreatment };
}

function readLowSampleCount({
  EvaluateLowSampleCountPercentile: value,
  ExtendedStatistic: extended,
}: PutMetricAlarmInput): Pick<AlarmConfiguration, 'evaluateLowSampleCountPercentile'> {
  if (value === undefined) return {};
  if (value !== 'evaluate' && value !== 'ignore') {
    throw validationError(`Option ${value} is not supported for EvaluateLowSampleCountPercentile`);
  }
  if (value === 'ignore' && extended !== undefined) {
    throw new NotImplementedError('EvaluateLowSampleCountPercentile ignore');
  }
  return { evaluateLowSampleCountPercentile: value };
}

/** Topics and functions; AWS also knows instances, groups, automation and incidents. */
function readActions(parameter: string, actions: readonly string[] | undefined, account: Account): readonly string[] {
  if ((actions?.length ?? 0) > MAX_ACTIONS)
    throw validationError(`${parameter} must have at most ${MAX_ACTIONS} members`);
  for (const action of actions ?? []) {
    const target = parseArn(action);
    if (target === undefined) throw validationError(`Invalid arn syntax: ${action}`);
    const function_ = target.service === 'lambda' && target.resource.startsWith('function:');
    if (target.service !== 'sns' && !function_) throw new NotImplementedError(`the alarm action ${action}`);
    if (target.region !== account.region || target.accountId !== account.accountId) {
      throw validationError(`Invalid region or account of action ${action}`);
    }
  }
  return actions ?? [];
}

function positive(name: string, value: number | undefined): number {
  if (value === undefined) throw missingParameter(name);
  if (!Number.isInteger(value) || value < 1) throw validationError(`${name} must be at least 1`);
  return value;
}

function checkTime(periods: number, period: number): void {
  const most = period >= 3600 ? MAX_EVALUATION_TIME : MAX_EVALUATION_TIME_OF_SHORT_PERIODS;
  if (periods * period > most) {
    throw validationError(
      `Metrics cannot be checked across more than ${most === MAX_EVALUATION_TIME ? 'a week' : 'a day'} (EvaluationPeriods * Period must be <= ${most}).`,
    );
  }
}
