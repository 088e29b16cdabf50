import type { JobExecutionsRetryConfig, RetryCriteria } from '@aws-sdk/client-iot';
import { mayRetry } from './retry-criteria.ts';

const config = (...criteriaList: RetryCriteria[]): JobExecutionsRetryConfig => ({ criteriaList });

test('retries are counted for each failure type of its own', () => {
  const both = config({ failureType: 'FAILED', numberOfRetries: 2 }, { failureType: 'TIMED_OUT', numberOfRetries: 1 });
  expect(mayRetry(both, 'FAILED', { FAILED: 1, TIMED_OUT: 1 })).toBe(true);
  expect(mayRetry(both, 'FAILED', { FAILED: 2, TIMED_OUT: 0 })).toBe(false);
  expect(mayRetry(both, 'TIMED_OUT', { FAILED: 2, TIMED_OUT: 0 })).toBe(true);
  expect(mayRetry(both, 'TIMED_OUT', { FAILED: 0, TIMED_OUT: 1 })).toBe(false);
});

test('ALL counts both failure types together', () => {
  const all = config({ failureType: 'ALL', numberOfRetries: 3 });
  expect(mayRetry(all, 'TIMED_OUT', { FAILED: 1, TIMED_OUT: 1 })).toBe(true);
  expect(mayRetry(all, 'FAILED', { FAILED: 2, TIMED_OUT: 1 })).toBe(false);
});

test('a failure type that is not named is not retried', () => {
  expect(
    mayRetry(config({ failureType: 'FAILED', numberOfRetries: 5 }), 'TIMED_OUT', { FAILED: 0, TIMED_OUT: 0 }),
  ).toBe(false);
  expect(mayRetry(undefined, 'FAILED', { FAILED: 0, TIMED_OUT: 0 })).toBe(false);
});

// jobs-configurations-details: "up to 10 retries for both failure types combined"
test('nothing is retried more than ten times', () => {
  const most = config({ failureType: 'FAILED', numberOfRetries: 10 });
  expect(mayRetry(most, 'FAILED', { FAILED: 9, TIMED_OUT: 0 })).toBe(true);
  expect(mayRetry(most, 'FAILED', { FAILED: 4, TIMED_OUT: 6 })).toBe(false);
});
