import { type JobsProbe, startJobs } from '../../local-cloud/src/services/iot/jobs/testing/jobs-probe.ts';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;

let probe: JobsProbe;

beforeEach(async () => {
  probe = await startJobs();
});

afterEach(() => probe.cloud.close());

const names = (count: number): string[] => Array.from({ length: count }, (_, index) => `thing-${index}`);

async function details(jobId: string) {
  const { job } = await probe.call<{ job: { isConcurrent: boolean; jobProcessDetails: Record<string, unknown> } }>(
    'DescribeJob',
    { jobId },
  );
  return { ...job.jobProcessDetails, isConcurrent: job.isConcurrent };
}

// source: developer guide, job-configurations-api, "Rollout configuration"
describe('A rollout', () => {
  test('at a constant rate reaches that many things a minute, and is concurrent meanwhile', async () => {
    await probe.things(names(5), 'fleet');
    await probe.createJob('job', [probe.groupArn('fleet')], { jobExecutionsRolloutConfig: { maximumPerMinute: 2 } });
    expect(await details('job')).toMatchObject({
      numberOfQueuedThings: 2,
      isConcurrent: true,
      processingTargets: [probe.groupArn('fleet')],
    });
    await probe.cloud.clock.advance(MINUTE);
    expect(await details('job')).toMatchObject({ numberOfQueuedThings: 4 });
    await probe.cloud.clock.advance(MINUTE);
    const done = await details('job');
    expect(done).toMatchObject({ numberOfQueuedThings: 5, isConcurrent: false });
    expect(done).not.toHaveProperty('processingTargets');
  });

  // assumed: the guide gives a number a minute, and does not say when in the minute; here all at its beginning
  test('reaches the things of a minute in one batch', async () => {
    await probe.things(names(4), 'fleet');
    await probe.createJob('job', [probe.groupArn('fleet')], { jobExecutionsRolloutConfig: { maximumPerMinute: 2 } });
    await probe.cloud.clock.advance(MINUTE - 1);
    expect(await details('job')).toMatchObject({ numberOfQueuedThings: 2 });
    await probe.cloud.clock.advance(1);
    expect(await details('job')).toMatchObject({ numberOfQueuedThings: 4 });
  });

  test('at an exponential rate grows with the things that were notified', async () => {
    await probe.things(names(12), 'fleet');
    await probe.createJob('job', [probe.groupArn('fleet')], {
      jobExecutionsRolloutConfig: {
        exponentialRate: {
          baseRatePerMinute: 1,
          incrementFactor: 2,
          rateIncreaseCriteria: { numberOfNotifiedThings: 2 },
        },
      },
    });
    const reached: unknown[] = [];
    for (let minute = 0; minute < 5; minute++) {
      reached.push(((await details('job')) as { numberOfQueuedThings?: number }).numberOfQueuedThings);
      await probe.cloud.clock.advance(MINUTE);
    }
    // 1 a minute until 2 are notified, then 2, then 4, then 16 a minute
    expect(reached).toEqual([1, 2, 4, 8, 12]);
  });

  test('reaches the things of child groups too, and each thing once', async () => {
    await probe.things(['a', 'b']);
    await probe.call('CreateThingGroup', { thingGroupName: 'parent' });
    await probe.call('CreateThingGroup', { thingGroupName: 'child', parentGroupName: 'parent' });
    await probe.call('AddThingToThingGroup', { thingGroupName: 'child', thingName: 'a' });
    await probe.createJob('job', [probe.groupArn('parent'), probe.thingArn('a'), probe.thingArn('b')]);
    expect(await details('job')).toMatchObject({ numberOfQueuedThings: 2 });
  });

  test('of a snapshot job completes it once every execution has ended', async () => {
    await probe.things(['a', 'b'], 'fleet');
    await probe.createJob('job', [probe.groupArn('fleet')]);
    await probe.ask('a', 'job/update', { status: 'SUCCEEDED' });
    expect(await probe.jobStatus('job')).toBe('IN_PROGRESS');
    await probe.ask('b', 'job/update', { status: 'FAILED' });
    expect(await probe.jobStatus('job')).toBe('COMPLETED');
    expect(await details('job')).toMatchObject({ numberOfSucceededThings: 1, numberOfFailedThings: 1 });
  });
});

