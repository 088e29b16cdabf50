import { type JobsProbe, startJobs } from '../../local-cloud/src/services/iot/jobs/testing/jobs-probe.ts';

/** Start of the test clock, in seconds. */
const T0 = Date.UTC(2026, 0, 1) / 1000;

let probe: JobsProbe;

beforeEach(async () => {
  probe = await startJobs();
  await probe.things(['MyThing', 'Other']);
});

afterEach(() => probe.cloud.close());

const job = (jobId: string, more: object = {}) => probe.createJob(jobId, [probe.thingArn('MyThing')], more);

// source: developer guide, jobs-mqtt-api, GetPendingJobExecutions
describe('GetPendingJobExecutions over MQTT', () => {
  test('lists executions in progress and queued ones, in the order they were created, with the client token', async () => {
    await job('one');
    await probe.cloud.clock.advance(1000);
    await job('two');
    await job('three');
    await probe.ask('MyThing', 'two/update', { status: 'IN_PROGRESS' });
    const reply = await probe.ask('MyThing', 'get', { clientToken: 'client-001' });
    expect(reply.topic).toBe('$aws/things/MyThing/jobs/get/accepted');
    expect(reply.body).toEqual({
      timestamp: T0 + 1,
      clientToken: 'client-001',
      inProgressJobs: [
        {
          jobId: 'two',
          queuedAt: T0 + 1,
          lastUpdatedAt: T0 + 1,
          startedAt: T0 + 1,
          executionNumber: 1,
          versionNumber: 2,
        },
      ],
      queuedJobs: [
        { jobId: 'one', queuedAt: T0, lastUpdatedAt: T0, executionNumber: 1, versionNumber: 1 },
        { jobId: 'three', queuedAt: T0 + 1, lastUpdatedAt: T0 + 1, executionNumber: 1, versionNumber: 1 },
      ],
    });
  });

  test('takes an empty payload as an empty request', async () => {
    const reply = await probe.ask('MyThing', 'get', Buffer.alloc(0));
    expect(reply.body).toEqual({ timestamp: T0, inProgressJobs: [], queuedJobs: [] });
  });
});

// source: developer guide, jobs-mqtt-api, StartNextPendingJobExecution
describe('StartNextPendingJobExecution over MQTT', () => {
  test('starts the oldest queued execution with the given status details and returns its document as JSON', async () => {
    await job('one');
    await job('two');
    const reply = await probe.ask('MyThing', 'start-next', { statusDetails: { step: '1' }, clientToken: 'c' });
    expect(reply.topic).toBe('$aws/things/MyThing/jobs/start-next/accepted');
    expect(reply.body).toEqual({
      timestamp: T0,
      clientToken: 'c',
      execution: {
        jobId: 'one',
        thingName: 'MyThing',
        status: 'IN_PROGRESS',
        statusDetails: { step: '1' },
        queuedAt: T0,
        startedAt: T0,
        lastUpdatedAt: T0,
        versionNumber: 2,
        executionNumber: 1,
        jobDocument: { operation: 'test' },
      },
    });
  });

  test('returns the execution in progress first, and leaves its status details', async () => {
    await job('one');
    await job('two');
    await probe.ask('MyThing', 'two/update', { status: 'IN_PROGRESS', statusDetails: { kept: 'yes' } });
    const { body } = await probe.ask('MyThing', 'start-next', { statusDetails: { other: 'no' } });
    expect(body.execution).toMatchObject({ jobId: 'two', statusDetails: { kept: 'yes' }, versionNumber: 2 });
  });

  test('answers without an execution when nothing is pending', async () => {
    const { topic, body } = await probe.ask('MyThing', 'start-next');
    expect(topic).toMatch(/accepted$/);
    expect(body).toEqual({ timestamp: T0 });
  });
});

