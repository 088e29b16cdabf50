import { DAY_MS, DAYS, MONTHS, splitPattern } from './time-pattern.ts';
import { formatOffset, type TimeZone } from './time-zone.ts';

type Format = (local: Date, instant: number, zone: TimeZone) => string;

/** Letters of Joda-Time's DateTimeFormat. */
const LETTERS = 'GCYyxweEDMdaKhHkmsSzZ';

/**
 * Compiles a Joda-Time pattern ("parse_time"), English names.
 *
 * @throws PatternError
 */
export function compileTimeFormat(pattern: string): (instant: number, zone: TimeZone) => string {
  const pieces: Format[] = splitPattern(pattern, LETTERS).map((piece) =>
    piece.kind === 'text' ? () => piece.text : formatter(piece.letter, piece.count),
  );
  return (instant, zone) => {
    // The UTC fields of this date are the local fields of the zone.
    const local = new Date(instant + zone.offsetAt(instant));
    let text = '';
    for (const piece of pieces) text += piece(local, instant, zone);
    return text;
  };
}

function formatter(letter: string, count: number): Format {
  const number =
    (read: (local: Date) => number): Format =>
    (local) =>
      pad(read(local), count);
  switch (letter) {
    case 'G':
      return (local) => (local.getUTCFullYear() > 0 ? 'AD' : 'BC');
    case 'C':
      return number((local) => Math.floor(eraYear(local) / 100));
    case 'Y':
      return year(eraYear, count);
    case 'y':
      return year((local) => local.getUTCFullYear(), count);
    case 'x':
      return year((local) => isoWeek(local).year, count);
    case 'w':
      return number((local) => isoWeek(local).week);
    case 'e':
      return number((local) => local.getUTCDay() || 7);
    case 'E':
      return (local) => name(DAYS[local.getUTCDay()] as string, count, 4);
    case 'D':
      return number((local) => Math.floor((startOfDay(local) - Date.UTC(local.getUTCFullYear(), 0, 1)) / DAY_MS) + 1);
    case 'M':
      if (count >= 3) return (local) => name(MONTHS[local.getUTCMonth()] as string, count, 4);
      return number((local) => local.getUTCMonth() + 1);
    case 'd':
      return number((local) => local.getUTCDate());
    case 'a':
      return (local) => (local.getUTCHours() < 12 ? 'AM' : 'PM');
    case 'K':
      return number((local) => local.getUTCHours() % 12);
    case 'h':
      return number((local) => local.getUTCHours() % 12 || 12);
    case 'H':
      return number((local) => local.getUTCHours());
    case 'k':
      return number((local) => local.getUTCHours() || 24);
    case 'm':
      return number((local) => local.getUTCMinutes());
    case 's':
      return number((local) => local.getUTCSeconds());
    case 'S':
      return (local) => String(local.getUTCMilliseconds()).padStart(3, '0').padEnd(count, '0').slice(0, count);
    case 'z':
      return (_local, instant, zone) => (count >= 4 ? zone.longNameAt(instant) : zone.shortNameAt(instant));
    default:
      return (_local, instant, zone) =>
        count >= 3 ? zone.id : formatOffset(zone.offsetAt(instant), count === 1 ? '' : ':');
  }
}

function pad(value: number, digits: number): string {
  return value < 0 ? `-${String(-value).padStart(digits, '0')}` : String(value).padStart(digits, '0');
}

/** Two letters are the last two digits of the year. */
function year(read: (local: Date) => number, count: number): Format {
  return (local) => (count === 2 ? pad(Math.abs(read(local)) % 100, 2) : pad(read(local), count));
}

function eraYear(local: Date): number {
  const value = local.getUTCFullYear();
  return value > 0 ? value : 1 - value;
}

function name(full: string, count: number, fullFrom: number): string {
  return count >= fullFrom ? full : full.slice(0, 3);
}

function startOfDay(local: Date): number {
  return Math.floor(local.getTime() / DAY_MS) * DAY_MS;
}

/** ISO 8601 week: the week of a date is that of its Thursday. */
function isoWeek(local: Date): { year: number; week: number } {
  const weekday = local.getUTCDay() || 7;
  const thursday = new Date(startOfDay(local) + (4 - weekday) * DAY_MS);
  const first = Date.UTC(thursday.getUTCFullYear(), 0, 1);
  return { year: thursday.getUTCFullYear(), week: Math.floor((thursday.getTime() - first) / (7 * DAY_MS)) + 1 };
}