// source: developer guide, jobs-configurations-details, "Job abort configuration", and its note on QUEUED executions
test('Once its abort criteria are met a job is canceled: queued executions end, those in progress go on', async () => {
  await probe.things(names(6), 'fleet');
  await probe.createJob('job', [probe.groupArn('fleet')], {
    jobExecutionsRolloutConfig: { maximumPerMinute: 4 },
    abortConfig: {
      criteriaList: [
        { action: 'CANCEL', failureType: 'FAILED', minNumberOfExecutedThings: 2, thresholdPercentage: 50 },
      ],
    },
  });
  await probe.ask('thing-1', 'job/update', { status: 'IN_PROGRESS' });
  await probe.ask('thing-0', 'job/update', { status: 'FAILED' });
  expect(await probe.jobStatus('job')).toBe('IN_PROGRESS');
  await probe.ask('thing-2', 'job/update', { status: 'SUCCEEDED' });
  const { job } = await probe.call<{ job: object }>('DescribeJob', { jobId: 'job' });
  expect(job).toMatchObject({ status: 'CANCELED' });
  expect(job).not.toHaveProperty('forceCanceled');
  expect(await probe.executionStatus('job', 'thing-3')).toBe('CANCELED');
  expect(await probe.executionStatus('job', 'thing-1')).toBe('IN_PROGRESS');
  await probe.cloud.clock.advance(10 * MINUTE);
  await expect(probe.executionStatus('job', 'thing-4')).rejects.toMatchObject({ code: 'ResourceNotFoundException' });
  const { topic } = await probe.ask('thing-1', 'job/update', { status: 'SUCCEEDED' });
  expect(topic).toMatch(/accepted$/);
});

// assumed: the guide does not say what the percentage is of; here of all attempts that devices have ended, retried ones too
test('An abort criterion counts each attempt that ended, and gives the reason ABORT_CRITERIA_MET', async () => {
  await probe.things(names(3), 'fleet');
  await probe.createJob('job', [probe.groupArn('fleet')], {
    abortConfig: {
      criteriaList: [
        { action: 'CANCEL', failureType: 'FAILED', minNumberOfExecutedThings: 2, thresholdPercentage: 60 },
      ],
    },
    jobExecutionsRetryConfig: { criteriaList: [{ failureType: 'FAILED', numberOfRetries: 5 }] },
  });
  await probe.ask('thing-0', 'job/update', { status: 'SUCCEEDED' });
  await probe.ask('thing-1', 'job/update', { status: 'FAILED' });
  expect(await probe.jobStatus('job')).toBe('IN_PROGRESS');
  await probe.ask('thing-1', 'job/update', { status: 'FAILED' });
  const { job } = await probe.call<{ job: object }>('DescribeJob', { jobId: 'job' });
  expect(job).toMatchObject({ status: 'CANCELED', comment: expect.any(String), reasonCode: 'ABORT_CRITERIA_MET' });
});

