import type { AlarmConfiguration, Comparison, StateValue } from './alarm-record.ts';
import type { Evaluation } from './evaluate.ts';

const WORDS: Readonly<Record<Comparison, string>> = {
  GreaterThanOrEqualToThreshold: 'greater than or equal to',
  GreaterThanThreshold: 'greater than',
  LessThanThreshold: 'less than',
  LessThanOrEqualToThreshold: 'less than or equal to',
};

/** Why an alarm has the state it goes to, worded as CloudWatch's `StateReason`. */
export function reasonOf(
  { comparison, threshold, evaluationPeriods, datapointsToAlarm, treatMissingData }: AlarmConfiguration,
  state: StateValue,
  { considered, breaching, filled }: Evaluation,
  /** ms since the epoch of the periods of the datapoints, latest first */
  times: readonly number[],
): string {
  const real = considered.filter((value) => value !== undefined);
  if (state === 'INSUFFICIENT_DATA') {
    return `Insufficient Data: ${count(evaluationPeriods, 'datapoint')} ${evaluationPeriods === 1 ? 'was' : 'were'} unknown.`;
  }
  const treated = treatMissingData === 'breaching' ? 'Breaching' : 'NonBreaching';
  if (real.length === 0) {
    return `Threshold Crossed: no datapoints were received for ${count(evaluationPeriods, 'period')} and ${count(filled, 'missing datapoint')} ${filled === 1 ? 'was' : 'were'} treated as [${treated}].`;
  }
  const shown = real.map((value, index) => `${text(value)} (${dayTime(times[index] as number)})`).join(', ');
  const verb = `was ${state === 'ALARM' ? '' : 'not '}${WORDS[comparison]} the threshold (${text(threshold)})`;
  const needed = datapointsToAlarm ?? evaluationPeriods;
  if (state === 'ALARM') {
    return `Threshold Crossed: ${breaching} out of the last ${evaluationPeriods} datapoints [${shown}] ${breaching === 1 ? verb : verb.replace('was', 'were')} (minimum ${count(needed, 'datapoint')} for OK -> ALARM transition).`;
  }
  return `Threshold Crossed: ${count(real.length, 'datapoint')} [${shown}] ${real.length === 1 ? verb : verb.replace('was', 'were')}.`;
}

/** `StateReasonData`: what the reason was made of. */
export function reasonDataOf(
  configuration: AlarmConfiguration,
  evaluation: Evaluation,
  times: readonly number[],
  now: number,
): string {
  const real = evaluation.considered.flatMap((value, index) =>
    value === undefined ? [] : [{ value, time: times[index] as number }],
  );
  const { metric } = configuration;
  return JSON.stringify({
    version: '1.0',
    queryDate: stamp(now),
    ...(real.length === 0 ? {} : { startDate: stamp(Math.min(...real.map(({ time }) => time))) }),
    ...(metric === undefined
      ? {}
      : {
          statistic: metric.statistic ?? metric.extendedStatistic,
          period: metric.period,
          ...(metric.unit === undefined ? {} : { unit: metric.unit }),
        }),
    recentDatapoints: real.map(({ value }) => value).reverse(),
    threshold: configuration.threshold,
    evaluatedDatapoints: real.map(({ value, time }) => ({ timestamp: stamp(time), value })),
  });
}

/** `2026-01-01T00:00:00.000+0000` */
export function stamp(time: number): string {
  return new Date(time).toISOString().replace('Z', '+0000');
}

function count(number: number, noun: string): string {
  return `${number} ${noun}${number === 1 ? '' : 's'}`;
}

/** Doubles as Java prints them: `5.0`. */
function text(value: number): string {
  return Number.isInteger(value) && Math.abs(value) < 1e15 ? `${value}.0` : String(value);
}

/** `21/11/26 10:03:00` */
function dayTime(time: number): string {
  const [date = '', clock = ''] = new Date(time).toISOString().split('T');
  const [year = '', month = '', day = ''] = date.split('-');
  return `${day}/${month}/${year.slice(2)} ${clock.slice(0, 8)}`;
}
