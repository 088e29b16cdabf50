import {
  DETAILS_KEY_PATTERN,
  MAX_DETAILS,
  MAX_DETAILS_KEY_LENGTH,
  MAX_DETAILS_VALUE_LENGTH,
  TEXT_PATTERN,
} from './limits.ts';

const KEY = new RegExp(`^${DETAILS_KEY_PATTERN}$`);
const VALUE = new RegExp(`^${TEXT_PATTERN}$`, 'u');

/** What is wrong with status details (API reference, UpdateJobExecution and CancelJobExecution); undefined when nothing is. */
export function statusDetailsFault(details: unknown): string | undefined {
  if (typeof details !== 'object' || details === null || Array.isArray(details)) {
    return 'statusDetails must be a map of strings';
  }
  const entries = Object.entries(details);
  if (entries.length > MAX_DETAILS) return `statusDetails can hold at most ${MAX_DETAILS} name/value pairs`;
  for (const [key, value] of entries) {
    if (key.length > MAX_DETAILS_KEY_LENGTH || !KEY.test(key)) {
      return `the statusDetails name '${key.slice(0, MAX_DETAILS_KEY_LENGTH)}' must match ${DETAILS_KEY_PATTERN} and be at most ${MAX_DETAILS_KEY_LENGTH} characters long`;
    }
    if (typeof value !== 'string') return `the statusDetails value of '${key}' must be a string`;
    if (value.length > MAX_DETAILS_VALUE_LENGTH || !VALUE.test(value)) {
      return `the statusDetails value of '${key}' must be 1 to ${MAX_DETAILS_VALUE_LENGTH} characters without control characters`;
    }
  }
  return undefined;
}