// source: developer guide, jobs-configurations-details, "Job execution retry configuration"
describe('Retries', () => {
  const retry = (failureType: string, numberOfRetries: number) => ({
    jobExecutionsRetryConfig: { criteriaList: [{ failureType, numberOfRetries }] },
  });

  test('queue a failed execution again as often as is allowed', async () => {
    await probe.things(['a']);
    await probe.createJob('job', [probe.thingArn('a')], retry('FAILED', 2));
    for (let attempt = 0; attempt < 2; attempt++) {
      await probe.ask('a', 'job/update', { status: 'FAILED' });
      expect(await probe.executionStatus('job', 'a')).toBe('QUEUED');
    }
    await probe.ask('a', 'job/update', { status: 'FAILED' });
    expect(await probe.executionStatus('job', 'a')).toBe('FAILED');
    expect(await probe.jobStatus('job')).toBe('COMPLETED');
    expect(await details('job')).toMatchObject({ numberOfFailedThings: 1 });
  });

  // assumed: that a retry is an execution of its own follows from retryAttempt of the listings, but is not said
  test('are executions with numbers of their own', async () => {
    await probe.things(['a']);
    await probe.createJob('job', [probe.thingArn('a')], retry('FAILED', 2));
    for (let attempt = 0; attempt < 3; attempt++) await probe.ask('a', 'job/update', { status: 'FAILED' });
    const { executionSummaries } = await probe.call<{ executionSummaries: { jobExecutionSummary: object }[] }>(
      'ListJobExecutionsForJob',
      { jobId: 'job' },
    );
    expect(executionSummaries.map(({ jobExecutionSummary }) => jobExecutionSummary)).toMatchObject([
      { executionNumber: 1, retryAttempt: 0, status: 'FAILED' },
      { executionNumber: 2, retryAttempt: 1, status: 'FAILED' },
      { executionNumber: 3, retryAttempt: 2, status: 'FAILED' },
    ]);
  });

  test('are not made for a rejected execution', async () => {
    await probe.things(['a']);
    await probe.createJob('job', [probe.thingArn('a')], retry('ALL', 5));
    await probe.ask('a', 'job/update', { status: 'REJECTED' });
    expect(await probe.executionStatus('job', 'a')).toBe('REJECTED');
    expect(await probe.jobStatus('job')).toBe('COMPLETED');
  });

  test('start anew when a thing leaves the group of a continuous job and comes back', async () => {
    await probe.things(['a'], 'fleet');
    await probe.createJob('job', [probe.groupArn('fleet')], { targetSelection: 'CONTINUOUS', ...retry('FAILED', 1) });
    await probe.ask('a', 'job/update', { status: 'FAILED' });
    await probe.call('RemoveThingFromThingGroup', { thingGroupName: 'fleet', thingName: 'a' });
    expect(await probe.executionStatus('job', 'a')).toBe('REMOVED');
    await probe.call('AddThingToThingGroup', { thingGroupName: 'fleet', thingName: 'a' });
    await probe.ask('a', 'job/update', { status: 'FAILED' });
    expect(await probe.executionStatus('job', 'a')).toBe('QUEUED');
  });
});

