import type { LifeReport } from '@fleetwright/contracts';
import { verdictOf } from './twin-life.ts';

const fit = {
  name: 'bearing',
  measure: 'vibration',
  endOfLife: 7,
  points: 90,
  spanDays: 10,
  level: 4,
  perDay: 0.1,
  perDayFrom: 0.05,
  perDayTo: 0.2,
  confidencePercent: 90,
};

test.each<[LifeReport, string]>([
  [{ ...fit, status: 'estimated', days: 30, soonestDays: 15, latestDays: 60.4 }, '30 d (15.0 d to 60 d)'],
  [{ ...fit, status: 'estimated', days: 1.5, soonestDays: 1, latestDays: 2 }, '36 h (24 h to 2.0 d)'],
  [{ ...fit, status: 'far', atLeastDays: 100 }, 'more than 100 d; further than the evidence reaches'],
  [{ ...fit, status: 'no-trend', atLeastDays: 50 }, 'no certain trend; at least 50 d'],
  [{ ...fit, status: 'no-trend' }, 'no trend towards its end'],
  [{ ...fit, status: 'reached', since: 0 }, 'end of life is reached, since 1970-01-01T00:00Z'],
  [
    { ...fit, status: 'not-enough-evidence', reason: '3 values; a trend takes 12' },
    'not enough evidence: 3 values; a trend takes 12',
  ],
])('%j is told as %s', (report, text) => {
  expect(verdictOf(report)).toBe(text);
});
