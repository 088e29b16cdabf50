import { COMPARISONS, type Comparison, type MissingDataTreatment, type StateValue } from './alarm-record.ts';

export interface Rule {
  /** N */
  readonly evaluationPeriods: number;
  /** M */
  readonly datapointsToAlarm: number;
  readonly threshold: number;
  readonly comparison: Comparison;
  readonly treatMissingData: MissingDataTreatment;
}

export interface Evaluation {
  /** Undefined: the alarm keeps the state it has. */
  readonly state: StateValue | undefined;
  /** Datapoints that decided, latest first; `undefined` for one that was filled in. */
  readonly considered: readonly (number | undefined)[];
  readonly breaching: number;
  readonly filled: number;
}

/**
 * State of an alarm from the datapoints of its evaluation range, latest first, `undefined` where one is missing
 * (user guide, "Configuring how CloudWatch alarms treat missing data", both tables; "Alarm evaluation").
 *
 * Missing datapoints are filled in only where there are fewer real ones in the range than evaluation periods.
 */
export function evaluateAlarm(rule: Rule, range: readonly (number | undefined)[]): Evaluation {
  const { evaluationPeriods, datapointsToAlarm: needed, treatMissingData: treatment } = rule;
  const breaches = (value: number): boolean => COMPARISONS[rule.comparison](value, rule.threshold);
  const real: number[] = [];
  for (const value of range) if (value !== undefined && real.length < evaluationPeriods) real.push(value);
  const breaching = real.filter(breaches).length;
  const filled = evaluationPeriods - real.length;
  const considered = [...real, ...new Array<undefined>(filled).fill(undefined)];
  const verdict = (state: StateValue | undefined): Evaluation => ({ state, considered, breaching, filled });
  if (real.length === 0) {
    switch (treatment) {
      case 'missing':
        return verdict('INSUFFICIENT_DATA');
      case 'ignore':
        return verdict(undefined);
      case 'breaching':
        return verdict('ALARM');
      case 'notBreaching':
        return verdict('OK');
    }
  }
  if (breaching >= needed) return verdict('ALARM');
  if (treatment === 'breaching' && breaching + filled >= needed) return verdict('ALARM');
  if (filled > 0 && breaching === real.length && (treatment === 'missing' || treatment === 'ignore')) {
    // Only breaching datapoints, but too few of them: an alarm when the oldest is as old as M periods, lest a metric
    // that reports now and then never alarms; before that nothing is decided.
    if (treatment === 'ignore') return verdict(undefined);
    const oldest = range.findLastIndex((value) => value !== undefined);
    return verdict(oldest + 1 >= needed ? 'ALARM' : undefined);
  }
  return verdict('OK');
}
