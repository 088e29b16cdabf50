import { temporaryState } from '../telemetry/testing/feature-context.ts';
import type { JobExecution, JobHandler, JobResult } from './job-handler.ts';
import { JobsServiceError } from './jobs-service.ts';
import { jobDocument, SimulatedAgent } from './testing/simulated-agent.ts';

type Run = (execution: JobExecution) => Promise<JobResult>;

const handler = (run: Run, extra: Partial<JobHandler> = {}): JobHandler => ({ operation: 'reboot', run, ...extra });
const done: JobResult = { status: 'succeeded' };

/** A run that ends when the test says so, or when it is told to stop. */
function held() {
  const runs: JobExecution[] = [];
  let release = (_result: JobResult): void => {};
  const run: Run = (execution) =>
    new Promise((resolve, reject) => {
      runs.push(execution);
      release = resolve;
      const abort = (): void => reject(execution.signal.reason);
      if (execution.signal.aborted) abort();
      execution.signal.addEventListener('abort', abort);
    });
  return { runs, handler: handler(run), release: (result: JobResult) => release(result) };
}

test('a result is told again until the cloud has it, over lost connections and lost answers, and set once', async () => {
  const agent = new SimulatedAgent(() => [handler(async () => done)]);
  let lost = 0;
  const service = agent.cloud.service(async (request) => {
    const answer = request();
    // The answer of the first final update is lost after it was carried out.
    if (agent.cloud.finals.length === 1 && lost++ === 0) throw new JobsServiceError('UNAVAILABLE', 'timeout');
    return answer;
  });
  agent.boot(undefined, service);
  agent.cloud.add('one', jobDocument());
  await agent.clock.pass(60_000);
  expect(agent.cloud.finals).toEqual(['one/1 SUCCEEDED']);
  expect(lost).toBeGreaterThan(0);
  expect(agent.store.current).toMatchObject({ phase: 'settled', endedByCloud: undefined });
  await agent.runner.stop();
});

test('a result of a time without connection waits on disk for the next one', async () => {
  const agent = new SimulatedAgent(() => [
    handler(async () => {
      agent.connected = false;
      return { status: 'failed', details: { reason: 'BROKEN', detail: 'it is\nbroken' } };
    }),
  ]);
  const state = temporaryState();
  agent.boot(state);
  agent.cloud.add('one', jobDocument());
  await agent.clock.pass(3_600_000);
  expect(agent.cloud.finals).toEqual([]);
  await agent.runner.stop();
  agent.boot(state);
  await agent.clock.pass(60_000);
  expect(agent.cloud.finals).toEqual([]);
  agent.online();
  await agent.clock.pass(1_000);
  expect(agent.cloud.finals).toEqual(['one/1 FAILED']);
  expect(agent.cloud.find('one').details).toEqual({ reason: 'BROKEN', detail: 'it is | broken' });
  await agent.runner.stop();
});

test('an execution that has ended is not run again when the cloud hands it out once more', async () => {
  let runs = 0;
  const agent = new SimulatedAgent(() => [
    handler(async () => {
      runs++;
      return done;
    }),
  ]);
  agent.boot();
  agent.cloud.add('one', jobDocument());
  await agent.clock.pass(1_000);
  // A cloud that has lost the end of it.
  agent.cloud.executions.splice(0, 1, { ...agent.cloud.find('one'), status: 'IN_PROGRESS' });
  agent.cloud.notify();
  await agent.clock.pass(1_000);
  expect({ runs, finals: agent.cloud.finals }).toEqual({ runs: 1, finals: ['one/1 SUCCEEDED', 'one/1 SUCCEEDED'] });
  await agent.runner.stop();
});

