import { type JobsProbe, startJobs } from '../../local-cloud/src/services/iot/jobs/testing/jobs-probe.ts';

const T0 = Date.UTC(2026, 0, 1) / 1000;

let probe: JobsProbe;

beforeEach(async () => {
  probe = await startJobs();
  await probe.things(['MyThing']);
});

afterEach(() => probe.cloud.close());

const job = (jobId: string, more: object = {}) => probe.createJob(jobId, [probe.thingArn('MyThing')], more);
const notify = async () => (await probe.take('/jobs/notify')).map(({ body }) => body.jobs);
const nothing = async () => {
  await probe.settle();
  return probe.published.length === 0;
};

// source: developer guide, jobs-comm-notifications (the series of examples from job1 to the empty queue)
test('Notifications follow the series of the guide: queued, next, started, succeeded, overtaken, rejected, deleted', async () => {
  const one = { jobId: 'job1', queuedAt: T0, lastUpdatedAt: T0, executionNumber: 1, versionNumber: 1 };
  await job('job1');
  expect(await probe.take('/jobs/notify')).toEqual([
    { topic: '$aws/things/MyThing/jobs/notify', body: { timestamp: T0, jobs: { QUEUED: [one] } } },
  ]);
  expect(await probe.take('/jobs/notify-next')).toEqual([
    {
      topic: '$aws/things/MyThing/jobs/notify-next',
      body: { timestamp: T0, execution: { ...one, status: 'QUEUED', jobDocument: { operation: 'test' } } },
    },
  ]);

  const two = { ...one, jobId: 'job2' };
  await job('job2');
  expect(await notify()).toEqual([{ QUEUED: [one, two] }]);
  expect(await nothing()).toBe(true);

  await probe.ask('MyThing', 'job1/update', { status: 'IN_PROGRESS' });
  expect(await nothing()).toBe(true);

  const three = { ...one, jobId: 'job3' };
  const started = { ...one, startedAt: T0, versionNumber: 2 };
  await job('job3');
  expect(await notify()).toEqual([{ IN_PROGRESS: [started], QUEUED: [two, three] }]);
  expect(await nothing()).toBe(true);

  await probe.ask('MyThing', 'job1/update', { status: 'SUCCEEDED' });
  expect(await notify()).toEqual([{ QUEUED: [two, three] }]);
  expect((await probe.take('/notify-next')).map(({ body }) => body.execution)).toEqual([
    { ...two, status: 'QUEUED', jobDocument: { operation: 'test' } },
  ]);

  const overtaken = { ...three, startedAt: T0, versionNumber: 2 };
  await probe.ask('MyThing', 'job3/update', { status: 'IN_PROGRESS' });
  expect((await probe.take('/notify-next')).map(({ body }) => body.execution)).toEqual([
    { ...overtaken, status: 'IN_PROGRESS', jobDocument: { operation: 'test' } },
  ]);
  expect(await nothing()).toBe(true);

  await probe.ask('MyThing', 'job2/update', { status: 'REJECTED' });
  expect(await notify()).toEqual([{ IN_PROGRESS: [overtaken] }]);
  expect(await nothing()).toBe(true);

  await probe.call('DeleteJob', { jobId: 'job3', force: true });
  expect(await notify()).toEqual([{}]);
  expect((await probe.take('/notify-next')).map(({ body }) => body)).toEqual([{ timestamp: T0 }]);
});

// source: developer guide, jobs-comm-notifications ("no more than 10 pending job executions")
test('A list notification holds no more than ten executions', async () => {
  for (let number = 1; number <= 11; number++) await job(`job${number}`);
  const lists = await probe.take('/jobs/notify', 11);
  const last = lists.at(-1)?.body.jobs as { QUEUED: { jobId: string }[] };
  expect(last.QUEUED).toHaveLength(10);
  expect(last.QUEUED[0]?.jobId).toBe('job1');
});

// source: developer guide, iot-events (events must be enabled first)
test('No job events are published until they are enabled', async () => {
  await job('one');
  await probe.ask('MyThing', 'one/update', { status: 'SUCCEEDED' });
  await probe.settle();
  expect(probe.published.filter(({ topic }) => topic.startsWith('$aws/events/'))).toEqual([]);
});

