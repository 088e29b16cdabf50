import { fork } from 'node:child_process';
import { readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { testScope } from '../../local-cloud/src/testing/context.ts';
import { LambdaCloud, outlast, ROLE, until } from './lambda-cloud.ts';

/** Source: Lambda developer guide, "Understanding the Lambda execution environment lifecycle", and concurrency. */

let cloud: LambdaCloud;

beforeEach(async () => {
  cloud = await new LambdaCloud().start();
});

afterEach(() => cloud.close());

const COUNTER = 'let n = 0; exports.handler = async () => ({ n: ++n, pid: process.pid, v: process.env.MODE });';

/** Answers when it is told to, by a file that appears. */
const GATED = `const fs = require('node:fs');
exports.handler = async ({ gate }) => { while (!fs.existsSync(gate)) await new Promise((r) => setTimeout(r, 5)); return process.pid; };`;

test('an environment is kept warm and used again, and ended after it has been idle', async () => {
  await cloud.function(COUNTER);
  const { payload: first } = await cloud.invoke();
  expect((await cloud.invoke()).payload).toEqual({ ...first, n: 2 });
  await cloud.clock.advance(599_000);
  expect((await cloud.invoke()).payload.n).toBe(3);
  await cloud.clock.advance(599_000);
  expect(isRunning(first.pid)).toBe(true);
  await cloud.clock.advance(1000);
  await until(() => !isRunning(first.pid));
  expect((await cloud.invoke()).payload.n).toBe(1);
});

test('concurrent invocations run in environments of their own', async () => {
  await cloud.function(GATED);
  const gate = join(cloud.directory, 'gate');
  const running = [1, 2, 3].map(() => cloud.invoke({ gate }));
  await until(() => cloud.cloud.meter.get('lambda.coldStarts') === 3);
  writeFileSync(gate, '');
  const pids = (await Promise.all(running)).map(({ payload }) => payload);
  expect(new Set(pids).size).toBe(3);
});

test('beyond the local bound invocations wait for an environment, and none is lost', async () => {
  await cloud.function(GATED, { Timeout: 60 });
  const gate = join(cloud.directory, 'gate');
  const running = Array.from({ length: 14 }, () => cloud.invoke({ gate }));
  await until(() => cloud.cloud.meter.get('lambda.coldStarts') === 10, 30_000);
  writeFileSync(gate, '');
  const pids = (await Promise.all(running)).map(({ payload }) => payload);
  expect(pids).toHaveLength(14);
  expect(new Set(pids).size).toBe(10);
}, 60_000);

test('reserved concurrency throttles with 429 and the documented reason', async () => {
  await cloud.function(GATED, { ReservedConcurrentExecutions: 1 });
  const gate = join(cloud.directory, 'gate');
  const running = cloud.invoke({ gate });
  await expect(cloud.invoke({ gate })).rejects.toMatchObject({
    code: 'TooManyRequestsException',
    message: 'Rate Exceeded.',
    statusCode: 429,
    fields: { Reason: 'ReservedFunctionConcurrentInvocationLimitExceeded' },
  });
  writeFileSync(gate, '');
  await running;
  await cloud.call('PutFunctionConcurrency', { FunctionName: 'fn', ReservedConcurrentExecutions: 0 });
  await expect(cloud.invoke({ gate })).rejects.toMatchObject({ code: 'TooManyRequestsException' });
  await cloud.call('DeleteFunctionConcurrency', { FunctionName: 'fn' });
  await cloud.invoke({ gate });
});

test('a new configuration or new code starts new environments; a tag does not', async () => {
  await cloud.function(COUNTER);
  const { payload: first } = await cloud.invoke();
  const Resource = 'arn:aws:lambda:us-east-1:123456789012:function:fn';
  await cloud.call('TagResource', { Resource, Tags: { a: 'b' } });
  expect((await cloud.invoke()).payload.n).toBe(2);
  await cloud.call('UpdateFunctionConfiguration', {
    FunctionName: 'fn',
    Environment: { Variables: { MODE: '2' } },
  });
  expect((await cloud.invoke()).payload).toMatchObject({ n: 1, v: '2' });
  await until(() => !isRunning(first.pid));
});

test('credentials that would run out during an invocation are renewed with a new environment', async () => {
  let issued = 0;
  cloud.cloud.ports.provide('credentials', {
    issue: (_principal, lifetime) => ({
      accessKeyId: `ASIA${++issued}`,
      secretAccessKey: 's',
      sessionToken: 't',
      expiration: cloud.clock.now() + lifetime,
    }),
    administrator: () => ({ accessKeyId: '', secretAccessKey: '' }),
    find: () => undefined,
  });
  await cloud.function('exports.handler = async () => process.env.AWS_ACCESS_KEY_ID;');
  expect((await cloud.invoke()).payload).toBe('ASIA1');
  for (let minutes = 0; minutes < 6 * 60; minutes += 9) {
    await cloud.clock.advance(9 * 60_000);
    await cloud.invoke();
  }
  expect((await cloud.invoke()).payload).toBe('ASIA2');
});

test('a stop waits for a running invocation, then no process is left', async () => {
  await cloud.function(GATED);
  await cloud.invoke({ gate: '/' });
  const gate = join(cloud.directory, 'gate');
  const running = cloud.invoke({ gate });
  await until(() => cloud.cloud.meter.get('lambda.invocations') === 2);
  const stopped = cloud.lambda.stop?.();
  writeFileSync(gate, '');
  const { payload: pid } = await running;
  await stopped;
  expect(isRunning(pid)).toBe(false);
  await expect(cloud.invoke({ gate })).rejects.toMatchObject({ statusCode: 500 });
});

test('a stop ends an invocation that takes longer than the grace', async () => {
  await cloud.function(GATED, { Timeout: 600 });
  await cloud.invoke({ gate: '/' });
  const running = cloud.invoke({ gate: join(cloud.directory, 'never') });
  await until(() => cloud.cloud.meter.get('lambda.invocations') === 2);
  await outlast(cloud.clock, cloud.lambda.stop?.() as Promise<void>);
  expect((await running).payload.errorType).toBe('Runtime.ExitError');
});

test.each([
  ['idle', 'exports.handler = async () => process.pid;'],
  ['blocked', 'exports.handler = async () => { for (;;); };'],
])('the process of an %s function ends when its cloud is killed', async (_title, source) => {
  // A process in between plays the cloud that dies without a word.
  const root = cloud.bundle({
    'index.js': source,
    'cloud.cjs': `const { fork } = require('node:child_process');
      const child = fork(process.argv[2], [String(process.pid)], { serialization: 'advanced', detached: true, stdio: ['ignore', 'pipe', 'pipe', 'ipc'] });
      const start = { taskRoot: __dirname, handler: 'index.handler', runtime: 'nodejs24.x', logFormat: 'Text', mark: 'm', maxResponseBytes: 100 };
      child.send(start);
      child.once('message', () => {
        child.send({ id: '1', event: '{}', remainingMilliseconds: 1000, invokedFunctionArn: '', traceId: '' });
        setTimeout(() => process.send(child.pid), 200);
      });
      setInterval(() => {}, 1000);`,
  });
  const bootstrap = join(process.cwd(), 'local-cloud/src/services/lambda/runtime/bootstrap.mjs');
  const middle = fork(join(root, 'cloud.cjs'), [bootstrap], { execArgv: [] });
  const pid = await new Promise<number>((resolve) => middle.once('message', (message) => resolve(Number(message))));
  expect(isRunning(pid)).toBe(true);
  middle.kill('SIGKILL');
  await until(() => !isRunning(pid));
});

test('functions, their code and their settings are there after a restart', async () => {
  await cloud.function('exports.handler = async () => process.env.MODE;', {
    Environment: { Variables: { MODE: 'kept' } },
  });
  await cloud.function('exports.handler = async () => 2;', {}, 'other');
  await cloud.call('DeleteFunction', { FunctionName: 'other' });
  expect(readdirSync(join(cloud.directory, 'lambda/code'))).toHaveLength(1);
  await cloud.close(true);
  cloud = await new LambdaCloud({ directory: cloud.directory }).start();
  expect((await cloud.invoke()).payload).toBe('kept');
  await expect(cloud.invoke({}, { FunctionName: 'other' })).rejects.toMatchObject({
    code: 'ResourceNotFoundException',
  });
});

test('a queue URL of an earlier run leads to where the cloud is now', async () => {
  const queue = '/123456789012/orders';
  const Variables = { QUEUE_URL: `https://localhost:1${queue}`, OTHER: `https://example.com:1${queue}` };
  await cloud.function('exports.handler = async () => [process.env.QUEUE_URL, process.env.OTHER];', {
    Environment: { Variables },
  });
  expect((await cloud.invoke()).payload).toEqual([`https://localhost:4566${queue}`, Variables.OTHER]);
});

test('an inline template function is packed as index.js, and an update of the template changes it in place', async () => {
  const provider = cloud.provider('AWS::Lambda::Function');
  const properties = {
    Code: { ZipFile: 'exports.handler = async () => 1;' },
    Handler: 'index.handler',
    Runtime: 'nodejs22.x',
    Role: ROLE,
    Timeout: 30,
    Tags: [{ Key: 'a', Value: 'b' }],
  };
  const scope = testScope('Inline');
  const state = await provider.create(properties, scope);
  const name = state.physicalId;
  expect(state.attributes).toEqual({ Arn: `arn:aws:lambda:us-east-1:123456789012:function:${name}` });
  expect((await cloud.invoke({}, { FunctionName: name })).payload).toBe(1);
  const changed = { ...properties, Code: { ZipFile: 'exports.handler = async () => 2;' }, Timeout: undefined };
  expect(await provider.update(changed, properties, state, scope)).toEqual(state);
  expect((await cloud.invoke({}, { FunctionName: name })).payload).toBe(2);
  expect(await cloud.call('GetFunctionConfiguration', { FunctionName: name })).toMatchObject({ Timeout: 3 });
  await provider.delete(state, changed, scope);
  await expect(cloud.invoke({}, { FunctionName: name })).rejects.toMatchObject({ code: 'ResourceNotFoundException' });
});

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}