test('a job that is made again under the id of a deleted one is another job, also when the device was away meanwhile', async () => {
  let runs = 0;
  const agent = new SimulatedAgent(() => [
    handler(async () => {
      runs++;
      if (runs === 1) agent.connected = false;
      return done;
    }),
  ]);
  agent.boot();
  agent.cloud.add('one', jobDocument());
  await agent.clock.pass(10_000);
  agent.cloud.remove('one');
  agent.cloud.add('one', jobDocument());
  agent.online();
  await agent.clock.pass(10_000);
  expect({ runs, finals: agent.cloud.finals }).toEqual({ runs: 2, finals: ['one/1 SUCCEEDED'] });
  agent.cloud.remove('one');
  agent.cloud.add('one', jobDocument());
  await agent.clock.pass(10_000);
  expect(runs).toBe(3);
  await agent.runner.stop();
});

test('reports are bounded in rate, the newest wins, and what was said offline is said later', async () => {
  const { handler: held_, release, runs } = held();
  const agent = new SimulatedAgent(() => [held_]);
  agent.boot();
  agent.cloud.add('one', jobDocument());
  await agent.clock.pass(100);
  const [execution] = runs;
  for (let percent = 0; percent < 100; percent++) {
    execution?.report({ percent: String(percent) });
    await agent.clock.pass(100);
  }
  // 10 s of reports at 5 s between two.
  expect(agent.cloud.reports).toEqual([{ percent: '0' }, expect.anything(), expect.anything()]);
  agent.connected = false;
  execution?.report({ percent: '100' });
  await agent.clock.pass(60_000);
  const before = agent.cloud.reports.length;
  agent.online();
  await agent.clock.pass(10_000);
  expect(agent.cloud.reports.slice(before)).toContainEqual({ percent: '100' });
  release(done);
  await agent.clock.pass(1_000);
  expect(agent.cloud.finals).toEqual(['one/1 SUCCEEDED']);
  await agent.runner.stop();
});

test('a report that was not answered is made again', async () => {
  const { handler: held_, runs } = held();
  const agent = new SimulatedAgent(() => [held_]);
  let fail = false;
  agent.boot(
    undefined,
    agent.cloud.service(async (request) => {
      if (fail) throw new JobsServiceError('UNAVAILABLE', 'timeout');
      return request();
    }),
  );
  agent.cloud.add('one', jobDocument());
  await agent.clock.pass(100);
  fail = true;
  runs[0]?.report({ percent: '10' });
  await agent.clock.pass(30_000);
  fail = false;
  await agent.clock.pass(60_000);
  expect(agent.cloud.reports).toEqual([{ percent: '10' }]);
  await agent.runner.stop();
});

test('a result of a job that was deleted meanwhile is given up', async () => {
  const agent = new SimulatedAgent(() => [
    handler(async () => {
      agent.connected = false;
      return done;
    }),
  ]);
  agent.boot();
  agent.cloud.add('one', jobDocument());
  await agent.clock.pass(10_000);
  agent.cloud.remove('one');
  agent.online();
  await agent.clock.pass(10_000);
  expect(agent.store.current).toMatchObject({ phase: 'settled', endedByCloud: 'REMOVED' });
  await agent.runner.stop();
});

test('a running execution renews its step timer at half of it', async () => {
  const { handler: held_ } = held();
  const agent = new SimulatedAgent(() => [{ ...held_, stepTimeoutMinutes: 10 }]);
  agent.boot();
  agent.cloud.add('one', jobDocument());
  await agent.clock.pass(31 * 60_000);
  // At once, because the timer is another than the one it was started with, and then every 5 minutes.
  expect(agent.cloud.reports).toHaveLength(7);
  await agent.runner.stop();
});

