import { NotImplementedError } from '../../../core/errors.ts';
import { invalidCombination, invalidValue } from '../errors.ts';
import { MINUTE } from './series.ts';

/** Periods `[start + n × period, …)` of a query, all in ms. */
export interface TimeGrid {
  readonly start: number;
  readonly period: number;
  readonly count: number;
}

/**
 * The periods of a query; StartTime is rounded down to a whole minute, as CloudWatch does for what is younger than 15 days
 * (API reference, GetMetricStatistics, `StartTime`).
 * @throws AwsError `InvalidParameterValue`, `InvalidParameterCombination`; `NotImplemented` for periods below a minute
 */
export function timeGrid(start: Date | undefined, end: Date | undefined, seconds: number): TimeGrid {
  const period = checkPeriod(seconds) * 1000;
  if (start === undefined || end === undefined) throw invalidCombination('StartTime and EndTime are required.');
  if (start.getTime() >= end.getTime()) {
    throw invalidValue('The parameter StartTime must be less than the parameter EndTime.');
  }
  const from = Math.floor(start.getTime() / MINUTE) * MINUTE;
  return { start: from, period, count: Math.ceil((end.getTime() - from) / period) };
}

export function checkPeriod(seconds: number | undefined): number {
  if (seconds === undefined || !Number.isInteger(seconds) || seconds < 1) {
    throw invalidValue('The parameter Period must be a number of seconds.');
  }
  if ([1, 5, 10, 20, 30].includes(seconds)) throw new NotImplementedError(`a CloudWatch period of ${seconds} seconds`);
  if (seconds % 60 !== 0) throw invalidValue('The parameter Period must be a multiple of 60.');
  return seconds;
}