// source: developer guide, iot-jobs-lifecycle, and jobs-configurations-details ("job executions are created in near-real time")
describe('A continuous job', () => {
  test('reaches things that join its group, and stays in progress when all have ended', async () => {
    await probe.things(['a'], 'fleet');
    await probe.createJob('job', [probe.groupArn('fleet')], { targetSelection: 'CONTINUOUS' });
    await probe.ask('a', 'job/update', { status: 'SUCCEEDED' });
    expect(await probe.jobStatus('job')).toBe('IN_PROGRESS');
    await probe.things(['b']);
    await probe.call('AddThingToThingGroup', { thingGroupName: 'fleet', thingName: 'b' });
    expect(await probe.executionStatus('job', 'b')).toBe('QUEUED');
  });

  test('lets go of things that leave its group: their executions are REMOVED and cannot be updated', async () => {
    await probe.things(['a'], 'fleet');
    await probe.createJob('job', [probe.groupArn('fleet')], { targetSelection: 'CONTINUOUS' });
    await probe.call('RemoveThingFromThingGroup', { thingGroupName: 'fleet', thingName: 'a' });
    expect(await probe.executionStatus('job', 'a')).toBe('REMOVED');
    const { body } = await probe.ask('a', 'job/update', { status: 'IN_PROGRESS' });
    expect(body).toMatchObject({ code: 'InvalidStateTransition', executionState: { status: 'REMOVED' } });
  });

  // assumed: iot-jobs-lifecycle says so of queued executions; of those in progress only that the thing is no valid target
  test('lets go of an execution in progress, too, when its thing leaves the group', async () => {
    await probe.things(['a'], 'fleet');
    await probe.createJob('job', [probe.groupArn('fleet')], { targetSelection: 'CONTINUOUS' });
    await probe.ask('a', 'job/update', { status: 'IN_PROGRESS' });
    await probe.call('RemoveThingFromThingGroup', { thingGroupName: 'fleet', thingName: 'a' });
    expect(await probe.executionStatus('job', 'a')).toBe('REMOVED');
  });

  test('keeps things that leave one of its groups and are in another, or leave a group that it does not target', async () => {
    await probe.things(['a'], 'fleet');
    for (const thingGroupName of ['second', 'unrelated']) {
      await probe.call('CreateThingGroup', { thingGroupName });
      await probe.call('AddThingToThingGroup', { thingGroupName, thingName: 'a' });
    }
    await probe.createJob('job', [probe.groupArn('fleet'), probe.groupArn('second')], {
      targetSelection: 'CONTINUOUS',
    });
    for (const thingGroupName of ['unrelated', 'second']) {
      await probe.call('RemoveThingFromThingGroup', { thingGroupName, thingName: 'a' });
      expect(await probe.executionStatus('job', 'a')).toBe('QUEUED');
    }
    await probe.call('RemoveThingFromThingGroup', { thingGroupName: 'fleet', thingName: 'a' });
    expect(await probe.executionStatus('job', 'a')).toBe('REMOVED');
  });

  test('drops things that leave before the rollout has reached them', async () => {
    await probe.things(['a', 'b'], 'fleet');
    await probe.createJob('job', [probe.groupArn('fleet')], {
      targetSelection: 'CONTINUOUS',
      jobExecutionsRolloutConfig: { maximumPerMinute: 1 },
    });
    await probe.call('RemoveThingFromThingGroup', { thingGroupName: 'fleet', thingName: 'b' });
    await probe.cloud.clock.advance(10 * MINUTE);
    await expect(probe.executionStatus('job', 'b')).rejects.toMatchObject({ code: 'ResourceNotFoundException' });
  });

  test('takes further groups as targets, a snapshot job does not', async () => {
    await probe.things(['a'], 'fleet');
    await probe.things(['b'], 'others');
    await probe.createJob('job', [probe.groupArn('fleet')], { targetSelection: 'CONTINUOUS' });
    await probe.call('AssociateTargetsWithJob', { jobId: 'job', targets: [probe.groupArn('others')] });
    expect(await probe.executionStatus('job', 'b')).toBe('QUEUED');
    await probe.createJob('snapshot', [probe.groupArn('fleet')]);
    await expect(
      probe.call('AssociateTargetsWithJob', { jobId: 'snapshot', targets: [probe.groupArn('others')] }),
    ).rejects.toMatchObject({ code: 'InvalidRequestException' });
  });
});

// assumed: the guide speaks of changes of membership for continuous jobs only
test('A snapshot job keeps the things that leave its group', async () => {
  await probe.things(['a'], 'fleet');
  await probe.createJob('job', [probe.groupArn('fleet')]);
  await probe.call('RemoveThingFromThingGroup', { thingGroupName: 'fleet', thingName: 'a' });
  expect(await probe.executionStatus('job', 'a')).toBe('QUEUED');
});

// source: API reference, JobProcessDetails (numberOfRemovedThings: "because they have been deleted")
test('The executions of a thing that is deleted are REMOVED', async () => {
  await probe.things(['a', 'b'], 'fleet');
  await probe.createJob('job', [probe.groupArn('fleet')]);
  await probe.call('DeleteThing', { thingName: 'b' });
  expect(await details('job')).toMatchObject({ numberOfQueuedThings: 1, numberOfRemovedThings: 1 });
});

