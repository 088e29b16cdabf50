import { parseCron } from './cron-expression.ts';
import { readDateTime, scheduleOf, writeDateTime } from './schedule.ts';

const at = (text: string): number => Date.parse(`${text}Z`);
const next = (cron: string, from: string): string | undefined => {
  const found = parseCron(cron)?.next(at(from));
  return found === undefined ? undefined : writeDateTime(found);
};

describe('a cron expression', () => {
  test.each([
    ['cron(0 18 ? * MON *)', '2026-01-01T00:00:00', '2026-01-05 18:00'],
    ['cron(0 18 ? * MON *)', '2026-01-05T18:00:00', '2026-01-12 18:00'],
    ['cron(30 2 1 * ? *)', '2026-01-01T02:29:59', '2026-01-01 02:30'],
    ['cron(*/15 9-17 ? * MON-FRI *)', '2026-01-03T12:00:00', '2026-01-05 09:00'],
    ['cron(*/15 9-17 ? * 2-6 *)', '2026-01-05T09:01:00', '2026-01-05 09:15'],
    ['cron(0 0 29 FEB ? *)', '2026-01-01T00:00:00', '2028-02-29 00:00'],
    ['cron(0 12 1,15 JAN,JUL ? 2027)', '2026-01-01T00:00:00', '2027-01-01 12:00'],
  ])('%s comes after %s at %s', (cron, from, expected) => {
    expect(next(cron, from)).toBe(expected);
  });

  test('that names only the past never comes', () => {
    expect(next('cron(0 0 1 1 ? 2020)', '2026-01-01T00:00:00')).toBeUndefined();
  });

  test.each([
    '0 18 ? * MON *',
    'cron(0 18 ? * MON)',
    'cron(0 18 * * * *)',
    'cron(0 18 ? * ? *)',
    'cron(60 18 ? * MON *)',
    'cron(0 24 ? * MON *)',
    'cron(0 18 L * ? *)',
    'cron(0 18 ? * MON#1 *)',
    'cron(0 18 ? * FRI-MON *)',
    'cron(0/0 18 ? * MON *)',
  ])('%s is not read', (cron) => {
    expect(parseCron(cron)).toBeUndefined();
  });
});

describe('a schedule', () => {
  test('without configuration is always open', () => {
    const schedule = scheduleOf(undefined);
    expect(schedule.isOpen(0)).toBe(true);
    expect(schedule.nextChange(0)).toBeUndefined();
  });

  test('is open from its start time to its end time', () => {
    const schedule = scheduleOf({ startTime: '2026-01-02 10:00', endTime: '2026-01-03 10:00' });
    expect(schedule.isOpen(at('2026-01-02T09:59:59'))).toBe(false);
    expect(schedule.nextChange(at('2026-01-02T09:59:59'))).toBe(at('2026-01-02T10:00:00'));
    expect(schedule.isOpen(at('2026-01-02T10:00:00'))).toBe(true);
    expect(schedule.nextChange(at('2026-01-02T10:00:00'))).toBe(at('2026-01-03T10:00:00'));
    expect(schedule.isOpen(at('2026-01-03T10:00:00'))).toBe(false);
  });

  test('is open in its maintenance windows', () => {
    const schedule = scheduleOf({ maintenanceWindows: [{ startTime: 'cron(0 18 ? * MON *)', durationInMinutes: 60 }] });
    expect(schedule.isOpen(at('2026-01-05T17:59:00'))).toBe(false);
    expect(schedule.nextChange(at('2026-01-05T17:59:00'))).toBe(at('2026-01-05T18:00:00'));
    expect(schedule.isOpen(at('2026-01-05T18:00:00'))).toBe(true);
    expect(schedule.nextChange(at('2026-01-05T18:30:00'))).toBe(at('2026-01-05T19:00:00'));
    expect(schedule.isOpen(at('2026-01-05T19:00:00'))).toBe(false);
  });

  test('shows the next seven windows', () => {
    const schedule = scheduleOf({ maintenanceWindows: [{ startTime: 'cron(0 18 ? * MON *)', durationInMinutes: 60 }] });
    const starts = schedule.windowStarts(at('2026-01-01T00:00:00')).map(writeDateTime);
    expect(starts).toHaveLength(7);
    expect(starts.slice(0, 2)).toEqual(['2026-01-05 18:00', '2026-01-12 18:00']);
  });
});

test.each(['2026-02-30 10:00', '2026-01-01', '10:00', '2026-01-01 24:00', ''])('%j is no date and time', (text) => {
  expect(readDateTime(text)).toBeUndefined();
});
