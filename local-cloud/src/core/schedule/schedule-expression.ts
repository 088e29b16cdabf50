import { type Cron, parseCron } from './cron.ts';
import { localDate, utcOf } from './time-zone.ts';

/** A schedule of EventBridge, of its Scheduler or of a scheduled query: `rate(…)`, `cron(…)`, `at(…)`. */
export type Schedule =
  | { readonly kind: 'rate'; readonly milliseconds: number }
  | { readonly kind: 'cron'; readonly cron: Cron }
  | { readonly kind: 'at'; readonly at: string };

const UNITS: Readonly<Record<string, number>> = { minute: 60_000, hour: 3_600_000, day: 86_400_000 };

/** Answers undefined for text that is no schedule ("Schedule types in EventBridge Scheduler"). */
export function parseSchedule(text: string): Schedule | undefined {
  const [, kind, body = ''] = /^(rate|cron|at)\((.*)\)$/.exec(text) ?? [];
  switch (kind) {
    case 'rate': {
      const match = /^\s*([1-9]\d{0,8})\s+(minute|hour|day)(s?)\s*$/.exec(body);
      if (match === null) return undefined;
      const [, count, unit = '', plural] = match;
      // "If the value is equal to 1, then the unit must be singular", else plural.
      if ((count === '1') !== (plural === '')) return undefined;
      return { kind, milliseconds: Number(count) * (UNITS[unit] as number) };
    }
    case 'cron': {
      const cron = parseCron(body);
      return cron && { kind, cron };
    }
    case 'at':
      return /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}$/.test(body) && !Number.isNaN(Date.parse(`${body}Z`))
        ? { kind, at: body }
        : undefined;
    default:
      return undefined;
  }
}

/**
 * The first moment after `after` (ms since the epoch); undefined when there is none. A rate counts from `anchor`.
 */
export function nextRun(schedule: Schedule, after: number, anchor: number, timeZone = 'UTC'): number | undefined {
  switch (schedule.kind) {
    case 'rate': {
      const { milliseconds } = schedule;
      if (after < anchor) return anchor;
      return anchor + (Math.floor((after - anchor) / milliseconds) + 1) * milliseconds;
    }
    case 'at': {
      const at = utcOf(Date.parse(`${schedule.at}Z`), timeZone);
      return at > after ? at : undefined;
    }
    case 'cron':
      return nextOfCron(schedule.cron, after, timeZone);
  }
}

const DAY = 86_400_000;
/** A leap day on a given weekday comes back after 40 years at the latest. */
const MAX_DAYS = 366 * 41;

function nextOfCron(cron: Cron, after: number, timeZone: string): number | undefined {
  const start = Math.floor(localDate(after, timeZone) / DAY) * DAY;
  const hours = [...cron.hours].sort((a, b) => a - b);
  const minutes = [...cron.minutes].sort((a, b) => a - b);
  for (let days = 0; days < MAX_DAYS; days++) {
    const day = start + days * DAY;
    const date = new Date(day);
    const [year, month] = [date.getUTCFullYear(), date.getUTCMonth() + 1];
    if (!cron.years.has(year) || !cron.months.has(month) || !cron.isDay(year, month, date.getUTCDate())) continue;
    for (const hour of hours) {
      for (const minute of minutes) {
        const at = utcOf(day + hour * 3_600_000 + minute * 60_000, timeZone);
        if (at > after) return at;
      }
    }
  }
  return undefined;
}
