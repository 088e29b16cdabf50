/** Fields of `cron(minutes hours day-of-month month day-of-week year)` (EventBridge user guide, "Cron expressions"). */
export interface Cron {
  readonly minutes: ReadonlySet<number>;
  readonly hours: ReadonlySet<number>;
  readonly months: ReadonlySet<number>;
  readonly years: ReadonlySet<number>;
  /** Whether a day of a month (from 1) is one of the expression's. */
  isDay(year: number, month: number, day: number): boolean;
}

const MONTHS = ['JAN', 'FEB', 'MAR', 'APR', 'MAY', 'JUN', 'JUL', 'AUG', 'SEP', 'OCT', 'NOV', 'DEC'];
const DAYS = ['SUN', 'MON', 'TUE', 'WED', 'THU', 'FRI', 'SAT'];

/** Answers undefined for text that is no expression. */
export function parseCron(text: string): Cron | undefined {
  const fields = text.trim().split(/\s+/);
  if (fields.length !== 6) return undefined;
  const [minute, hour, dayOfMonth, month, dayOfWeek, year] = fields as [string, string, string, string, string, string];
  // "You can't specify the Day-of-month and Day-of-week fields in the same cron expression."
  if ((dayOfMonth === '?') === (dayOfWeek === '?')) return undefined;
  const minutes = numbers(minute, 0, 59);
  const hours = numbers(hour, 0, 23);
  const months = numbers(month, 1, 12, MONTHS, 1);
  const years = numbers(year, 1970, 2199);
  const isDay = dayOfWeek === '?' ? daysOfMonth(dayOfMonth) : daysOfWeek(dayOfWeek);
  if (!minutes || !hours || !months || !years || !isDay) return undefined;
  return { minutes, hours, months, years, isDay };
}

function numbers(
  field: string,
  least: number,
  most: number,
  names: readonly string[] = [],
  firstName = 0,
): Set<number> | undefined {
  const found = new Set<number>();
  const read = (text: string) => {
    const name = names.indexOf(text.toUpperCase());
    const value = name === -1 ? (/^\d+$/.test(text) ? Number(text) : Number.NaN) : name + firstName;
    return value >= least && value <= most ? value : undefined;
  };
  for (const part of field.split(',')) {
    const match = /^(\*|\w+)(?:-(\w+))?(?:\/(\d+))?$/.exec(part);
    if (match === null) return undefined;
    const [, start = '', end, step] = match;
    const from = start === '*' ? least : read(start);
    const to = end === undefined ? (start === '*' || step !== undefined ? most : from) : read(end);
    const by = Number(step ?? '1');
    if (from === undefined || to === undefined || by < 1 || to < from) return undefined;
    for (let value = from; value <= to; value += by) found.add(value);
  }
  return found;
}

type IsDay = Cron['isDay'];

function daysOfMonth(field: string): IsDay | undefined {
  if (field === 'L') return (year, month, day) => day === lastDay(year, month);
  const nearest = /^(\d{1,2})W$/.exec(field);
  if (nearest !== null) {
    const wanted = Number(nearest[1]);
    return wanted < 1 || wanted > 31 ? undefined : (year, month, day) => day === weekdayNear(year, month, wanted);
  }
  const days = numbers(field, 1, 31);
  return days && ((_year, _month, day) => days.has(day));
}

/** Sunday is 1. */
function daysOfWeek(field: string): IsDay | undefined {
  const nth = /^(\w+)#([1-5])$/.exec(field);
  if (nth !== null) {
    const [wanted] = numbers(nth[1] as string, 1, 7, DAYS, 1) ?? [];
    const week = Number(nth[2]);
    return wanted === undefined
      ? undefined
      : (year, month, day) => weekday(year, month, day) === wanted && Math.ceil(day / 7) === week;
  }
  const last = /^(\w+)L$/.exec(field);
  if (last !== null) {
    const [wanted] = numbers(last[1] as string, 1, 7, DAYS, 1) ?? [];
    return wanted === undefined
      ? undefined
      : (year, month, day) => weekday(year, month, day) === wanted && day + 7 > lastDay(year, month);
  }
  const days = field === 'L' ? new Set([7]) : numbers(field, 1, 7, DAYS, 1);
  return days && ((year, month, day) => days.has(weekday(year, month, day)));
}

function weekday(year: number, month: number, day: number): number {
  return new Date(Date.UTC(year, month - 1, day)).getUTCDay() + 1;
}

function lastDay(year: number, month: number): number {
  return new Date(Date.UTC(year, month, 0)).getUTCDate();
}

/** The weekday nearest to a day, within its month. */
function weekdayNear(year: number, month: number, wanted: number): number | undefined {
  if (wanted > lastDay(year, month)) return undefined;
  const on = weekday(year, month, wanted);
  if (on === 7) return wanted === 1 ? 3 : wanted - 1;
  if (on === 1) return wanted === lastDay(year, month) ? wanted - 2 : wanted + 1;
  return wanted;
}
