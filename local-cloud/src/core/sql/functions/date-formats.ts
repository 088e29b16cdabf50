import { notBuilt } from '../syntax/query-error.ts';
import type { CallSite } from './function-table.ts';

/**
 * Formats of `date_format` (MySQL's) and `format_datetime` (Joda's) in the engine's. Letters without an exact
 * counterpart are refused.
 */

const MYSQL: Readonly<Record<string, string>> = {
  a: '%a',
  b: '%b',
  c: '%-m',
  d: '%d',
  e: '%-d',
  H: '%H',
  h: '%I',
  I: '%I',
  i: '%M',
  j: '%j',
  k: '%-H',
  l: '%-I',
  M: '%B',
  m: '%m',
  p: '%p',
  r: '%I:%M:%S %p',
  S: '%S',
  s: '%S',
  T: '%H:%M:%S',
  W: '%A',
  Y: '%Y',
  y: '%y',
  '%': '%%',
};

const JODA: Readonly<Record<string, string>> = {
  yyyy: '%Y',
  yy: '%y',
  MMMM: '%B',
  MMM: '%b',
  MM: '%m',
  M: '%-m',
  dd: '%d',
  d: '%-d',
  DDD: '%j',
  EEEE: '%A',
  EEE: '%a',
  HH: '%H',
  H: '%-H',
  hh: '%I',
  h: '%-I',
  mm: '%M',
  m: '%-M',
  ss: '%S',
  s: '%-S',
  SSS: '%g',
  a: '%p',
};

/** @throws AwsError `ValidationException` for a format that is not a constant or has another letter */
export function dateFormat(call: CallSite): string {
  return call.constantText(1).replace(/%([\s\S]?)/g, (whole, letter: string) => {
    const format = MYSQL[letter];
    if (format === undefined) throw notBuilt(call.at, `the format '${whole}' of date_format`);
    return format;
  });
}

/** @throws AwsError `ValidationException` for a format that is not a constant or has another letter */
export function jodaFormat(call: CallSite): string {
  return call.constantText(1).replace(/''|'((?:[^']|'')*)'|([A-Za-z])\2*|%/g, (whole, quoted?: string) => {
    if (whole === "''") return "'";
    if (whole === '%') return '%%';
    if (quoted !== undefined) return quoted.replaceAll("''", "'").replaceAll('%', '%%');
    const format = JODA[whole];
    if (format === undefined) throw notBuilt(call.at, `the format '${whole}' of format_datetime`);
    return format;
  });
}
