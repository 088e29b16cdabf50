import { nextRun, readSchedule, type Schedule } from './schedule.ts';

// The frequencies of developer guide, `AuditCommands`, "CreateScheduledAudit". 2026-01-01 was a Thursday.

const at = (text: string): number => Date.parse(`${text}Z`);
const day = (time: number): string => new Date(time).toISOString().slice(0, 10);

test.each<[Schedule, string, string]>([
  [{ frequency: 'DAILY' }, '2026-01-01T10:00', '2026-01-02'],
  [{ frequency: 'WEEKLY', dayOfWeek: 'SUN' }, '2026-01-01T10:00', '2026-01-04'],
  [{ frequency: 'WEEKLY', dayOfWeek: 'THU' }, '2026-01-01T10:00', '2026-01-08'],
  [{ frequency: 'MONTHLY', dayOfMonth: '15' }, '2026-01-20T10:00', '2026-02-15'],
  [{ frequency: 'MONTHLY', dayOfMonth: '31' }, '2026-01-31T10:00', '2026-02-28'],
  [{ frequency: 'MONTHLY', dayOfMonth: 'LAST' }, '2026-02-01T10:00', '2026-02-28'],
])('%o after %s runs on %s', (schedule, after, expected) => {
  expect(day(nextRun(schedule, at(after)))).toBe(expected);
});

test('every second week skips the week after a run', () => {
  const schedule: Schedule = { frequency: 'BIWEEKLY', dayOfWeek: 'MON' };
  const first = nextRun(schedule, at('2026-01-01T10:00'));
  expect(day(first)).toBe('2026-01-05');
  expect(day(nextRun(schedule, first, first))).toBe('2026-01-19');
});

test.each([
  { frequency: 'WEEKLY' },
  { frequency: 'MONTHLY' },
  { frequency: 'DAILY', dayOfWeek: 'MON' },
  { frequency: 'MONTHLY', dayOfMonth: '32' },
  { frequency: 'HOURLY' },
])('%o is refused', (schedule) => {
  expect(() => readSchedule(schedule)).toThrow(expect.objectContaining({ code: 'InvalidRequestException' }));
});