// source: developer guide, jobs-mqtt-api, DescribeJobExecution
describe('DescribeJobExecution over MQTT', () => {
  test('describes the next pending execution as $next', async () => {
    await job('one');
    const { topic, body } = await probe.ask('MyThing', '$next/get');
    expect(topic).toBe('$aws/things/MyThing/jobs/$next/get/accepted');
    expect(body.execution).toMatchObject({ jobId: 'one', status: 'QUEUED', jobDocument: { operation: 'test' } });
  });

  test('leaves the document out when asked to', async () => {
    await job('one');
    const { body } = await probe.ask('MyThing', 'one/get', { includeJobDocument: false });
    expect(body.execution).toMatchObject({ jobId: 'one', versionNumber: 1 });
    expect(body.execution).not.toHaveProperty('jobDocument');
  });

  test('tells the seconds before the execution times out', async () => {
    await job('one', { timeoutConfig: { inProgressTimeoutInMinutes: 20 } });
    await probe.ask('MyThing', 'start-next');
    await probe.cloud.clock.advance(60_000);
    const { body } = await probe.ask('MyThing', 'one/get');
    expect(body.execution).toMatchObject({ approximateSecondsBeforeTimedOut: 19 * 60 });
  });
});

// source: developer guide, jobs-mqtt-api, UpdateJobExecution
describe('UpdateJobExecution over MQTT', () => {
  test('answers with no more than timestamp and token unless state or document are asked for', async () => {
    await job('one');
    const plain = await probe.ask('MyThing', 'one/update', { status: 'IN_PROGRESS', clientToken: 't' });
    expect(plain).toEqual({
      topic: '$aws/things/MyThing/jobs/one/update/accepted',
      body: { timestamp: T0, clientToken: 't' },
    });
    const full = await probe.ask('MyThing', 'one/update', {
      status: 'IN_PROGRESS',
      statusDetails: { progress: '50%' },
      includeJobExecutionState: true,
      includeJobDocument: true,
    });
    expect(full.body).toEqual({
      timestamp: T0,
      executionState: { status: 'IN_PROGRESS', statusDetails: { progress: '50%' }, versionNumber: 3 },
      jobDocument: { operation: 'test' },
    });
  });

  test('takes the expected version as text, as the guide writes it, and refuses one that does not match', async () => {
    await job('one');
    const good = await probe.ask('MyThing', 'one/update', { status: 'IN_PROGRESS', expectedVersion: '1' });
    expect(good.topic).toMatch(/accepted$/);
    const bad = await probe.ask('MyThing', 'one/update', {
      status: 'SUCCEEDED',
      expectedVersion: 1,
      clientToken: 'late',
    });
    expect(bad.topic).toBe('$aws/things/MyThing/jobs/one/update/rejected');
    expect(bad.body).toEqual({
      timestamp: T0,
      clientToken: 'late',
      code: 'VersionMismatch',
      message: expect.any(String),
      executionState: { status: 'IN_PROGRESS', versionNumber: 2 },
    });
  });

  test('keeps status details that are not given again', async () => {
    await job('one');
    await probe.ask('MyThing', 'one/update', { status: 'IN_PROGRESS', statusDetails: { a: '1' } });
    const { body } = await probe.ask('MyThing', 'one/update', { status: 'SUCCEEDED', includeJobExecutionState: true });
    expect(body.executionState).toEqual({ status: 'SUCCEEDED', statusDetails: { a: '1' }, versionNumber: 3 });
  });

  test('addresses an earlier execution by its number', async () => {
    await job('one', {
      jobExecutionsRetryConfig: { criteriaList: [{ failureType: 'FAILED', numberOfRetries: 1 }] },
    });
    await probe.ask('MyThing', 'one/update', { status: 'FAILED' });
    const { body } = await probe.ask('MyThing', 'one/update', { status: 'IN_PROGRESS', executionNumber: 1 });
    expect(body).toMatchObject({ code: 'InvalidStateTransition', executionState: { status: 'FAILED' } });
  });
});

