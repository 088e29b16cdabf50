import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CancelJobExecutionCommand, DeleteJobExecutionCommand } from '@aws-sdk/client-iot';
import { CreateBucketCommand, GetObjectCommand, PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { getSignedUrl } from '@aws-sdk/s3-request-presigner';
import { systemClock } from '../../device-client/src/clock.ts';
import { rebootHandler } from '../../device-client/src/jobs/handlers/reboot.ts';
import { runScriptHandler } from '../../device-client/src/jobs/handlers/run-script.ts';
import type { AnyJobHandler } from '../../device-client/src/jobs/job-handler.ts';
import { JobsFeature } from '../../device-client/src/jobs/jobs-feature.ts';
import { type AgentPlatform, issued, startAgentPlatform } from '../support/agent-platform.ts';
import { type AgentProcess, agentSettings, startAgent } from '../support/agent-process.ts';
import { eventually } from '../support/eventually.ts';
import { OutageProxy } from '../support/outage-proxy.ts';

let agents: AgentPlatform;
let scripts: string;

beforeAll(async () => {
  agents = await startAgentPlatform();
  scripts = mkdtempSync(join(tmpdir(), 'fleetwright-scripts-'));
  chmodSync(scripts, 0o755);
}, 120_000);
afterAll(async () => {
  await agents?.stop();
  rmSync(scripts, { recursive: true, force: true });
}, 30_000);

const OWNER = process.getuid?.() ?? 0;

function install(name: string, lines: string): void {
  writeFileSync(join(scripts, name), `#!/bin/sh\n${lines}\n`);
  chmodSync(join(scripts, name), 0o755);
}

function jobsOf(...handlers: AnyJobHandler[]): JobsFeature {
  return new JobsFeature({ handlers, reportInterval: 100 });
}

const scriptRunner = () => runScriptHandler({ directory: scripts, owner: OWNER });

const run = (script: string, extra: object = {}) => ({ ...issued(), operation: 'run', script, ...extra });

test('a job made while the device is away runs when it comes, one made later at once; one at a time, results in order', async () => {
  install('hello', 'echo "hello $1"; sleep 0.3');
  const first = await agents.start('JOBS-0001', []);
  const { thingName } = first.identity;
  await first.stop();
  await agents.createJob('early', thingName, run('hello', { arguments: ['early; rm -rf "$HOME"'] }));
  await agents.createJob('early-2', thingName, run('hello', { arguments: ['again'] }));
  const feature = jobsOf(scriptRunner());
  const order: string[] = [];
  feature.on('begun', ({ jobId }) => order.push(`begun ${jobId}`));
  feature.on('settled', ({ jobId }, status) => order.push(`${status} ${jobId}`));
  await agents.start('JOBS-0001', [feature]);
  const { details } = await agents.reached('early', thingName, 'SUCCEEDED');
  expect(details).toEqual({ exitCode: '0', output: 'hello early; rm -rf "$HOME"' });
  await agents.reached('early-2', thingName, 'SUCCEEDED');
  await agents.createJob('late', thingName, run('hello'));
  await agents.reached('late', thingName, 'SUCCEEDED');
  // The cloud says so before the device has heard it.
  await eventually('the device to know', async () => order.includes('SUCCEEDED late'));
  expect(order).toEqual([
    'begun early',
    'SUCCEEDED early',
    'begun early-2',
    'SUCCEEDED early-2',
    'begun late',
    'SUCCEEDED late',
  ]);
}, 60_000);

test('what fails is reported as failed, and what cannot be begun as rejected, each with its reason', async () => {
  install('fails', 'echo "no pressure" >&2; exit 7');
  install('slow', 'echo begun; (sleep 300) & sleep 300');
  install('open', 'exit 0');
  chmodSync(join(scripts, 'open'), 0o777);
  const device = await agents.start('JOBS-0002', [jobsOf(scriptRunner())]);
  const { thingName } = device.identity;
  const old = { ...run('hello'), issuedAt: Date.now() - 10_000, expiresAt: Date.now() - 1_000 };
  const stolen = run('fails');
  const cases: [string, object, 'FAILED' | 'REJECTED', object][] = [
    ['fails', stolen, 'FAILED', { reason: 'EXIT_CODE', detail: 'exit code 7', output: 'no pressure' }],
    ['timeout', run('slow', { timeoutSeconds: 1 }), 'FAILED', { reason: 'TIMED_OUT', output: 'begun' }],
    ['missing', run('unknown'), 'REJECTED', { reason: 'SCRIPT_REFUSED' }],
    ['writable', run('open'), 'REJECTED', { reason: 'SCRIPT_REFUSED' }],
    ['expired', old, 'REJECTED', { reason: 'EXPIRED' }],
    ['replayed', { ...stolen, script: 'open' }, 'REJECTED', { reason: 'REPLAYED' }],
    ['future', { ...run('open'), issuedAt: Date.now() + 3_600_000 }, 'REJECTED', { reason: 'NOT_YET_VALID' }],
    ['shapeless', { operation: 'format-disk' }, 'REJECTED', { reason: 'DOCUMENT_INVALID' }],
    ['unable', { ...issued(), operation: 'reboot' }, 'REJECTED', { reason: 'UNSUPPORTED_OPERATION' }],
  ];
  for (const [jobId, document] of cases) await agents.createJob(jobId, thingName, document);
  for (const [jobId, , status, expected] of cases) {
    const { details } = await agents.reached(jobId, thingName, status);
    expect({ jobId, ...details }).toMatchObject({ jobId, ...expected });
  }
}, 60_000);

test('a retried execution of one job brings its nonce again and is run again', async () => {
  const counter = join(scripts, 'counter');
  install('second-try', `echo x >> ${counter}; [ "$(wc -l < ${counter})" -ge 2 ]`);
  const device = await agents.start('JOBS-0003', [jobsOf(scriptRunner())]);
  const { thingName } = device.identity;
  const retryOnce = { jobExecutionsRetryConfig: { criteriaList: [{ failureType: 'FAILED', numberOfRetries: 1 }] } };
  await agents.createJob('retried', thingName, run('second-try'), retryOnce);
  const { execution } = await agents.reached('retried', thingName, 'SUCCEEDED');
  expect(execution.executionNumber).toBe(2);
  expect((await agents.execution('retried', thingName, 1)).status).toBe('FAILED');
}, 60_000);

test('a job that is cancelled or deleted while it runs ends on the device, with all that it started, and the next one runs', async () => {
  const marker = join(scripts, 'marker');
  install('endless', `echo $$ > ${marker}; sleep 300 & wait`);
  const feature = jobsOf(scriptRunner());
  const ends: string[] = [];
  feature.on('cancelled', ({ jobId }, status) => ends.push(`${jobId} ${status}`));
  const device = await agents.start('JOBS-0004', [feature]);
  const { thingName } = device.identity;
  for (const [jobId, command] of [
    ['cancelled', new CancelJobExecutionCommand({ jobId: 'cancelled', thingName, force: true })],
    ['deleted', new DeleteJobExecutionCommand({ jobId: 'deleted', thingName, force: true, executionNumber: 1 })],
  ] as const) {
    rmSync(marker, { force: true });
    await agents.createJob(jobId, thingName, run('endless'));
    const pid = Number(await eventually('the script', async () => readFileSync(marker, 'utf8').trim()));
    await agents.iot.send(command as CancelJobExecutionCommand);
    await eventually(`${jobId} to end`, async () => !alive(pid));
  }
  await agents.createJob('after', thingName, run('hello'));
  await agents.reached('after', thingName, 'SUCCEEDED');
  expect((await agents.execution('cancelled', thingName)).status).toBe('CANCELED');
  expect(ends).toEqual(['cancelled CANCELED', 'deleted REMOVED']);
}, 60_000);

test('a job that waits for a reboot is resumed after it, and succeeds once', async () => {
  let bootIdentity = 'boot-1';
  let reboots = 0;
  const machine = { bootIdentity: () => bootIdentity, reboot: async () => void reboots++ };
  const handler = () => rebootHandler({ machine, clock: systemClock });
  const before = await agents.start('JOBS-0005', [jobsOf(handler())]);
  const { thingName } = before.identity;
  await agents.createJob('reboot', thingName, { ...issued(), operation: 'reboot' });
  await eventually('the reboot', async () => reboots === 1);
  await eventually('its report', async () => {
    const { statusDetails } = await agents.execution('reboot', thingName);
    return statusDetails?.detailsMap?.stage === 'rebooting';
  });
  await before.stop();
  expect((await agents.execution('reboot', thingName)).status).toBe('IN_PROGRESS');
  bootIdentity = 'boot-2';
  const after = jobsOf(handler());
  const begun: number[] = [];
  after.on('begun', (_execution, _operation, attempt) => begun.push(attempt));
  await agents.start('JOBS-0005', [after]);
  await agents.reached('reboot', thingName, 'SUCCEEDED');
  expect({ begun, reboots }).toEqual({ begun: [2], reboots: 1 });
}, 60_000);

test('a script that a restart has interrupted is not run twice, and its failure is told', async () => {
  const counter = join(scripts, 'interrupted-counter');
  install('interrupted', `echo x >> ${counter}; sleep 300`);
  const before = await agents.start('JOBS-0006', [jobsOf(scriptRunner())]);
  const { thingName } = before.identity;
  await agents.createJob('interrupted', thingName, run('interrupted'));
  await eventually('the script', async () => readFileSync(counter, 'utf8'));
  await before.stop();
  await agents.start('JOBS-0006', [jobsOf(scriptRunner())]);
  const { details } = await agents.reached('interrupted', thingName, 'FAILED');
  expect(details.reason).toBe('INTERRUPTED');
  expect(readFileSync(counter, 'utf8')).toBe('x\n');
}, 60_000);

test('what ends while there is no connection is told when there is one, and what was cancelled meanwhile is not', async () => {
  const { mqttHost, mqttPort } = agents.platform.description;
  const proxy = new OutageProxy(mqttHost, mqttPort);
  await proxy.start();
  install('brief', 'sleep 1; echo done');
  install('long', 'sleep 300');
  const feature = jobsOf(scriptRunner());
  const told: string[] = [];
  const begun = new Set<string>();
  // The cloud calls an execution IN_PROGRESS before the device has its answer.
  const running = (jobId: string) => eventually(`${jobId} to begin`, async () => begun.has(jobId));
  feature.on('begun', ({ jobId }) => void begun.add(jobId));
  feature.on('ended', ({ jobId }, { status }) => told.push(`device ${jobId} ${status}`));
  feature.on('settled', ({ jobId }, status) => told.push(`cloud ${jobId} ${status}`));
  const device = await agents.start('JOBS-0009', [feature], proxy);
  const { thingName } = device.identity;

  await agents.createJob('brief', thingName, run('brief'));
  await running('brief');
  proxy.down();
  await eventually('the end of the script', async () => told.includes('device brief SUCCEEDED'));
  expect((await agents.execution('brief', thingName)).status).toBe('IN_PROGRESS');
  proxy.up();
  const { details } = await agents.reached('brief', thingName, 'SUCCEEDED', 40_000);
  expect(details.output).toBe('done');

  await agents.createJob('long', thingName, run('long'));
  await running('long');
  proxy.down();
  await agents.iot.send(new CancelJobExecutionCommand({ jobId: 'long', thingName, force: true }));
  proxy.up();
  await eventually('the end of the script', async () => told.includes('device long FAILED'), 40_000);
  await agents.createJob('brief-2', thingName, run('brief'));
  await agents.reached('brief-2', thingName, 'SUCCEEDED');
  await eventually('the device to know', async () => told.includes('cloud brief-2 SUCCEEDED'));
  expect((await agents.execution('long', thingName)).status).toBe('CANCELED');
  expect(told).toEqual([
    'device brief SUCCEEDED',
    'cloud brief SUCCEEDED',
    'device long FAILED',
    'cloud long CANCELED',
    'device brief-2 SUCCEEDED',
    'cloud brief-2 SUCCEEDED',
  ]);
  await device.stop();
  await proxy.stop();
}, 120_000);

describe('the agent as a service', () => {
  const ended: AgentProcess[] = [];
  afterAll(() => {
    for (const { child } of ended) child.kill('SIGKILL');
  });

  function agent(serialNumber: string): AgentProcess {
    const { platform } = agents;
    const { caFile } = platform.description;
    const config = {
      ...agentSettings(platform, serialNumber),
      jobs: { scriptDirectory: scripts },
      downloads: { caFile },
    };
    const started = startAgent({ directory: join(platform.directory, 'agents', serialNumber), config });
    ended.push(started);
    return started;
  }

  const thing = (process: AgentProcess) =>
    eventually('a connected agent', async () => {
      const { connection, thingName } = await process.health();
      return connection.connected && thingName;
    });

  // The agent takes scripts from root's hand alone.
  (OWNER === 0 ? test : test.skip)(
    'killed while a script runs, it ends what is left of it, tells the failure, and does not run it again',
    async () => {
      const counter = join(scripts, 'killed-counter');
      install('killed', `echo $$ >> ${counter}; exec sleep 300`);
      const first = agent('JOBS-0007');
      const thingName = await thing(first);
      await agents.createJob('killed', thingName, run('killed'));
      const pid = Number(await eventually('the script', async () => readFileSync(counter, 'utf8').trim()));
      first.child.kill('SIGKILL');
      await first.ended;
      expect(alive(pid)).toBe(true);
      const second = agent('JOBS-0007');
      const { details } = await agents.reached('killed', thingName, 'FAILED', 40_000);
      expect(details.reason).toBe('INTERRUPTED');
      await eventually('the script to end', async () => !alive(pid));
      expect(readFileSync(counter, 'utf8').trim().split('\n')).toHaveLength(1);
      await agents.createJob('after-killed', thingName, run('hello'));
      await agents.reached('after-killed', thingName, 'SUCCEEDED');
      second.child.kill('SIGTERM');
      expect(await second.ended).toBe(0);
    },
    90_000,
  );

  test('changes its certificate, and uploads what it has logged of it', async () => {
    const process = agent('JOBS-0008');
    const thingName = await thing(process);
    const before = (await process.health()).certificate?.id;
    await agents.createJob('rotate', thingName, { ...issued(), operation: 'rotate-certificate' });
    await agents.reached('rotate', thingName, 'SUCCEEDED', 60_000);
    const after = (await process.health()).certificate?.id;
    expect([typeof after, after === before]).toEqual(['string', false]);

    const s3 = new S3Client({ ...agents.platform.settings, forcePathStyle: true });
    const where = { Bucket: 'uploaded-logs', Key: 'JOBS-0008.log' };
    await s3.send(new CreateBucketCommand({ Bucket: where.Bucket }));
    const url = await getSignedUrl(s3, new PutObjectCommand(where), { expiresIn: 300 });
    await agents.createJob('upload', thingName, { ...issued(), operation: 'upload-logs', url, maxBytes: 65_536 });
    const { details } = await agents.reached('upload', thingName, 'SUCCEEDED');
    const { Body } = await s3.send(new GetObjectCommand(where));
    const text = (await Body?.transformToString()) ?? '';
    s3.destroy();
    expect(Number(details.bytes)).toBe(Buffer.byteLength(text));
    const lines = text.trim().split('\n');
    expect(lines.map((line) => JSON.parse(line).message)).toContain('a job runs');
    // URLs are permissions: they are not for the log.
    expect(process.output()).not.toContain('X-Amz-Signature');
  }, 120_000);
});

function alive(pid: number): boolean {
  try {
    process.kill(-pid, 0);
    return true;
  } catch {
    return false;
  }
}
