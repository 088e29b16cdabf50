import type { ManualClock } from '../../../core/clock.ts';
import { createTestCloud, type TestCloud } from '../../../testing/context.ts';
import type { ExecutionStatus } from './execution-status.ts';
import { JobsState } from './jobs-state.ts';
import type { ExecutionRecord } from './records.ts';

let cloud: TestCloud<ManualClock>;
let state: JobsState;

beforeEach(() => {
  cloud = createTestCloud();
  state = new JobsState(cloud.store);
});

afterEach(() => cloud.close());

const execution = (thingName: string, executionNumber: number, status: ExecutionStatus): ExecutionRecord => ({
  jobId: 'job',
  thingName,
  executionNumber,
  status,
  statusDetails: {},
  queuedAt: 0,
  order: state.nextOrder(),
  lastUpdatedAt: 0,
  versionNumber: 1,
  retries: { FAILED: 0, TIMED_OUT: 0 },
});

test('things are counted by their latest execution, attempts by all of them', () => {
  state.putExecution(execution('a', 1, 'QUEUED'));
  state.putExecution(execution('a', 1, 'FAILED'));
  state.putExecution(execution('a', 2, 'QUEUED'));
  state.putExecution(execution('b', 1, 'SUCCEEDED'));
  expect(state.thingCounts('job')).toMatchObject({ QUEUED: 1, FAILED: 0, SUCCEEDED: 1 });
  expect(state.attemptCounts('job')).toMatchObject({ QUEUED: 1, FAILED: 1, SUCCEEDED: 1 });
});

test('once its latest execution is deleted, the one before counts for the thing', () => {
  const [first, second] = [execution('a', 1, 'FAILED'), execution('a', 2, 'IN_PROGRESS')];
  state.putExecution(first);
  state.putExecution(second);
  expect([...state.pendingOfThing('a')]).toEqual([second]);
  state.deleteExecution(second);
  expect(state.thingCounts('job')).toMatchObject({ FAILED: 1, IN_PROGRESS: 0 });
  expect([...state.pendingOfThing('a')]).toEqual([]);
  expect(state.execution('job', 'a')).toEqual(first);
  state.deleteExecution(first);
  expect([...state.executionsOfThing('a')]).toEqual([]);
  expect(state.thingCounts('job')).toMatchObject({ FAILED: 0 });
});

test('indexes and order are there again after the state is opened anew', () => {
  state.putExecution(execution('a', 2, 'QUEUED'));
  state.putExecution(execution('a', 1, 'FAILED'));
  const again = new JobsState(cloud.store);
  expect(again.execution('job', 'a')?.executionNumber).toBe(2);
  expect(again.thingCounts('job')).toMatchObject({ QUEUED: 1, FAILED: 0 });
  expect(again.nextOrder()).toBe(3);
});