test.each([
  ['CANCELED', 'cancelled'],
  ['TIMED_OUT', 'timed-out'],
] as const)(
  'a run whose execution is %s is told to stop, its result is not reported, and the next job runs',
  async (status, why) => {
    const { handler: held_, runs, release } = held();
    const agent = new SimulatedAgent(() => [held_]);
    agent.boot();
    agent.cloud.add('one', jobDocument());
    await agent.clock.pass(100);
    agent.cloud.end('one', status);
    await agent.clock.pass(10_000);
    expect(runs[0]?.signal.reason).toMatchObject({ why });
    agent.cloud.add('two', jobDocument());
    await agent.clock.pass(10_000);
    release(done);
    await agent.clock.pass(10_000);
    expect(agent.cloud.finals).toEqual(['two/1 SUCCEEDED']);
    expect(agent.cloud.find('one').status).toBe(status);
    await agent.runner.stop();
  },
);

test('an execution that was cancelled or deleted while the device was away ends when it is back', async () => {
  for (const end of ['CANCELED', 'deleted'] as const) {
    const { handler: held_, runs } = held();
    const agent = new SimulatedAgent(() => [held_]);
    const state = temporaryState();
    agent.boot(state);
    agent.cloud.add('one', jobDocument());
    await agent.clock.pass(100);
    agent.connected = false;
    await agent.runner.stop();
    if (end === 'deleted') agent.cloud.remove('one');
    else agent.cloud.end('one', end);
    agent.boot(state);
    await agent.clock.pass(10_000);
    expect(runs).toHaveLength(2);
    expect(runs[1]).toMatchObject({ attempt: 2, signal: { aborted: false } });
    agent.online();
    await agent.clock.pass(10_000);
    expect(runs[1]?.signal.aborted).toBe(true);
    expect(agent.store.current?.phase).toBe('settled');
    await agent.runner.stop();
  }
});

test('a handler past its point of no return goes on, and the device waits for it', async () => {
  let finish = (): void => {};
  const agent = new SimulatedAgent(() => [
    handler(
      ({ jobId }) =>
        new Promise((resolve) => {
          if (jobId === 'two') resolve(done);
          finish = () => resolve(done);
        }),
    ),
  ]);
  agent.boot();
  agent.cloud.add('one', jobDocument());
  await agent.clock.pass(100);
  agent.cloud.end('one', 'CANCELED');
  agent.cloud.add('two', jobDocument());
  await agent.clock.pass(60_000);
  expect(agent.cloud.find('two').status).toBe('QUEUED');
  finish();
  await agent.clock.pass(1_000);
  expect(agent.cloud.find('two').status).toBe('SUCCEEDED');
  await agent.runner.stop();
});

test('renewing gives the document with new URLs, waits for a connection, and refuses another document', async () => {
  const { handler: held_, runs } = held();
  const upload = (url: string) =>
    jobDocument('reboot', { operation: 'upload-logs', url, maxBytes: 4_096, nonce: 'a'.repeat(32) });
  const agent = new SimulatedAgent(() => [{ ...held_, operation: 'upload-logs' }]);
  agent.boot();
  agent.cloud.add('one', upload('https://host/key?signature=1'));
  await agent.clock.pass(100);
  const describeAs = (document: object) =>
    agent.cloud.executions.splice(0, 1, { ...agent.cloud.find('one'), document });
  describeAs(upload('https://host/key?signature=2'));
  agent.connected = false;
  let renewed: unknown;
  void runs[0]?.renew().then((document) => {
    renewed = document;
  });
  await agent.clock.pass(60_000);
  expect(renewed).toBeUndefined();
  agent.online();
  await agent.clock.pass(10_000);
  expect(renewed).toMatchObject({ url: 'https://host/key?signature=2' });
  describeAs(upload('https://elsewhere/key?signature=2'));
  await expect(runs[0]?.renew()).rejects.toMatchObject({ code: 'INPUT_INVALID' });
  agent.cloud.end('one', 'CANCELED');
  await expect(runs[0]?.renew()).rejects.toMatchObject({ why: 'cancelled' });
  await agent.runner.stop();
});

