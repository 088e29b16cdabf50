import { DAYS, MONTHS, PatternError, type PatternPiece, splitPattern } from './time-pattern.ts';
import { findTimeZone, parseOffset, type TimeZone, UnsupportedTime } from './time-zone.ts';

interface Fields {
  year?: number;
  month?: number;
  day?: number;
  dayOfYear?: number;
  /** 0–23 */
  hour?: number;
  /** 0–11, with `afternoon` */
  halfDayHour?: number;
  afternoon?: boolean;
  minute?: number;
  second?: number;
  millisecond?: number;
  zone?: TimeZone;
  weekday?: number;
}

/** Reads from `position`; returns the next position, or -1 when the text does not fit. */
type Reader = (text: string, position: number, fields: Fields) => number;

/** Letters of java.time's DateTimeFormatter that are read. */
const LETTERS = 'GuyMLdDEahKHkmsSVzXxZ';

/**
 * Compiles a pattern of JDK 11's DateTimeFormatter ("time_to_epoch"), English names, SMART resolution. The result
 * gives ms since the epoch, Undefined for a text that does not fit; the zone is UTC unless the text states one.
 *
 * @throws PatternError
 */
export function compileTimeParser(pattern: string): (text: string) => number | undefined {
  const pieces = splitPattern(pattern, LETTERS, '[]{}#');
  const readers = pieces.map((piece, index) =>
    piece.kind === 'text' ? literal(piece.text) : reader(piece, pieces[index + 1]),
  );
  return (text) => {
    const fields: Fields = {};
    let position = 0;
    for (const read of readers) {
      position = read(text, position, fields);
      if (position < 0) return undefined;
    }
    return position === text.length ? resolve(fields) : undefined;
  };
}

function literal(expected: string): Reader {
  return (text, position) => (text.startsWith(expected, position) ? position + expected.length : -1);
}

function reader(piece: Extract<PatternPiece, { kind: 'letters' }>, next: PatternPiece | undefined): Reader {
  const { letter, count } = piece;
  const number = (least: number, most: number, set: (fields: Fields, value: number) => void): Reader => {
    if (count > 2) throw new PatternError(`'${letter.repeat(count)}' is no pattern of java.time`);
    return digits(count === 1 ? 1 : 2, count === 1 ? variableWidth(letter, next) : 2, (fields, value) => {
      if (value < least || value > most) return false;
      set(fields, value);
      return true;
    });
  };
  switch (letter) {
    case 'G':
      return names(['AD'], () => {});
    case 'u':
    case 'y':
      return yearReader(letter, count, next);
    case 'M':
    case 'L':
      if (count >= 3)
        return namesOf(MONTHS, letter, count, (fields, index) => Object.assign(fields, { month: index + 1 }));
      return number(1, 12, (fields, value) => Object.assign(fields, { month: value }));
    case 'd':
      return number(1, 31, (fields, value) => Object.assign(fields, { day: value }));
    case 'D':
      if (count !== 3) throw new PatternError("of 'D', the local cloud reads 'DDD'");
      return digits(
        3,
        3,
        (fields, value) => value >= 1 && value <= 366 && Boolean(Object.assign(fields, { dayOfYear: value })),
      );
    case 'E':
      return namesOf(DAYS, letter, count, (fields, index) => Object.assign(fields, { weekday: index }));
    case 'a':
      return names(['AM', 'PM'], (fields, index) => Object.assign(fields, { afternoon: index === 1 }));
    case 'h':
      return number(1, 12, (fields, value) => Object.assign(fields, { halfDayHour: value % 12 }));
    case 'K':
      return number(0, 11, (fields, value) => Object.assign(fields, { halfDayHour: value }));
    case 'H':
      return number(0, 23, (fields, value) => Object.assign(fields, { hour: value }));
    case 'k':
      return number(1, 24, (fields, value) => Object.assign(fields, { hour: value % 24 }));
    case 'm':
      return number(0, 59, (fields, value) => Object.assign(fields, { minute: value }));
    case 's':
      return number(0, 59, (fields, value) => Object.assign(fields, { second: value }));
    case 'S':
      return fractionReader(count);
    case 'V':
      if (count !== 2) throw new PatternError("'V' comes in twos: 'VV'");
      return zoneReader(false);
    case 'z':
      return zoneReader(true);
    default:
      return offsetReader(letter, count);
  }
}

/** A field of one letter takes as many digits as there are; beside another number its end could not be told. */
function variableWidth(letter: string, next: PatternPiece | undefined): number {
  if (next?.kind === 'letters' && 'uyMLdDhKHkmsS'.includes(next.letter)) {
    throw new PatternError(
      `'${letter}' beside '${next.letter}' is not supported by the local cloud: its width is not fixed`,
    );
  }
  return 19;
}

function digits(least: number, most: number, accept: (fields: Fields, value: number) => boolean): Reader {
  return (text, position, fields) => {
    let end = position;
    while (end < text.length && end - position < most && /[0-9]/.test(text[end] as string)) end++;
    if (end - position < least) return -1;
    return accept(fields, Number(text.slice(position, end))) ? end : -1;
  };
}

/** `yy` counts from 2000; `yyyy` is four digits. */
function yearReader(letter: string, count: number, next: PatternPiece | undefined): Reader {
  if (count === 3 || count > 4) throw new PatternError(`'${letter.repeat(count)}' is not supported by the local cloud`);
  const [least, most] = count === 1 ? [1, variableWidth(letter, next)] : [count, count];
  return digits(least, most, (fields, value) => {
    if (value === 0 && count !== 2) return false;
    fields.year = count === 2 ? 2000 + value : value;
    return fields.year <= 9999;
  });
}

