import { rolloutRate } from './rollout-rate.ts';

const exponentialRate = {
  baseRatePerMinute: 50,
  incrementFactor: 2,
  rateIncreaseCriteria: { numberOfNotifiedThings: 1000 },
};

// job-configurations-api: "If you don't set the value, it uses 1000 as the default value."
test('a rollout without configuration reaches 1000 things a minute', () => {
  expect(rolloutRate(undefined, { notified: 0, succeeded: 0 })).toBe(1000);
});

test('a constant rate does not grow', () => {
  expect(rolloutRate({ maximumPerMinute: 7 }, { notified: 5000, succeeded: 5000 })).toBe(7);
});

// jobs-configurations-details, the table of "Job rollout rates"
test.each([
  [0, 50],
  [999, 50],
  [1000, 100],
  [2000, 200],
  [3000, 400],
])('after %d notified things the exponential rate is %d', (notified, rate) => {
  expect(rolloutRate({ exponentialRate }, { notified, succeeded: 0 })).toBe(rate);
});

test('an exponential rate grows by succeeded things where those are counted', () => {
  const config = { exponentialRate: { ...exponentialRate, rateIncreaseCriteria: { numberOfSucceededThings: 10 } } };
  expect(rolloutRate(config, { notified: 5000, succeeded: 9 })).toBe(50);
  expect(rolloutRate(config, { notified: 5000, succeeded: 20 })).toBe(200);
});

test('an exponential rate stops at the maximum', () => {
  expect(rolloutRate({ exponentialRate, maximumPerMinute: 120 }, { notified: 5000, succeeded: 0 })).toBe(120);
  expect(rolloutRate({ exponentialRate }, { notified: 9000, succeeded: 0 })).toBe(1000);
});

test('a factor with a fraction leaves no fraction of a thing', () => {
  const config = { exponentialRate: { ...exponentialRate, baseRatePerMinute: 5, incrementFactor: 1.5 } };
  expect(rolloutRate(config, { notified: 1000, succeeded: 0 })).toBe(7);
});