// source: API reference, SchedulingConfig
describe('A scheduled job', () => {
  test('is SCHEDULED until its start time, then reaches its things', async () => {
    await probe.things(['a']);
    await probe.createJob('job', [probe.thingArn('a')], { schedulingConfig: { startTime: '2026-01-01 01:00' } });
    expect(await probe.jobStatus('job')).toBe('SCHEDULED');
    await probe.cloud.clock.advance(HOUR - 1);
    await expect(probe.executionStatus('job', 'a')).rejects.toMatchObject({ code: 'ResourceNotFoundException' });
    await probe.cloud.clock.advance(1);
    expect(await probe.jobStatus('job')).toBe('IN_PROGRESS');
    expect(await probe.executionStatus('job', 'a')).toBe('QUEUED');
  });

  const ending = (endBehavior: string) => ({
    jobExecutionsRolloutConfig: { maximumPerMinute: 2 },
    schedulingConfig: { startTime: '2026-01-01 01:00', endTime: '2026-01-01 02:00', endBehavior },
  });

  // assumed: that a continuous job whose rollout has stopped completes like a snapshot job
  test('with STOP_ROLLOUT reaches nothing new after its end time, and completes with what it has reached', async () => {
    await probe.things(names(3), 'fleet');
    await probe.createJob('job', [probe.groupArn('fleet')], {
      ...ending('STOP_ROLLOUT'),
      targetSelection: 'CONTINUOUS',
    });
    await probe.cloud.clock.advance(2 * HOUR);
    await probe.things(['late']);
    await probe.call('AddThingToThingGroup', { thingGroupName: 'fleet', thingName: 'late' });
    expect(await details('job')).toMatchObject({ numberOfQueuedThings: 3 });
    for (const name of names(3)) await probe.ask(name, 'job/update', { status: 'SUCCEEDED' });
    expect(await probe.jobStatus('job')).toBe('COMPLETED');
  });

  test('with CANCEL ends its queued executions, with FORCE_CANCEL also those in progress', async () => {
    await probe.things(['a', 'b'], 'fleet');
    await probe.createJob('gentle', [probe.groupArn('fleet')], ending('CANCEL'));
    await probe.createJob('hard', [probe.groupArn('fleet')], ending('FORCE_CANCEL'));
    await probe.cloud.clock.advance(HOUR);
    for (const id of ['gentle', 'hard']) await probe.ask('a', `${id}/update`, { status: 'IN_PROGRESS' });
    await probe.cloud.clock.advance(HOUR);
    expect(await probe.jobStatus('gentle')).toBe('CANCELED');
    expect(await probe.executionStatus('gentle', 'a')).toBe('IN_PROGRESS');
    expect(await probe.executionStatus('gentle', 'b')).toBe('CANCELED');
    expect(await probe.executionStatus('hard', 'a')).toBe('CANCELED');
  });
});

// assumed: job-limits says that executions of a SCHEDULED job are filtered out; that a job is SCHEDULED between windows is not said
test('Outside its maintenance window a job is SCHEDULED and its queued executions are not seen', async () => {
  await probe.things(['a']);
  await probe.createJob('job', [probe.thingArn('a')], {
    schedulingConfig: { maintenanceWindows: [{ startTime: 'cron(0 2 ? * * *)', durationInMinutes: 60 }] },
  });
  const { job } = await probe.call<{ job: object }>('DescribeJob', { jobId: 'job' });
  expect(job).toMatchObject({ status: 'SCHEDULED' });
  expect((job as { scheduledJobRollouts: object[] }).scheduledJobRollouts).toHaveLength(7);
  expect((job as { scheduledJobRollouts: object[] }).scheduledJobRollouts[0]).toEqual({
    startTime: '2026-01-01 02:00',
  });
  await probe.cloud.clock.advance(2 * HOUR);
  expect(await probe.jobStatus('job')).toBe('IN_PROGRESS');
  expect((await probe.ask('a', 'get')).body.queuedJobs).toMatchObject([{ jobId: 'job' }]);
  await probe.cloud.clock.advance(HOUR);
  expect(await probe.jobStatus('job')).toBe('SCHEDULED');
  expect((await probe.ask('a', 'get')).body.queuedJobs).toEqual([]);
  expect((await probe.take('/jobs/notify')).at(-1)?.body.jobs).toEqual({});
  await probe.cloud.clock.advance(23 * HOUR);
  expect((await probe.ask('a', 'start-next')).body.execution).toMatchObject({ jobId: 'job' });
});