/** Fractions are kept to the millisecond. */
function fractionReader(count: number): Reader {
  if (count > 9) throw new PatternError("at most nine 'S'");
  return (text, position, fields) => {
    const part = text.slice(position, position + count);
    if (part.length < count || !/^\d+$/.test(part)) return -1;
    fields.millisecond = Number(part.slice(0, 3).padEnd(3, '0'));
    return position + count;
  };
}

function names(list: readonly string[], set: (fields: Fields, index: number) => void): Reader {
  return (text, position, fields) => {
    const index = list.findIndex((name) => text.startsWith(name, position));
    if (index < 0) return -1;
    set(fields, index);
    return position + (list[index] as string).length;
  };
}

function namesOf(
  list: readonly string[],
  letter: string,
  count: number,
  set: (fields: Fields, index: number) => void,
): Reader {
  if (count > 4) throw new PatternError(`'${letter.repeat(count)}' is not supported by the local cloud`);
  return names(count === 4 ? list : list.map((name) => name.slice(0, 3)), set);
}

/** Zones that java.time reads from North American abbreviations. */
const ABBREVIATIONS: Readonly<Record<string, string>> = {
  EST: 'America/New_York',
  EDT: 'America/New_York',
  CST: 'America/Chicago',
  CDT: 'America/Chicago',
  MST: 'America/Denver',
  MDT: 'America/Denver',
  PST: 'America/Los_Angeles',
  PDT: 'America/Los_Angeles',
};

function zoneReader(abbreviations: boolean): Reader {
  return (text, position, fields) => {
    const word = /^(?:(?:UTC|GMT|UT)?[+-]\d{2}(?::?\d{2})?|Z(?![A-Za-z])|[A-Za-z]+(?:[/_-][A-Za-z_]+)*)/.exec(
      text.slice(position),
    )?.[0];
    if (word === undefined) return -1;
    const offset = /[+-]\d/.test(word) ? word.replace(/^[A-Z]+/, '') : undefined;
    const id = /^(Z|UT|UTC|GMT)$/.test(word)
      ? 'UTC'
      : (offset ?? (abbreviations ? (ABBREVIATIONS[word] ?? word) : word));
    const zone = findTimeZone(id);
    if (zone === undefined) {
      if (abbreviations && /^[A-Z]{3,5}$/.test(word))
        throw new UnsupportedTime(`time zone abbreviation ${word} is not known`);
      return -1;
    }
    fields.zone = zone;
    return position + word.length;
  };
}

const OFFSETS: Readonly<Record<string, RegExp>> = {
  X: /^(Z|[+-]\d{2}(\d{2})?)/,
  XX: /^(Z|[+-]\d{4})/,
  XXX: /^(Z|[+-]\d{2}:\d{2})/,
  x: /^[+-]\d{2}(\d{2})?/,
  xx: /^[+-]\d{4}/,
  xxx: /^[+-]\d{2}:\d{2}/,
  Z: /^[+-]\d{4}/,
  ZZ: /^[+-]\d{4}/,
  ZZZ: /^[+-]\d{4}/,
  ZZZZZ: /^(Z|[+-]\d{2}:\d{2})/,
};

function offsetReader(letter: string, count: number): Reader {
  const pattern = OFFSETS[letter.repeat(count)];
  if (pattern === undefined) throw new PatternError(`'${letter.repeat(count)}' is not supported by the local cloud`);
  return (text, position, fields) => {
    const word = pattern.exec(text.slice(position))?.[0];
    if (word === undefined) return -1;
    const zone = findTimeZone(word === 'Z' ? 'UTC' : word);
    if (zone === undefined || (word !== 'Z' && parseOffset(word) === undefined)) return -1;
    fields.zone = zone;
    return position + word.length;
  };
}

/** A date without a time is midnight; a day beyond the end of its month is the last one (ResolverStyle.SMART). */
function resolve(fields: Fields): number | undefined {
  const { year } = fields;
  if (year === undefined) return undefined;
  const date = resolveDate(year, fields);
  if (date === undefined) return undefined;
  if (fields.weekday !== undefined && new Date(date).getUTCDay() !== fields.weekday) return undefined;
  const hour = fields.halfDayHour === undefined ? fields.hour : halfDay(fields.halfDayHour, fields.afternoon);
  if (hour === undefined && (fields.halfDayHour !== undefined || fields.minute !== undefined)) return undefined;
  const local =
    date + ((hour ?? 0) * 3600 + (fields.minute ?? 0) * 60 + (fields.second ?? 0)) * 1000 + (fields.millisecond ?? 0);
  return toInstant(local, fields.zone);
}

function resolveDate(year: number, fields: Fields): number | undefined {
  const start = new Date(0);
  if (fields.dayOfYear !== undefined) {
    start.setUTCFullYear(year, 0, fields.dayOfYear);
    return start.getUTCFullYear() === year ? start.getTime() : undefined;
  }
  if (fields.month === undefined || fields.day === undefined) return undefined;
  const end = new Date(0);
  end.setUTCFullYear(year, fields.month, 0);
  start.setUTCFullYear(year, fields.month - 1, Math.min(fields.day, end.getUTCDate()));
  return start.getTime();
}

function halfDay(hour: number, afternoon: boolean | undefined): number | undefined {
  return afternoon === undefined ? undefined : hour + (afternoon ? 12 : 0);
}

/** Local time to instant as ZonedDateTime: the earlier offset in an overlap, pushed forward in a gap. */
function toInstant(local: number, zone: TimeZone | undefined): number {
  if (zone === undefined) return local;
  const before = zone.offsetAt(local - 86_400_000);
  const after = zone.offsetAt(local + 86_400_000);
  if (zone.offsetAt(local - before) === before) return local - before;
  if (zone.offsetAt(local - after) === after) return local - after;
  return local - before;
}
