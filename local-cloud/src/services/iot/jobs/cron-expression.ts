const MINUTE = 60_000;
const DAY = 24 * 3_600_000;
const MONTHS = ['JAN', 'FEB', 'MAR', 'APR', 'MAY', 'JUN', 'JUL', 'AUG', 'SEP', 'OCT', 'NOV', 'DEC'];
const WEEKDAYS = ['SUN', 'MON', 'TUE', 'WED', 'THU', 'FRI', 'SAT'];
/** Days that are searched for the next time: four years and a leap day, so that every 29 February is met. */
const HORIZON = 4 * 366 + 1;

/** AWS's `cron(minutes hours day-of-month month day-of-week year)`, in UTC. */
export interface CronExpression {
  /** The first time after `moment` (both ms since the epoch); undefined when there is none within about four years. */
  next(moment: number): number | undefined;
}

type Matches = (value: number) => boolean;

/** @returns undefined for text that is no such expression; `L`, `W` and `#` are not read. */
export function parseCron(text: string): CronExpression | undefined {
  const fields = /^cron\(([^()]*)\)$/.exec(text.trim())?.[1]?.trim().split(/\s+/);
  if (fields?.length !== 6) return undefined;
  const [minutes, hours, days, months, weekdays, years] = fields as [string, string, string, string, string, string];
  // One of the two day fields says `?`.
  if ((days === '?') === (weekdays === '?')) return undefined;
  const minute = parseField(minutes, 0, 59);
  const hour = parseField(hours, 0, 23);
  const day = days === '?' ? always : parseField(days, 1, 31);
  const month = parseField(months, 1, 12, MONTHS, 1);
  const weekday = weekdays === '?' ? always : parseField(weekdays, 1, 7, WEEKDAYS, 1);
  const year = parseField(years, 1970, 2199);
  if (!minute || !hour || !day || !month || !weekday || !year) return undefined;
  const onDay = (date: Date): boolean =>
    year(date.getUTCFullYear()) &&
    month(date.getUTCMonth() + 1) &&
    day(date.getUTCDate()) &&
    weekday(date.getUTCDay() + 1);
  return {
    next(moment) {
      const first = Math.floor(moment / MINUTE) * MINUTE + MINUTE;
      let midnight = Math.floor(first / DAY) * DAY;
      for (let count = 0; count < HORIZON; count++, midnight += DAY) {
        if (!onDay(new Date(midnight))) continue;
        for (let at = Math.max(first, midnight); at < midnight + DAY; at += MINUTE) {
          const ofDay = (at - midnight) / MINUTE;
          if (hour(Math.floor(ofDay / 60)) && minute(ofDay % 60)) return at;
        }
      }
      return undefined;
    },
  };
}

const always: Matches = () => true;

function parseField(
  text: string,
  least: number,
  most: number,
  names: readonly string[] = [],
  base = 0,
): Matches | undefined {
  const parts: Matches[] = [];
  for (const item of text.split(',')) {
    const [range, step, ...rest] = item.split('/') as [string, ...string[]];
    if (rest.length > 0) return undefined;
    const every = step === undefined ? 1 : readNumber(step, [], 0);
    const bounds = readRange(range, least, most, names, base, step !== undefined);
    if (every === undefined || every < 1 || bounds === undefined) return undefined;
    const [from, to] = bounds;
    if (from < least || to > most || from > to) return undefined;
    parts.push((value) => value >= from && value <= to && (value - from) % every === 0);
  }
  return (value) => parts.some((matches) => matches(value));
}

function readRange(
  text: string,
  least: number,
  most: number,
  names: readonly string[],
  base: number,
  stepped: boolean,
): readonly [number, number] | undefined {
  if (text === '*') return [least, most];
  const [low, high, ...rest] = text.split('-') as [string, ...string[]];
  const from = readNumber(low, names, base);
  const to = high === undefined ? (stepped ? most : from) : readNumber(high, names, base);
  return rest.length > 0 || from === undefined || to === undefined ? undefined : [from, to];
}

function readNumber(text: string, names: readonly string[], base: number): number | undefined {
  const name = names.indexOf(text.toUpperCase());
  if (name >= 0) return name + base;
  return /^\d{1,4}$/.test(text) ? Number(text) : undefined;
}
