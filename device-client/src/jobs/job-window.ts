import * as z from 'zod';

const DAYS = ['sunday', 'monday', 'tuesday', 'wednesday', 'thursday', 'friday', 'saturday'] as const;
const timeOfDay = z.string().regex(/^([01]\d|2[0-3]):[0-5]\d$/, 'must be a time of day like 02:30');
const DAY_MINUTES = 1_440;

/** A time in which jobs may begin, in UTC. `to` before `from` is on the next day; the same is a whole day. */
export const jobWindowSchema = z.strictObject({
  /** On which it begins. @default every day */
  days: z.array(z.enum(DAYS)).min(1).optional(),
  from: timeOfDay,
  to: timeOfDay,
});

export type JobWindow = z.infer<typeof jobWindowSchema>;

/** @param now ms since the epoch */
export function isInWindow({ days, from, to }: JobWindow, now: number): boolean {
  const date = new Date(now);
  const minute = date.getUTCHours() * 60 + date.getUTCMinutes();
  const start = minutesOf(from);
  const length = (minutesOf(to) - start + DAY_MINUTES - 1) % DAY_MINUTES;
  const since = (minute - start + DAY_MINUTES) % DAY_MINUTES;
  if (since > length) return false;
  const began = (date.getUTCDay() + (minute < start ? DAYS.length - 1 : 0)) % DAYS.length;
  return days === undefined || days.some((day) => DAYS.indexOf(day) === began);
}

function minutesOf(time: string): number {
  const [hours = 0, minutes = 0] = time.split(':').map(Number);
  return hours * 60 + minutes;
}
