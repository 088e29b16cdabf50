import { QueryFailure } from '../errors.ts';
import { MAX_PROJECTED_VALUES } from '../limits.ts';

const UNITS = ['YEARS', 'MONTHS', 'WEEKS', 'DAYS', 'HOURS', 'MINUTES', 'SECONDS'] as const;
export type DateUnit = (typeof UNITS)[number];

export interface DateProjection {
  readonly range: string;
  /** A pattern of Java's DateTimeFormatter in digits: `yyyy/MM/dd/HH`. */
  readonly format: string;
  readonly interval: number | undefined;
  readonly unit: DateUnit | undefined;
  readonly now: number;
}

/** Values of a date projection, in order. @throws QueryFailure */
export function dateValues({ format, interval, now, range, unit }: DateProjection): string[] {
  const bounds = range.split(',').map((bound) => bound.trim());
  if (bounds.length !== 2) throw invalid(`projection range '${range}'`);
  const [from, to] = bounds.map((bound) => moment(bound, format, now)) as [number, number];
  const step = stepOf(format, interval, unit);
  const values: string[] = [];
  // Steps are counted from the start: two months after the 31st is not one month after the 28th.
  for (let index = 0; ; index++) {
    const at = plus(from, step.interval * index, step.unit);
    if (at > to) return values;
    const value = formatted(at, format);
    if (values.at(-1) !== value) values.push(value);
    if (index > MAX_PROJECTED_VALUES) throw invalid(`projection range '${range}' with more values`);
  }
}

/** "When the provided dates are at single-day or single-month precision", the interval is optional. */
function stepOf(
  format: string,
  interval: number | undefined,
  unit: DateUnit | undefined,
): { interval: number; unit: DateUnit } {
  if (unit !== undefined && !UNITS.includes(unit)) throw invalid(`projection interval.unit '${unit}'`);
  if (interval !== undefined && !(Number.isInteger(interval) && interval >= 1))
    throw invalid(`projection interval '${interval}'`);
  if (unit !== undefined && interval !== undefined) return { interval, unit };
  if (/[Hms]/.test(format) || !/M/.test(format))
    throw invalid(`projection interval of the format '${format}' is missing`);
  return { interval: interval ?? 1, unit: unit ?? (format.includes('d') ? 'DAYS' : 'MONTHS') };
}

/** `NOW`, `NOW-3YEARS`, `NOW+1DAY`, or a date in the format. */
function moment(bound: string, format: string, now: number): number {
  const relative = /^NOW(?:\s*([+-])\s*(\d+)\s*(YEAR|MONTH|WEEK|DAY|HOUR|MINUTE|SECOND)S?)?$/i.exec(bound);
  if (relative !== null) {
    const [, sign, amount = '0', unit = 'DAY'] = relative;
    return plus(now, (sign === '-' ? -1 : 1) * Number(amount), `${unit.toUpperCase()}S` as DateUnit);
  }
  const parts: Record<string, number> = {};
  let at = 0;
  for (const { letters, text } of piecesOf(format)) {
    const width = letters?.length ?? text.length;
    const piece = bound.slice(at, at + width);
    if (letters === undefined ? piece !== text : !/^\d+$/.test(piece)) throw invalid(`projection bound '${bound}'`);
    if (letters !== undefined) parts[letters[0] as string] = Number(piece);
    at += width;
  }
  if (at !== bound.length) throw invalid(`projection bound '${bound}'`);
  return Date.UTC(parts.y ?? 1970, (parts.M ?? 1) - 1, parts.d ?? 1, parts.H ?? 0, parts.m ?? 0, parts.s ?? 0);
}

function formatted(at: number, format: string): string {
  const [day = '', time = ''] = new Date(at).toISOString().split('T');
  const fields: Record<string, string> = {
    y: day.slice(0, 4),
    M: day.slice(5, 7),
    d: day.slice(8, 10),
    H: time.slice(0, 2),
    m: time.slice(3, 5),
    s: time.slice(6, 8),
  };
  return piecesOf(format)
    .map(({ letters, text }) => (letters === undefined ? text : (fields[letters[0] as string] as string)))
    .join('');
}

interface Piece {
  readonly letters?: string;
  readonly text: string;
}

/** @throws QueryFailure for letters that are not built */
function piecesOf(format: string): Piece[] {
  return [...format.matchAll(/'([^']*)'|([A-Za-z])\2*|[^A-Za-z']+/g)].map(([text, quoted, letter]) => {
    if (quoted !== undefined) return { text: quoted === '' ? "'" : quoted };
    if (letter === undefined) return { text };
    if (!['yyyy', 'MM', 'dd', 'HH', 'mm', 'ss'].includes(text))
      throw invalid(`projection format '${format}' ('${text}')`);
    return { letters: text, text };
  });
}

function plus(at: number, amount: number, unit: DateUnit): number {
  if (unit === 'YEARS') return plusMonths(at, amount * 12);
  if (unit === 'MONTHS') return plusMonths(at, amount);
  const seconds = { WEEKS: 604_800, DAYS: 86_400, HOURS: 3600, MINUTES: 60, SECONDS: 1 }[unit];
  return at + amount * seconds * 1000;
}

/** A day that the month does not have becomes its last. */
function plusMonths(at: number, months: number): number {
  const date = new Date(at);
  const target = new Date(Date.UTC(date.getUTCFullYear(), date.getUTCMonth() + months, 1));
  const last = new Date(Date.UTC(target.getUTCFullYear(), target.getUTCMonth() + 1, 0)).getUTCDate();
  return target.getTime() + (Math.min(date.getUTCDate(), last) - 1) * 86_400_000 + (at % 86_400_000);
}

function invalid(what: string): QueryFailure {
  return new QueryFailure(`INVALID_TABLE_PROPERTY: ${what} is not supported`);
}