test('a device that is not ready begins nothing, and goes on when it is', async () => {
  const agent = new SimulatedAgent(() => [handler(async () => done)]);
  agent.ready = false;
  agent.boot();
  agent.cloud.add('one', jobDocument());
  await agent.clock.pass(60_000);
  expect(agent.cloud.find('one').status).toBe('QUEUED');
  agent.ready = true;
  agent.runner.wake();
  await agent.clock.pass(1_000);
  expect(agent.cloud.find('one').status).toBe('SUCCEEDED');
  await agent.runner.stop();
});

test('who makes it not ready may wait for the answer that may begin one more', async () => {
  const agent = new SimulatedAgent(() => [handler(async () => done)]);
  const own = agent.cloud.service();
  let answer: () => void = () => {};
  const slow = new Promise<void>((resolve) => {
    answer = resolve;
  });
  agent.boot(undefined, {
    ...own,
    async startNext(minutes) {
      await slow;
      return own.startNext(minutes);
    },
  });
  agent.cloud.add('one', jobDocument());
  await agent.clock.pass(1_000);
  agent.ready = false;
  let isSettled = false;
  void agent.runner.settled().then(() => {
    isSettled = true;
  });
  await agent.clock.pass(1_000);
  expect([isSettled, agent.cloud.find('one').status]).toEqual([false, 'QUEUED']);
  answer();
  await agent.clock.pass(1_000);
  expect([isSettled, agent.cloud.find('one').status]).toEqual([true, 'SUCCEEDED']);
  agent.cloud.add('two', jobDocument());
  await agent.runner.settled();
  await agent.clock.pass(1_000);
  expect(agent.cloud.find('two').status).toBe('QUEUED');
  await agent.runner.stop();
});

test('an execution of another thing is rejected, whoever hands it out', async () => {
  const agent = new SimulatedAgent(() => [handler(async () => done)]);
  const own = agent.cloud.service();
  agent.boot(undefined, {
    ...own,
    async startNext(minutes) {
      const execution = await own.startNext(minutes);
      return execution && { ...execution, thingName: 'pump-2' };
    },
  });
  agent.cloud.add('one', jobDocument());
  await agent.clock.pass(1_000);
  expect(agent.cloud.find('one')).toMatchObject({ status: 'REJECTED', details: { reason: 'FOREIGN' } });
  await agent.runner.stop();
});

test('a handler that fails, and an operation that a new agent has lost, are reported as failed', async () => {
  const handlers = [
    handler(async () => {
      throw new Error('out of tape');
    }),
  ];
  const agent = new SimulatedAgent(() => handlers);
  const state = temporaryState();
  agent.boot(state);
  agent.cloud.add('one', jobDocument());
  await agent.clock.pass(1_000);
  expect(agent.cloud.find('one').details).toEqual({ reason: 'HANDLER_FAILED', detail: 'out of tape' });
  handlers.splice(0, 1, held().handler);
  agent.cloud.add('two', jobDocument());
  await agent.runner.stop();
  agent.boot(state);
  await agent.clock.pass(100);
  await agent.runner.stop();
  handlers.length = 0;
  agent.boot(state);
  await agent.clock.pass(1_000);
  expect(agent.cloud.find('two')).toMatchObject({ status: 'FAILED', details: { reason: 'UNSUPPORTED_OPERATION' } });
  await agent.runner.stop();
});

test('a run that is stopped with its agent writes nothing any more into what the next one reads', async () => {
  const executions: JobExecution[] = [];
  const agent = new SimulatedAgent(() => [
    handler((execution) => {
      executions.push(execution);
      return new Promise(() => {});
    }),
  ]);
  const state = temporaryState();
  agent.boot(state);
  agent.cloud.add('one', jobDocument());
  await agent.clock.pass(100);
  executions[0]?.keep({ step: 1 });
  void agent.runner.stop();
  expect(() => executions[0]?.keep({ step: 2 })).toThrow('the agent stops');
  agent.boot(state);
  await agent.clock.pass(100);
  expect(executions[1]).toMatchObject({ attempt: 2, progress: { step: 1 } });
  void agent.runner.stop();
});
