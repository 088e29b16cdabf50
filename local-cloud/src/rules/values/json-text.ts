import { Decimal } from './decimal.ts';
import { toJson } from './json.ts';
import type { SqlValue } from './value.ts';

/** Strings up to this length are looked through for characters to escape; longer ones are left to `JSON.stringify`. */
const SHORT = 128;

/** A JSON string. */
export function quote(text: string): string {
  const { length } = text;
  if (length > SHORT) return JSON.stringify(text);
  for (let index = 0; index < length; index++) {
    const code = text.charCodeAt(index);
    // control characters, quote, backslash, and surrogates, of which lone ones are escaped
    if (code < 0x20 || code === 0x22 || code === 0x5c || (code >= 0xd800 && code <= 0xdfff))
      return JSON.stringify(text);
  }
  return `"${text}"`;
}

/** JSON of a value that is not Undefined. */
export function jsonText(value: Exclude<SqlValue, undefined>): string {
  switch (typeof value) {
    case 'string':
      return quote(value);
    case 'number':
    case 'bigint':
    case 'boolean':
      return `${value}`;
    default:
      return value instanceof Decimal ? value.toString() : toJson(value);
  }
}
