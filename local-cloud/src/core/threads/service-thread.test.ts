import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createTestCloud, TEST_ACCOUNT, type TestCloud } from '../../testing/context.ts';
import type { ServiceApi } from '../api.ts';
import type { ManualClock } from '../clock.ts';
import type { CloudError } from '../errors.ts';
import { hostInThread } from './host-in-thread.ts';

/** A thread that speaks the protocol without any service: the other half is served for real in the end-to-end tests. */
const ECHO = `
const { parentPort } = require('node:worker_threads');
const answer = (id, value) => parentPort.postMessage({ kind: 'answered', id, outcome: { ok: true, value }, counts: [['s3.puts', 2]] });
const waiting = new Map();
parentPort.on('message', (m) => {
  if (m.kind === 'answered') return waiting.get(m.id)(m.outcome);
  if (m.kind === 'start' || m.kind === 'stop') return answer(m.id);
  if (m.kind === 'wire') return answer(m.id, { statusCode: 200, headers: {}, body: Buffer.from(m.request.body).toString() + '!' });
  if (m.input.Name === 'die') process.exit(3);
  if (m.input.Name === 'refuse') return parentPort.postMessage({ kind: 'answered', id: m.id, outcome: { ok: false, error: { name: 'AwsError', code: 'Nope', message: 'no', statusCode: 418, fields: { a: 1 } } } });
  waiting.set(7, (outcome) => answer(m.id, outcome));
  parentPort.postMessage({ kind: 'authorize', id: 7, call: m.call, permissions: [{ action: 'x:Ask', resource: '*' }] });
});`;

let directory: string;
let cloud: TestCloud<ManualClock>;
let fatal: CloudError[];
let api: ServiceApi;
let stop: () => Promise<void>;

beforeEach(async () => {
  directory = mkdtempSync(join(tmpdir(), 'fleetwright-thread-'));
  const file = join(directory, 'echo.cjs');
  writeFileSync(file, ECHO);
  fatal = [];
  cloud = createTestCloud();
  cloud.ports.provide('endpoints', { apiUrl: 'https://localhost:1', mqttHost: '', mqttPort: 0, caFile: '' });
  const plugin = cloud.use(
    hostInThread(
      () => ({
        name: 'echo',
        apis: [
          {
            service: 'sqs',
            signingName: 'sqs',
            protocol: 'awsJson1_0',
            schemas: {},
            operations: [{ name: 'Echo', authorize: () => [], handle: () => undefined }],
          },
        ],
      }),
      { file, logLevel: 'info', onFatal: (error) => fatal.push(error) },
    ),
  );
  await plugin.start?.();
  stop = async () => plugin.stop?.();
  api = plugin.apis?.[0] as ServiceApi;
});

afterEach(async () => {
  await cloud.close();
  rmSync(directory, { recursive: true, force: true });
});

const PRINCIPAL = { kind: 'account', arn: 'arn', accountId: TEST_ACCOUNT.accountId, userId: 'u' } as const;
const CALL = { principal: PRINCIPAL, requestId: 'r', sourceIp: '127.0.0.1', secure: true };

function call(Name: string): Promise<unknown> {
  return cloud.dispatcher.call(PRINCIPAL, 'sqs', 'Echo', { Name });
}

test('bytes go over and come back, and what the thread counted is counted here', async () => {
  const request = { method: 'POST', url: '/', headers: {}, body: Buffer.from('small enough to share its memory') };
  const response = await api.remote?.('Echo', request, CALL);
  expect(response?.body.toString()).toBe('small enough to share its memory!');
  expect(request.body.toString()).toBe('small enough to share its memory');
  expect(cloud.meter.get('s3.puts')).toBeGreaterThan(0);
});

test('the thread asks here whether the caller may', async () => {
  expect(await call('ask')).toMatchObject({ ok: true });
  cloud.denied.add('x:Ask');
  expect(await call('ask')).toMatchObject({ ok: false, error: { code: 'AccessDeniedException', statusCode: 403 } });
});

test('an error keeps its class, code and fields', async () => {
  await expect(call('refuse')).rejects.toMatchObject({
    name: 'AwsError',
    code: 'Nope',
    statusCode: 418,
    fields: { a: 1 },
  });
});

test('a thread that ends takes nobody’s answer with it: callers get an error and the cloud is told', async () => {
  await expect(call('die')).rejects.toThrow(/the thread of echo is gone: it ended with code 3/);
  await expect(call('ask')).rejects.toThrow(/is gone/);
  expect(fatal).toHaveLength(1);
});

test('after a stop calls are refused and nothing is fatal', async () => {
  await stop();
  await expect(call('ask')).rejects.toThrow();
  expect(fatal).toEqual([]);
});
