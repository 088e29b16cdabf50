import { validationError } from '../faults.ts';
import { MAX_TIME_NANOSECONDS } from '../limits.ts';

/** Nanoseconds in each unit that a record's time may have. */
export const TIME_UNITS: Readonly<Record<string, bigint>> = {
  MILLISECONDS: 1_000_000n,
  SECONDS: 1_000_000_000n,
  MICROSECONDS: 1000n,
  NANOSECONDS: 1n,
};

/**
 * Time since the epoch in nanoseconds.
 * @throws AwsError `ValidationException` for text that is not a count, or beyond 2262-04-11 23:47:16.854775807
 */
export function readTime(text: string, unit: string, path: string): bigint {
  const time = parseTime(text, unit);
  if (time === undefined) throw validationError(`The time '${text}' at '${path}' is not a valid number of ${unit}.`);
  return time;
}

/** Answers undefined for text that is no time that can be written. */
export function parseTime(text: string, unit: string): bigint | undefined {
  if (!/^\d{1,19}$/.test(text)) return undefined;
  const time = BigInt(text) * (TIME_UNITS[unit] as bigint);
  return time <= MAX_TIME_NANOSECONDS ? time : undefined;
}
