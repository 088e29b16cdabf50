import { nextRun, parseSchedule, type Schedule } from '../../local-cloud/src/core/schedule/schedule-expression.ts';

const next = (text: string, after: string, timeZone?: string) => {
  const at = nextRun(parseSchedule(text) as Schedule, Date.parse(after), 0, timeZone);
  return at === undefined ? undefined : new Date(at).toISOString();
};

// source: EventBridge user guide, "Setting a schedule pattern for scheduled rules" (cron expressions and their examples)
test.each([
  ['cron(0 10 * * ? *)', '2026-01-01T10:00:00Z', '2026-01-02T10:00:00.000Z'],
  ['cron(15 12 * * ? *)', '2026-01-01T10:00:00Z', '2026-01-01T12:15:00.000Z'],
  ['cron(0 18 ? * MON-FRI *)', '2026-01-02T18:00:00Z', '2026-01-05T18:00:00.000Z'],
  ['cron(0 8 1 * ? *)', '2026-01-01T08:00:00Z', '2026-02-01T08:00:00.000Z'],
  ['cron(0/15 * * * ? *)', '2026-01-01T00:01:00Z', '2026-01-01T00:15:00.000Z'],
  ['cron(0 0 L * ? *)', '2026-02-01T00:00:00Z', '2026-02-28T00:00:00.000Z'],
  ['cron(0 0 ? * 2#1 *)', '2026-01-06T00:00:00Z', '2026-02-02T00:00:00.000Z'],
  ['cron(0 0 ? * 6L *)', '2026-01-01T00:00:00Z', '2026-01-30T00:00:00.000Z'],
  ['cron(0 0 3W * ? *)', '2026-01-01T00:00:00Z', '2026-01-02T00:00:00.000Z'],
  ['cron(0 0 29 2 ? *)', '2026-01-01T00:00:00Z', '2028-02-29T00:00:00.000Z'],
  ['cron(0 0 1 1 ? 2025)', '2026-01-01T00:00:00Z', undefined],
])('%s runs after %s at %s', (text, after, expected) => {
  expect(next(text, after)).toBe(expected);
});

// source: EventBridge Scheduler user guide, "Schedule types" (time zones, daylight saving time)
test('cron expressions follow the clocks of their time zone', () => {
  expect(next('cron(0 9 * * ? *)', '2026-03-28T12:00:00Z', 'Europe/Berlin')).toBe('2026-03-29T07:00:00.000Z');
  expect(next('cron(0 9 * * ? *)', '2026-03-27T12:00:00Z', 'Europe/Berlin')).toBe('2026-03-28T08:00:00.000Z');
  expect(next('at(2026-07-01T12:00:00)', '2026-01-01T00:00:00Z', 'America/New_York')).toBe('2026-07-01T16:00:00.000Z');
});

// source: EventBridge user guide, "Rate expressions" (the unit is singular for 1) and "Cron expressions" (restrictions)
test.each([
  'rate(1 minutes)',
  'rate(5 minute)',
  'rate(0 minutes)',
  'rate(5 seconds)',
  'cron(* * * * * *)',
  'cron(0 0 * * ?)',
  'cron(60 0 * * ? *)',
  'every minute',
])('%s is no schedule', (text) => {
  expect(parseSchedule(text)).toBeUndefined();
});