// source: developer guide, jobs-api, ErrorResponse
describe('A jobs request over MQTT is rejected', () => {
  const rejected = async (verb: string, payload: object | Buffer, thing = 'MyThing') => {
    const reply = await probe.ask(thing, verb, payload);
    expect(reply.topic).toBe(`$aws/things/${thing}/jobs/${verb}/rejected`);
    expect(reply.body.timestamp).toBe(T0);
    return reply.body;
  };

  test('with InvalidTopic where the topic maps to no API', async () => {
    expect(await rejected('one/delete', {})).toMatchObject({ code: 'InvalidTopic' });
  });

  // assumed: reserved-topics lists no such topic, and the guide does not say that a deeper one is answered
  test('with InvalidTopic where the topic is longer than that of any API', async () => {
    expect(await rejected('one/update/more', {})).toMatchObject({ code: 'InvalidTopic' });
  });

  test('with InvalidJson for a payload that is no UTF-8 encoded JSON', async () => {
    expect(await rejected('get', Buffer.from('{"clientToken":'))).toMatchObject({ code: 'InvalidJson' });
    expect(await rejected('get', Buffer.from([0x22, 0xff, 0x22]))).toMatchObject({ code: 'InvalidJson' });
  });

  test('with InvalidRequest for a status that devices cannot report', async () => {
    await job('one');
    for (const status of ['QUEUED', 'CANCELED', 'TIMED_OUT', 'REMOVED', 'DONE', undefined]) {
      expect(await rejected('one/update', { status })).toMatchObject({ code: 'InvalidRequest' });
    }
  });

  test('with InvalidRequest for invalid status details', async () => {
    await job('one');
    const details: unknown[] = [
      { 'a b': 'x' },
      { a: 1 },
      { a: '' },
      { a: 'x'.repeat(1025) },
      { ['k'.repeat(129)]: 'x' },
      [],
    ];
    for (const statusDetails of details) {
      const body = await rejected('one/update', { status: 'IN_PROGRESS', statusDetails });
      expect(body).toMatchObject({ code: 'InvalidRequest' });
    }
  });

  test('with InvalidRequest for a step timeout outside one minute to seven days', async () => {
    await job('one');
    for (const stepTimeoutInMinutes of [0, 10_081, 1.5, 'soon']) {
      const body = await rejected('one/update', { status: 'IN_PROGRESS', stepTimeoutInMinutes });
      expect(body).toMatchObject({ code: 'InvalidRequest' });
    }
  });

  test('with InvalidStateTransition, telling the state, once the execution has ended', async () => {
    await job('one');
    await probe.ask('MyThing', 'one/update', { status: 'SUCCEEDED' });
    for (const status of ['IN_PROGRESS', 'FAILED', 'SUCCEEDED', 'REJECTED']) {
      expect(await rejected('one/update', { status })).toEqual({
        timestamp: T0,
        code: 'InvalidStateTransition',
        message: expect.any(String),
        executionState: { status: 'SUCCEEDED', versionNumber: 2 },
      });
    }
  });

  test('with TerminalStateReached when an ended execution is described', async () => {
    await job('one');
    await probe.ask('MyThing', 'one/update', { status: 'SUCCEEDED' });
    expect(await rejected('one/get', {})).toMatchObject({ code: 'TerminalStateReached' });
  });

  test('with ResourceNotFound for an execution or a thing that does not exist', async () => {
    await job('one');
    expect(await rejected('none/get', {})).toMatchObject({ code: 'ResourceNotFound' });
    expect(await rejected('one/update', { status: 'FAILED', executionNumber: 2 })).toMatchObject({
      code: 'ResourceNotFound',
    });
    expect(await rejected('one/get', {}, 'Other')).toMatchObject({ code: 'ResourceNotFound' });
    expect(await rejected('get', {}, 'Nobody')).toMatchObject({ code: 'ResourceNotFound' });
  });
});

// assumed: answers go to the client that sent the request; here there is none, and refusing would lose a rule's republish
test('A request that no device connection made is carried out without an answer', async () => {
  await job('one');
  const handler = probe.cloud.ports.get('reservedTopics').find('$aws/things/MyThing/jobs/one/update');
  await handler?.handleService?.({
    topic: '$aws/things/MyThing/jobs/one/update',
    payload: Buffer.from('{"status":"SUCCEEDED"}'),
    qos: 1,
    retain: false,
    receivedAt: 0,
  });
  expect(probe.replies).toEqual([]);
  expect(await probe.executionStatus('one', 'MyThing')).toBe('SUCCEEDED');
});
