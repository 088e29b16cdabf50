import { metAbortCriterion, type StatusCounts } from './abort-criteria.ts';

const NONE: StatusCounts = {
  QUEUED: 0,
  IN_PROGRESS: 0,
  SUCCEEDED: 0,
  FAILED: 0,
  TIMED_OUT: 0,
  REJECTED: 0,
  REMOVED: 0,
  CANCELED: 0,
};

/** The example of job-configurations-api, "Abort configuration". */
const failed = { action: 'CANCEL', failureType: 'FAILED', minNumberOfExecutedThings: 100, thresholdPercentage: 20 };
const timedOut = {
  action: 'CANCEL',
  failureType: 'TIMED_OUT',
  minNumberOfExecutedThings: 200,
  thresholdPercentage: 50,
};
const config = { criteriaList: [failed, timedOut] } as const as never;

test('a job is aborted once 20% of at least 100 completed executions failed', () => {
  expect(metAbortCriterion(config, { ...NONE, SUCCEEDED: 79, FAILED: 20 })).toBeUndefined();
  expect(metAbortCriterion(config, { ...NONE, SUCCEEDED: 80, FAILED: 20 })).toEqual(failed);
  expect(metAbortCriterion(config, { ...NONE, SUCCEEDED: 81, FAILED: 20 })).toBeUndefined();
});

test('criteria are looked at one after the other', () => {
  expect(metAbortCriterion(config, { ...NONE, SUCCEEDED: 50, TIMED_OUT: 50 })).toBeUndefined();
  expect(metAbortCriterion(config, { ...NONE, SUCCEEDED: 100, TIMED_OUT: 100 })).toEqual(timedOut);
});

test('executions that wait, run, were canceled or removed are not completed', () => {
  const counts = { ...NONE, QUEUED: 500, IN_PROGRESS: 500, CANCELED: 50, REMOVED: 30, FAILED: 20 };
  expect(metAbortCriterion(config, counts)).toBeUndefined();
});

test('ALL counts every kind of failure', () => {
  const all = { criteriaList: [{ ...failed, failureType: 'ALL', minNumberOfExecutedThings: 4 }] } as never;
  const most = { ...NONE, SUCCEEDED: 1, FAILED: 1, REJECTED: 1, TIMED_OUT: 1 };
  expect(metAbortCriterion(all, most)).toMatchObject({ failureType: 'ALL' });
  expect(metAbortCriterion(all, { ...NONE, SUCCEEDED: 4 })).toBeUndefined();
});

test('a job without abort configuration is never aborted', () => {
  expect(metAbortCriterion(undefined, { ...NONE, FAILED: 1000 })).toBeUndefined();
});
