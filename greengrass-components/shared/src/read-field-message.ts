import { type FieldMessage, type FieldValue, QUALITIES } from '@fleetwright/contracts';

const SOURCE = /^[a-z][a-z0-9-]{0,31}$/;
const SERIES = /^[a-z][a-z0-9_]{0,47}$/;
const MAX_VALUES = 500;
/** Names that were found right: looking one up costs less than reading it again. */
const MAX_KNOWN = 50_000;
const known = new Set<string>();

/**
 * Reads a message as `fieldMessageSchema` does, at the pace of the hot path: whatever one takes the other takes.
 * @returns undefined when it is none
 */
export function readFieldMessage(message: unknown): FieldMessage | undefined {
  if (!isObject(message) || message.version !== 1 || !hasOnly(message, 3)) return undefined;
  const { source, values } = message;
  if (typeof source !== 'string' || !SOURCE.test(source)) return undefined;
  if (!Array.isArray(values) || values.length === 0 || values.length > MAX_VALUES) return undefined;
  for (const value of values) if (!isFieldValue(value)) return undefined;
  return message as unknown as FieldMessage;
}

function isFieldValue(given: unknown): given is FieldValue {
  if (!isObject(given)) return false;
  const { quality, series, time, value } = given;
  return (
    typeof time === 'number' &&
    Number.isSafeInteger(time) &&
    time >= 0 &&
    (typeof value === 'boolean' || (typeof value === 'number' && Number.isFinite(value))) &&
    (QUALITIES as readonly unknown[]).includes(quality) &&
    typeof series === 'string' &&
    isSeries(series) &&
    hasOnly(given, 4)
  );
}

function isSeries(series: string): boolean {
  if (known.has(series)) return true;
  if (!SERIES.test(series)) return false;
  if (known.size >= MAX_KNOWN) known.clear();
  known.add(series);
  return true;
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Members beyond those that were looked at are not known. */
function hasOnly(value: object, members: number): boolean {
  let count = 0;
  for (const _ in value) count++;
  return count === members;
}
