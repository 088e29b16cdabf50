import { AwsError, NotImplementedError } from '../../core/errors.ts';
import { localDate } from '../../core/schedule/time-zone.ts';

/** Parts of one moment in one time zone. */
interface CalendarTime {
  readonly year: number;
  readonly month: number;
  readonly day: number;
  readonly dayOfYear: number;
  readonly hour: number;
  readonly minute: number;
  readonly second: number;
  readonly millisecond: number;
}

export type DateFormat = (at: number, timeZone: string) => string;

/**
 * Compiles a pattern of Java's DateTimeFormatter, as the `timestamp` namespace of prefixes takes it: years (`y`, `u`),
 * months (`M`, `L`), days (`d`, `D`), hours (`H`), minutes, seconds and fractions in digits; text in single quotes.
 * @throws AwsError `InvalidArgumentException` for text that is no pattern, `NotImplemented` for letters not built
 */
export function compileDatePattern(pattern: string): DateFormat {
  const pieces: ((time: CalendarTime) => string)[] = [];
  const token = /'((?:[^']|'')*)'|([A-Za-z])\2*|[^A-Za-z']+/gy;
  while (token.lastIndex < pattern.length) {
    const match = token.exec(pattern);
    if (match === null) {
      throw new AwsError('InvalidArgumentException', `Timestamp pattern '${pattern}' has an open quote.`);
    }
    const [text, quoted, letter] = match;
    if (letter !== undefined) pieces.push(field(letter, text.length, pattern));
    else {
      // Two quotes are one, inside quoted text and outside.
      const literal = quoted === undefined ? text : quoted === '' ? "'" : quoted.replaceAll("''", "'");
      pieces.push(() => literal);
    }
  }
  return (at, timeZone) => {
    const time = calendarTime(at, timeZone);
    return pieces.map((piece) => piece(time)).join('');
  };
}

function field(letter: string, width: number, pattern: string): (time: CalendarTime) => string {
  const digits = (read: (time: CalendarTime) => number, most: number) => {
    if (width > most) throw unsupported(letter.repeat(width), pattern);
    return (time: CalendarTime) => String(read(time)).padStart(width, '0');
  };
  switch (letter) {
    case 'y':
    case 'u':
      if (width === 2) return (time) => String(time.year % 100).padStart(2, '0');
      return digits((time) => time.year, 4);
    case 'M':
    case 'L':
      return digits((time) => time.month, 2);
    case 'd':
      return digits((time) => time.day, 2);
    case 'D':
      return digits((time) => time.dayOfYear, 3);
    case 'H':
      return digits((time) => time.hour, 2);
    case 'm':
      return digits((time) => time.minute, 2);
    case 's':
      return digits((time) => time.second, 2);
    case 'S':
      if (width > 9) throw unsupported(letter.repeat(width), pattern);
      return (time) => String(time.millisecond).padStart(3, '0').padEnd(9, '0').slice(0, width);
    default:
      throw unsupported(letter.repeat(width), pattern);
  }
}

function unsupported(letters: string, pattern: string): AwsError {
  return new NotImplementedError(`'${letters}' in the timestamp pattern '${pattern}'`);
}

function calendarTime(at: number, timeZone: string): CalendarTime {
  const local = new Date(localDate(at, timeZone));
  const year = local.getUTCFullYear();
  const midnight = Date.UTC(year, local.getUTCMonth(), local.getUTCDate());
  return {
    year,
    month: local.getUTCMonth() + 1,
    day: local.getUTCDate(),
    dayOfYear: (midnight - Date.UTC(year, 0, 1)) / 86_400_000 + 1,
    hour: local.getUTCHours(),
    minute: local.getUTCMinutes(),
    second: local.getUTCSeconds(),
    millisecond: local.getUTCMilliseconds(),
  };
}
