import type { AuditFrequency, DayOfWeek } from '@aws-sdk/client-iot';
import { ConstraintViolations } from '../../../../core/constraint-violations.ts';
import { invalidRequest } from '../../errors.ts';
import { DAY } from '../limits.ts';

export interface Schedule {
  readonly frequency: AuditFrequency;
  readonly dayOfMonth?: string;
  readonly dayOfWeek?: DayOfWeek;
}

const FREQUENCIES: readonly AuditFrequency[] = ['DAILY', 'WEEKLY', 'BIWEEKLY', 'MONTHLY'];
const DAYS: readonly DayOfWeek[] = ['SUN', 'MON', 'TUE', 'WED', 'THU', 'FRI', 'SAT'];

interface ScheduleRequest {
  readonly frequency?: string | undefined;
  readonly dayOfMonth?: string | undefined;
  readonly dayOfWeek?: string | undefined;
}

/** @throws AwsError InvalidRequestException where the day that a frequency needs is missing, or another is given */
export function readSchedule({ frequency, dayOfMonth, dayOfWeek }: ScheduleRequest): Schedule {
  new ConstraintViolations()
    .required('frequency', frequency)
    .oneOf('frequency', frequency, FREQUENCIES)
    .oneOf('dayOfWeek', dayOfWeek, DAYS)
    .pattern('dayOfMonth', dayOfMonth, '([1-9]|[12][0-9]|3[01])|LAST')
    .throwIfAny('InvalidRequestException');
  const weekly = frequency === 'WEEKLY' || frequency === 'BIWEEKLY';
  const monthly = frequency === 'MONTHLY';
  if (weekly !== (dayOfWeek !== undefined)) {
    throw invalidRequest(`dayOfWeek ${weekly ? 'is required' : 'cannot be given'} when frequency is ${frequency}`);
  }
  if (monthly !== (dayOfMonth !== undefined)) {
    throw invalidRequest(`dayOfMonth ${monthly ? 'is required' : 'cannot be given'} when frequency is ${frequency}`);
  }
  return {
    frequency: frequency as AuditFrequency,
    ...(dayOfMonth === undefined ? {} : { dayOfMonth }),
    ...(dayOfWeek === undefined ? {} : { dayOfWeek: dayOfWeek as DayOfWeek }),
  };
}

/**
 * The first run after `after`: at midnight UTC of its day ("The actual start time of each audit is determined by the
 * system"). `lastRun` spaces runs every two weeks.
 */
export function nextRun(schedule: Schedule, after: number, lastRun?: number): number {
  const midnight = Math.floor(after / DAY) * DAY;
  switch (schedule.frequency) {
    case 'DAILY':
      return midnight + DAY;
    case 'WEEKLY':
      return nextWeekday(schedule, midnight);
    case 'BIWEEKLY': {
      const next = nextWeekday(schedule, midnight);
      return lastRun !== undefined && next - lastRun < 14 * DAY ? next + 7 * DAY : next;
    }
    case 'MONTHLY':
      return nextDayOfMonth(schedule.dayOfMonth as string, midnight);
  }
}

function nextWeekday({ dayOfWeek }: Schedule, midnight: number): number {
  const ahead = (DAYS.indexOf(dayOfWeek as DayOfWeek) - new Date(midnight).getUTCDay() + 7) % 7;
  return midnight + (ahead === 0 ? 7 : ahead) * DAY;
}

/** "If days 29-31 are specified, and the month does not have that many days, the audit takes place on the LAST day." */
function nextDayOfMonth(dayOfMonth: string, midnight: number): number {
  const now = new Date(midnight);
  for (let ahead = 0; ; ahead++) {
    const month = now.getUTCMonth() + ahead;
    const last = new Date(Date.UTC(now.getUTCFullYear(), month + 1, 0)).getUTCDate();
    const day = dayOfMonth === 'LAST' ? last : Math.min(Number(dayOfMonth), last);
    const run = Date.UTC(now.getUTCFullYear(), month, day);
    if (run > midnight) return run;
  }
}
