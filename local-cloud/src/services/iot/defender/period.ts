import { invalidRequest } from '../errors.ts';

export interface Period {
  /** ms since the epoch, both inclusive */
  readonly start: number;
  readonly end: number;
}

/** The time that a list is asked for. @throws AwsError InvalidRequestException where a bound is missing or they are reversed */
export function readPeriod(startTime: Date | undefined, endTime: Date | undefined): Period {
  if (startTime === undefined || endTime === undefined) throw invalidRequest('startTime and endTime are required');
  const period = { start: startTime.getTime(), end: endTime.getTime() };
  if (period.start > period.end) throw invalidRequest('startTime must not be later than endTime');
  return period;
}

/** As {@link readPeriod}, and within what is retained ("Requesting a start time prior to what is retained results in an error"). */
export function readRetainedPeriod(
  startTime: Date | undefined,
  endTime: Date | undefined,
  now: number,
  retention: number,
): Period {
  const period = readPeriod(startTime, endTime);
  if (period.start < now - retention) {
    throw invalidRequest(`startTime must not be earlier than ${new Date(now - retention).toISOString()}`);
  }
  return period;
}