// source: developer guide, events-jobs, and API reference, UpdateEventConfigurations
describe('With JOB and JOB_EXECUTION events enabled', () => {
  beforeEach(async () => {
    await probe.call('UpdateEventConfigurations', {
      eventConfigurations: { JOB: { Enabled: true }, JOB_EXECUTION: { Enabled: true } },
    });
  });

  test('a succeeded execution and a completed job are told, with the counts of things', async () => {
    await job('one', { description: 'My Job Description' });
    await probe.ask('MyThing', 'one/update', { status: 'SUCCEEDED', statusDetails: { key: 'value' } });
    expect(await probe.take('jobExecution/one/succeeded')).toEqual([
      {
        topic: '$aws/events/jobExecution/one/succeeded',
        body: {
          eventType: 'JOB_EXECUTION',
          eventId: expect.any(String),
          timestamp: T0,
          operation: 'succeeded',
          jobId: 'one',
          thingArn: probe.thingArn('MyThing'),
          status: 'SUCCEEDED',
          statusDetails: { key: 'value' },
        },
      },
    ]);
    expect(await probe.take('job/one/completed')).toEqual([
      {
        topic: '$aws/events/job/one/completed',
        body: {
          eventType: 'JOB',
          eventId: expect.any(String),
          timestamp: T0,
          operation: 'completed',
          jobId: 'one',
          status: 'COMPLETED',
          targetSelection: 'SNAPSHOT',
          targets: [probe.thingArn('MyThing')],
          description: 'My Job Description',
          completedAt: T0 * 1000,
          createdAt: T0 * 1000,
          lastUpdatedAt: T0 * 1000,
          jobProcessDetails: {
            numberOfCanceledThings: 0,
            numberOfRejectedThings: 0,
            numberOfFailedThings: 0,
            numberOfRemovedThings: 0,
            numberOfSucceededThings: 1,
          },
        },
      },
    ]);
  });

  test('a cancellation is told at its start and end, with its comment, and of each execution', async () => {
    await job('one');
    await probe.call('CancelJob', { jobId: 'one', comment: 'wrong file' });
    await probe.settle();
    const events = probe.published.filter(({ topic }) => topic.startsWith('$aws/events/'));
    expect(events.map(({ topic, body }) => [topic, body.status])).toEqual([
      ['$aws/events/job/one/cancellation_in_progress', 'CANCELLATION_IN_PROGRESS'],
      ['$aws/events/jobExecution/one/canceled', 'CANCELED'],
      ['$aws/events/job/one/canceled', 'CANCELED'],
    ]);
    expect(events[0]?.body.comment).toBe('wrong file');
  });

  test('a deletion is told at its start and end, and of each execution', async () => {
    await job('one');
    await probe.call('DeleteJob', { jobId: 'one', force: true });
    await probe.settle();
    const topics = probe.published.map(({ topic }) => topic).filter((topic) => topic.startsWith('$aws/events/'));
    expect(topics).toEqual([
      '$aws/events/job/one/deletion_in_progress',
      '$aws/events/jobExecution/one/deleted',
      '$aws/events/job/one/deleted',
    ]);
  });
});

// source: API reference, DescribeEventConfigurations and UpdateEventConfigurations
test('Event configurations are all off at first, are changed one by one, and refuse unknown types', async () => {
  const before = await probe.call<{ eventConfigurations: Record<string, { Enabled: boolean }> }>(
    'DescribeEventConfigurations',
  );
  expect(Object.keys(before.eventConfigurations)).toHaveLength(11);
  expect(Object.values(before.eventConfigurations).every(({ Enabled }) => !Enabled)).toBe(true);
  await probe.call('UpdateEventConfigurations', { eventConfigurations: { THING: { Enabled: true } } });
  await probe.call('UpdateEventConfigurations', { eventConfigurations: { JOB: { Enabled: true } } });
  const after = await probe.call('DescribeEventConfigurations');
  expect(after).toMatchObject({
    eventConfigurations: { THING: { Enabled: true }, JOB: { Enabled: true }, JOB_EXECUTION: { Enabled: false } },
    creationDate: new Date(T0 * 1000),
  });
  await expect(
    probe.call('UpdateEventConfigurations', { eventConfigurations: { WEATHER: { Enabled: true } } }),
  ).rejects.toMatchObject({ code: 'InvalidRequestException' });
});
