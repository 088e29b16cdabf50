import { toJson } from './json.ts';
import { isNumber, type Numbers, roundToInt } from './numbers.ts';
import { RawPayload, type SqlNumber, type SqlValue } from './value.ts';

/** The tables of AWS IoT developer guide, "Data types", "Conversions". */

/** Strings that are read as a Decimal. */
const NUMERIC = /^-?\d+(\.\d+)?([eE]-?\d+)?$/;

/** To decimal. Null stays Null; what cannot be converted is Undefined. */
export function toDecimal(value: SqlValue, numbers: Numbers): SqlNumber | null | undefined {
  if (typeof value === 'number' || isNumber(value)) return value;
  if (typeof value === 'string') return NUMERIC.test(value) ? numbers.fromText(value) : undefined;
  return value === null ? null : undefined;
}

/** To decimal where Null is no number either. */
export function toNumber(value: SqlValue, numbers: Numbers): SqlNumber | undefined {
  return toDecimal(value, numbers) ?? undefined;
}

/** To int: decimals round to the nearest, strings are cut off. */
export function toInt(value: SqlValue, numbers: Numbers): number | bigint | undefined {
  if (isNumber(value)) return roundToInt(value, 'nearest');
  const number = typeof value === 'string' ? toNumber(value, numbers) : undefined;
  return number === undefined ? undefined : roundToInt(number, 'truncate');
}

/** An Int as functions take it that say "rounded down to the nearest Int". */
export function toIntDown(value: SqlValue, numbers: Numbers): number | bigint | undefined {
  const number = toNumber(value, numbers);
  return number === undefined ? undefined : roundToInt(number, 'floor');
}

/** To boolean: only booleans and the words true and false, in any case. */
export function toBoolean(value: SqlValue): boolean | undefined {
  if (typeof value === 'boolean') return value;
  if (typeof value !== 'string') return undefined;
  const word = value.toLowerCase();
  return word === 'true' ? true : word === 'false' ? false : undefined;
}

/** To string. Null and Undefined are Undefined. */
export function toText(value: SqlValue): string | undefined {
  if (typeof value === 'string') return value;
  if (value === undefined || value === null || value instanceof RawPayload) return undefined;
  if (isNumber(value)) return numberText(value);
  return toJson(value);
}

/** Int in standard notation, Decimal possibly in scientific notation (`1E-7`). */
export function numberText(value: SqlNumber): string {
  const text = String(value);
  return typeof value === 'number' && text.includes('e') ? text.replace('e', 'E') : text;
}
