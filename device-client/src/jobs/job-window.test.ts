import { isInWindow, type JobWindow, jobWindowSchema } from './job-window.ts';

/** 2026-06-01 is a Monday. */
const at = (day: number, time: string): number => Date.parse(`2026-06-0${day}T${time}Z`);

const NIGHT: JobWindow = { from: '22:00', to: '04:30' };
const WEEKEND: JobWindow = { days: ['saturday'], from: '22:00', to: '04:30' };

test.each<[JobWindow, number, string, boolean]>([
  [{ from: '02:00', to: '04:00' }, 1, '01:59:59', false],
  [{ from: '02:00', to: '04:00' }, 1, '02:00:00', true],
  [{ from: '02:00', to: '04:00' }, 1, '03:59:59', true],
  [{ from: '02:00', to: '04:00' }, 1, '04:00:00', false],
  [NIGHT, 1, '21:59:00', false],
  [NIGHT, 1, '22:00:00', true],
  [NIGHT, 2, '00:00:00', true],
  [NIGHT, 2, '04:29:59', true],
  [NIGHT, 2, '04:30:00', false],
  [{ from: '06:00', to: '06:00' }, 1, '05:59:00', true],
  [{ from: '06:00', to: '06:00' }, 1, '06:00:00', true],
  // Saturday is the 6th: its night ends on Sunday.
  [WEEKEND, 5, '23:00:00', false],
  [WEEKEND, 6, '03:00:00', false],
  [WEEKEND, 6, '23:00:00', true],
  [WEEKEND, 7, '03:00:00', true],
  [WEEKEND, 7, '23:00:00', false],
])('%j on day %i at %s: %s', (window, day, time, expected) => {
  expect(isInWindow(window, at(day, time))).toBe(expected);
});

test('what is no time of day is refused', () => {
  for (const from of ['24:00', '2:00', '02:60', 'night']) {
    expect(jobWindowSchema.safeParse({ from, to: '04:00' }).success).toBe(false);
  }
});
