import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ManualClock } from '../../local-cloud/src/core/clock.ts';
import { type JobsProbe, startJobs } from '../../local-cloud/src/services/iot/jobs/testing/jobs-probe.ts';

const MINUTE = 60_000;

let probe: JobsProbe;

beforeEach(async () => {
  probe = await startJobs();
  await probe.things(['a']);
});

afterEach(() => probe.cloud.close());

const job = (more: object = {}) => probe.createJob('job', [probe.thingArn('a')], more);
const status = () => probe.executionStatus('job', 'a');
const step = (stepTimeoutInMinutes: number) =>
  probe.ask('a', 'job/update', { status: 'IN_PROGRESS', stepTimeoutInMinutes });

// source: developer guide, jobs-configurations-details, "Timers for job timeouts"
describe('The in-progress timer', () => {
  test('starts when the execution starts, and ends it as TIMED_OUT', async () => {
    await job({ timeoutConfig: { inProgressTimeoutInMinutes: 20 } });
    await probe.cloud.clock.advance(60 * MINUTE);
    expect(await status()).toBe('QUEUED');
    await probe.ask('a', 'start-next');
    await probe.cloud.clock.advance(20 * MINUTE - 1);
    expect(await status()).toBe('IN_PROGRESS');
    await probe.cloud.clock.advance(1);
    expect(await status()).toBe('TIMED_OUT');
    expect((await probe.take('/jobs/notify', 2)).at(-1)?.body.jobs).toEqual({});
  });

  test('is not prolonged by updates', async () => {
    await job({ timeoutConfig: { inProgressTimeoutInMinutes: 20 } });
    await probe.ask('a', 'start-next');
    await probe.cloud.clock.advance(19 * MINUTE);
    await probe.ask('a', 'job/update', { status: 'IN_PROGRESS' });
    await probe.cloud.clock.advance(MINUTE);
    expect(await status()).toBe('TIMED_OUT');
  });
});

// source: developer guide, jobs-configurations-details, "How timers work for job timeouts" (the example from 12:00 to 12:20)
test('A new step timer replaces the one before, and cannot reach beyond the in-progress timer', async () => {
  await job({ timeoutConfig: { inProgressTimeoutInMinutes: 20 } });
  await probe.ask('a', 'start-next');
  await probe.cloud.clock.advance(5 * MINUTE);
  await step(7);
  await probe.cloud.clock.advance(5 * MINUTE);
  await step(5);
  await probe.cloud.clock.advance(3 * MINUTE);
  expect(await status()).toBe('IN_PROGRESS');
  await step(9);
  const { body } = await probe.ask('a', 'job/get');
  expect(body.execution).toMatchObject({ approximateSecondsBeforeTimedOut: 7 * 60 });
  await probe.cloud.clock.advance(7 * MINUTE - 1);
  expect(await status()).toBe('IN_PROGRESS');
  await probe.cloud.clock.advance(1);
  expect(await status()).toBe('TIMED_OUT');
});

// source: developer guide, jobs-mqtt-api, StartNextPendingJobExecution (stepTimeoutInMinutes)
test('A step timer may be set when the execution starts, and ends with it', async () => {
  await job();
  await probe.ask('a', 'start-next', { stepTimeoutInMinutes: 3 });
  await probe.ask('a', 'job/update', { status: 'SUCCEEDED' });
  await probe.cloud.clock.advance(3 * MINUTE);
  expect(await status()).toBe('SUCCEEDED');
});

// source: developer guide, job-configurations-api ("discard a step timer … by creating a new step timer with a value of -1")
test('A step timer is discarded by -1', async () => {
  await job();
  await probe.ask('a', 'start-next', { stepTimeoutInMinutes: 3 });
  await step(-1);
  await probe.cloud.clock.advance(10 * MINUTE);
  expect(await status()).toBe('IN_PROGRESS');
});

// source: developer guide, jobs-configurations-details, "Retry for failure type of TIMEOUT"
test('An execution that timed out is retried where that is configured', async () => {
  await job({
    timeoutConfig: { inProgressTimeoutInMinutes: 1 },
    jobExecutionsRetryConfig: { criteriaList: [{ failureType: 'TIMED_OUT', numberOfRetries: 1 }] },
  });
  await probe.ask('a', 'start-next');
  await probe.cloud.clock.advance(MINUTE);
  expect(await status()).toBe('QUEUED');
  await probe.ask('a', 'start-next');
  await probe.cloud.clock.advance(MINUTE);
  expect(await status()).toBe('TIMED_OUT');
});

// source: developer guide, iot-jobs-lifecycle (what is promised of jobs holds for as long as they live)
test('Timers, rollouts and schedules go on after a restart, and what fell due meanwhile is made up', async () => {
  const directory = mkdtempSync(join(tmpdir(), 'fleetwright-jobs-'));
  const first = await startJobs({ directory });
  await first.things(['a', 'b', 'c'], 'fleet');
  await first.createJob('rollout', [first.groupArn('fleet')], {
    jobExecutionsRolloutConfig: { maximumPerMinute: 1 },
    timeoutConfig: { inProgressTimeoutInMinutes: 2 },
  });
  await first.createJob('later', [first.thingArn('a')], { schedulingConfig: { startTime: '2026-01-01 01:00' } });
  await first.createJob('growing', [first.groupArn('fleet')], { targetSelection: 'CONTINUOUS' });
  await first.ask('a', 'rollout/update', { status: 'IN_PROGRESS', statusDetails: { kept: 'yes' } });
  await first.cloud.close();

  const clock = new ManualClock(Date.UTC(2026, 0, 1) + 90_000);
  const second = await startJobs({ directory, clock });
  await clock.advance(0);
  expect(await second.executionStatus('rollout', 'b')).toBe('QUEUED');
  expect(await second.executionStatus('rollout', 'a')).toBe('IN_PROGRESS');
  await clock.advance(30_000);
  expect(await second.executionStatus('rollout', 'a')).toBe('TIMED_OUT');
  await clock.advance(30_000);
  expect(await second.executionStatus('rollout', 'c')).toBe('QUEUED');
  await second.things(['d']);
  await second.call('AddThingToThingGroup', { thingGroupName: 'fleet', thingName: 'd' });
  expect(await second.executionStatus('growing', 'd')).toBe('QUEUED');
  expect(await second.jobStatus('later')).toBe('SCHEDULED');
  await clock.advance(60 * MINUTE);
  expect(await second.executionStatus('later', 'a')).toBe('QUEUED');
  await second.cloud.close();
  rmSync(directory, { recursive: true, force: true });
});
