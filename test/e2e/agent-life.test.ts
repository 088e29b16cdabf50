import { execFileSync } from 'node:child_process';
import { readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import {
  AttachPolicyCommand,
  CreateJobCommand,
  CreatePolicyCommand,
  DescribeCertificateCommand,
  DescribeJobExecutionCommand,
  DescribeThingCommand,
  DetachPolicyCommand,
  IoTClient,
} from '@aws-sdk/client-iot';
import { GetThingShadowCommand, IoTDataPlaneClient, UpdateThingShadowCommand } from '@aws-sdk/client-iot-data-plane';
import { PROJECT_ROOT } from '../../cli/project-root.ts';
import { ConnectProxy } from '../../device-client/src/connection/testing/connect-proxy.ts';
import { issued } from '../support/agent-platform.ts';
import { type AgentProcess, agentSettings, startAgent } from '../support/agent-process.ts';
import { endCommands, fleetwright } from '../support/command.ts';
import { eventually } from '../support/eventually.ts';
import { startTestPlatform, type TestPlatform } from '../support/platform.ts';

let platform: TestPlatform;
let iot: IoTClient;
let data: IoTDataPlaneClient;
const agents: AgentProcess[] = [];

beforeAll(async () => {
  platform = await startTestPlatform();
  iot = new IoTClient(platform.settings);
  data = new IoTDataPlaneClient(platform.settings);
}, 60_000);
afterAll(async () => {
  iot?.destroy();
  data?.destroy();
  for (const { child } of agents) child.kill('SIGKILL');
  await endCommands();
  await platform?.stop();
});

const dataDirectory = () => ['--data-dir', join(platform.directory, 'data')];
const directoryOf = (serialNumber: string) => join(platform.directory, 'agents', serialNumber);

function agent(
  serialNumber: string,
  more: object = {},
  environment: Readonly<Record<string, string>> = {},
): AgentProcess {
  const config = { ...agentSettings(platform, serialNumber), ...more };
  const started = startAgent({ directory: directoryOf(serialNumber), config, environment });
  agents.push(started);
  return started;
}

const active = (process: AgentProcess) =>
  eventually(
    `an active agent\n${process.output()}`,
    async () => {
      const health = await process.health();
      return health.state === 'active' && health.connection.connected && health;
    },
    40_000,
  );

async function createJob(jobId: string, thingName: string, document: object): Promise<void> {
  const { thingArn } = await iot.send(new DescribeThingCommand({ thingName }));
  await iot.send(new CreateJobCommand({ jobId, targets: [thingArn as string], document: JSON.stringify(document) }));
}

async function jobStatus(jobId: string, thingName: string): Promise<string | undefined> {
  const { execution } = await iot.send(new DescribeJobExecutionCommand({ jobId, thingName }));
  return execution?.status;
}

async function configuration(thingName: string, desired?: object): Promise<{ reported?: Record<string, unknown> }> {
  const shadow = { thingName, shadowName: 'config' };
  if (desired !== undefined) {
    const document = Buffer.from(JSON.stringify({ state: { desired } }));
    await data.send(new UpdateThingShadowCommand({ ...shadow, payload: document }));
  }
  const { payload } = await data.send(new GetThingShadowCommand(shadow));
  return JSON.parse(Buffer.from(payload ?? []).toString()).state;
}

async function stopTime(process: AgentProcess, signal: 'SIGTERM' | 'SIGINT'): Promise<number> {
  const told = performance.now();
  process.child.kill(signal);
  expect(await process.ended).toBe(0);
  return performance.now() - told;
}

test('an agent provisions itself, takes samples of its machine, tells how it is, and ends within 2 s', async () => {
  const first = agent('LIFE-0001');
  const health = await active(first);
  expect(health).toMatchObject({ bootId: 1, rotation: 'idle', clock: { kind: 'plausible', proven: true } });
  expect(statSync(first.socket).mode & 0o777).toBe(0o660);
  expect(statSync(join(directoryOf('LIFE-0001'), 'state', 'device.key.pem')).mode & 0o777).toBe(0o600);

  const samples = [{ values: { temperature: 21.5 } }, { time: Date.now(), values: { temperature: 22 } }];
  expect(await first.ask('POST', '/samples', { samples })).toEqual({ status: 200, body: { stored: 2 } });
  await eventually('the samples in the cloud', async () => (await first.health()).queue.depth === 0);
  expect(await first.ask('POST', '/samples', { samples: [{ values: {} }] })).toMatchObject({ status: 400 });
  expect(await first.ask('GET', '/samples')).toMatchObject({ status: 405 });

  // A second one on the same state directory does not get far, and does the first no harm.
  const config = { ...agentSettings(platform, 'LIFE-0001'), socket: join(platform.directory, 'second.sock') };
  const second = startAgent({ directory: directoryOf('LIFE-0001'), config });
  expect(await second.ended).toBe(1);
  expect(second.output()).toContain(`in use by process ${first.child.pid}`);
  expect((await first.health()).connection.connected).toBe(true);

  expect(await stopTime(first, 'SIGTERM')).toBeLessThan(2_000);
  expect(first.lines.map(({ message }) => message)).toEqual(
    expect.arrayContaining(['agent starts', 'provisioned', 'state', 'connected', 'agent stops']),
  );
  expect(first.output()).not.toContain('PRIVATE KEY');

  const again = agent('LIFE-0001');
  expect(await active(again)).toMatchObject({ bootId: 2, thingName: health.thingName });
  expect(await stopTime(again, 'SIGINT')).toBeLessThan(2_000);
}, 90_000);

test('a program of the machine reads its shadow and reports in it, also what it said before there was a connection', async () => {
  const started = agent('LIFE-0009', { twin: { shadows: ['press'] } });
  const { thingName } = await active(started);
  const shadow = { thingName, shadowName: 'press' };
  const payload = Buffer.from(JSON.stringify({ state: { desired: { recipe: { name: 'b', force: 40 } } } }));
  await data.send(new UpdateThingShadowCommand({ ...shadow, payload }));
  const desired = { recipe: { name: 'b', force: 40 } };
  await eventually('the desired state', async () => {
    const { body } = await started.ask('GET', '/shadows/press');
    return isDeepStrictEqual(body, { desired, reported: {} });
  });
  expect(await started.ask('POST', '/shadows/press', { reported: { recipe: desired.recipe, count: 1 } })).toMatchObject(
    {
      status: 200,
    },
  );
  const reported = async () => {
    const answer = await data.send(new GetThingShadowCommand(shadow));
    const { delta, reported } = JSON.parse(Buffer.from(answer.payload ?? []).toString()).state;
    return delta === undefined && reported;
  };
  expect(await eventually('the report', reported)).toEqual({ recipe: desired.recipe, count: 1 });
  expect(await started.ask('GET', '/shadows/other')).toMatchObject({ status: 404 });
  expect(await stopTime(started, 'SIGTERM')).toBeLessThan(2_000);

  const again = agent('LIFE-0009', { twin: { shadows: ['press'] } });
  await eventually(
    'an answer',
    async () => (await again.ask('GET', '/shadows/press').catch(() => undefined))?.status === 200,
  );
  expect(await again.ask('GET', '/shadows/press')).toMatchObject({ body: { desired, reported: { count: 1 } } });
  await again.ask('POST', '/shadows/press', { reported: { count: null } });
  await eventually('the name taken back', async () => isDeepStrictEqual(await reported(), { recipe: desired.recipe }));
}, 60_000);

test('an agent on a battery reports as its budget allows, and does what it is commanded', async () => {
  const power = {
    capacity: 2_400,
    life: 5,
    sleep: 3,
    sense: { current: 500, duration: 20 },
    transmit: { current: 20_000, duration: 2_000 },
    sampleInterval: 60_000,
  };
  const started = agent('LIFE-0005', { power });
  const { features, thingName } = await active(started);
  expect(features.power).toMatchObject({ allowed: expect.closeTo(54.8, 1) });
  expect(features.telemetry).toMatchObject({ maxDelay: (features.power as { reportInterval: number }).reportInterval });

  const send = async (...words: string[]) => {
    const { exitCode, stdout } = await fleetwright('command', 'send', thingName as string, ...words, ...dataDirectory())
      .result;
    return [exitCode, stdout.trim()];
  };
  expect(await send('report-health')).toEqual([0, 'report-health done: reported']);
  // Its budget would have it wait for hours.
  await started.ask('POST', '/samples', { samples: [{ values: { temperature: 21 } }] });
  expect(await send('flush-telemetry')).toEqual([0, expect.stringMatching(/^flush-telemetry done: [1-9] samples$/)]);
  expect(await send('set-log-level', '--parameters', '{"level":"debug","seconds":0}')).toEqual([
    1,
    expect.stringContaining('PARAMETERS_INVALID'),
  ]);
  expect(await send('set-log-level', '--parameters', '{"level":"warn","seconds":1}')).toEqual([
    0,
    'set-log-level done: warn for 1 s',
  ]);
  const connections = () => started.lines.filter(({ message }) => message === 'connected').length;
  await eventually('the log as configured', async () =>
    started.lines.some(({ message }) => message === 'the log is kept as configured again'),
  );
  const before = connections();
  expect(await send('reconnect')).toEqual([0, 'reconnect done: reconnecting']);
  await eventually('a new connection', async () => connections() > before);
}, 120_000);

test('what a killed agent has left, lock and socket, does not keep the next one away', async () => {
  const killed = agent('LIFE-0002');
  await active(killed);
  killed.child.kill('SIGKILL');
  await killed.ended;
  const next = agent('LIFE-0002');
  expect(await active(next)).toMatchObject({ bootId: 2 });
}, 60_000);

test('an agent without a network runs, tells its service manager that it is up and alive, keeps samples over a restart, and ends within 2 s', async () => {
  const online = agent('LIFE-0003');
  await active(online);
  await stopTime(online, 'SIGTERM');
  const nowhere = { endpoint: { host: '127.0.0.1', port: 9 }, clock: { url: 'https://127.0.0.1:9/' } };
  // What says it to systemd: here it is written down.
  const notify = join(platform.directory, 'systemd-notify');
  writeFileSync(notify, '#!/bin/sh\necho "$@" >> "$0.said"\n', { mode: 0o755 });
  const offline = agent('LIFE-0003', nowhere, {
    PATH: `${platform.directory}:${process.env.PATH}`,
    NOTIFY_SOCKET: '/run/systemd/notify',
    WATCHDOG_USEC: '3000000',
  });
  await eventually('its queue', async () => (await offline.health()).features.telemetry !== undefined);
  expect((await offline.health()).bootId).toBe(2);
  expect(await offline.ask('POST', '/samples', { samples: [{ values: { temperature: 21 } }] })).toMatchObject({
    status: 200,
  });
  const said = () => readFileSync(`${notify}.said`, 'utf8');
  await eventually('signs for the watchdog', async () => said().split('WATCHDOG=1').length > 3);
  expect(said()).toMatch(/^READY=1 STATUS=active/);
  expect(said()).toContain('STATUS=active, not connected: ');
  expect(await stopTime(offline, 'SIGTERM')).toBeLessThan(2_000);
  await eventually('the end', async () => said().includes('STOPPING=1 STATUS=stopping: told to stop'));
  const back = agent('LIFE-0003');
  await active(back);
  await eventually('the sample in the cloud', async () => (await back.health()).queue.depth === 0);
  const { telemetryTable } = platform;
  await eventually(
    'the sample in the store',
    async () => {
      const sql = `SELECT count(*) FROM ${telemetryTable} WHERE thing_name LIKE '%LIFE-0003' AND boot_id = 2 AND temperature = 21`;
      return (await platform.reader.number(sql)) === 1;
    },
    60_000,
  );
}, 150_000);

test('a device in maintenance begins no job, also when it comes back, until it is over; and a decommissioned one never comes back', async () => {
  const first = agent('LIFE-0004');
  const { thingName = '' } = await active(first);
  expect(await first.ask('POST', '/maintenance', { on: true })).toMatchObject({ body: { state: 'maintenance' } });
  await createJob('held-back', thingName, { ...issued(), operation: 'configure', settings: { logLevel: 'debug' } });
  await stopTime(first, 'SIGTERM');
  const second = agent('LIFE-0004');
  await eventually('a connection', async () => (await second.health()).connection.connected);
  expect(await second.health()).toMatchObject({ state: 'maintenance' });
  // Time for a request and its answer.
  await new Promise((resolve) => setTimeout(resolve, 1_500));
  expect(await jobStatus('held-back', thingName)).toBe('QUEUED');
  expect(await second.ask('POST', '/maintenance', { on: false })).toMatchObject({ body: { state: 'active' } });
  await eventually('the job', async () => (await jobStatus('held-back', thingName)) === 'SUCCEEDED');
  expect(await second.ask('POST', '/decommission', { serialNumber: 'LIFE-0005' })).toMatchObject({ status: 409 });
  expect(await second.ask('POST', '/decommission', { serialNumber: 'LIFE-0004' })).toMatchObject({ status: 202 });
  expect(await second.ended).toBe(3);
  for (const file of ['device.key.pem', 'device.certificate.pem', 'identity.json']) {
    const path = join(directoryOf('LIFE-0004'), 'state', file);
    expect([file, statSync(path, { throwIfNoEntry: false })]).toEqual([file, undefined]);
  }
  expect(await agent('LIFE-0004').ended).toBe(3);
}, 90_000);

test('an agent behind a proxy goes through it with everything, and stops in time while the proxy refuses', async () => {
  const proxy = new ConnectProxy('agent:secret');
  await proxy.start();
  const passwordFile = join(platform.directory, 'proxy.password');
  writeFileSync(passwordFile, 'secret\n', { mode: 0o600 });
  const through = { host: '127.0.0.1', port: proxy.port, username: 'agent', passwordFile };
  const refused = agent('LIFE-0007', { proxy: { ...through, username: 'nobody' } });
  await eventually('attempts', async () => proxy.refused > 1);
  expect((await refused.health()).state).toBe('unprovisioned');
  await stopTime(refused, 'SIGTERM');
  expect(proxy.tunnels).toEqual([]);

  const { description } = platform;
  const started = agent('LIFE-0007', { proxy: through });
  await active(started);
  const places = [`${description.mqttHost}:${description.mqttPort}`, new URL(description.apiUrl).host];
  expect([...new Set(proxy.tunnels)].sort()).toEqual(places.sort());
  expect(started.output()).not.toContain('secret');
  await stopTime(started, 'SIGTERM');
  await proxy.stop();
}, 90_000);

test('remote settings with which the agent is not heard any more are taken back, and the reason is reported', async () => {
  const started = agent('LIFE-0006', { twin: { healthyWithin: 5_000 } });
  const { certificate, thingName = '' } = await active(started);
  await configuration(thingName, { logLevel: 'info', healthInterval: 60_000, sampleInterval: 500 });
  const reported = (expected: object) =>
    eventually(`reported ${JSON.stringify(expected)}`, async () => {
      expect((await configuration(thingName)).reported).toMatchObject(expected);
      return true;
    });
  await reported({ logLevel: 'info', healthInterval: 60_000, _twin: { status: 'applied' } });

  const inUse = { logLevel: 'info', healthInterval: 60_000, sampleInterval: 500 };
  expect(await started.ask('GET', '/settings')).toEqual({ status: 200, body: inUse });

  // The platform takes from the device what it says its condition with.
  const { certificateDescription } = await iot.send(new DescribeCertificateCommand({ certificateId: certificate?.id }));
  const target = certificateDescription?.certificateArn;
  const Statement = [
    { Effect: 'Deny', Action: 'iot:Publish', Resource: `arn:aws:iot:*:*:topic/*/${thingName}/health` },
  ];
  const policyName = 'deaf-to-health';
  await iot.send(
    new CreatePolicyCommand({ policyName, policyDocument: JSON.stringify({ Version: '2012-10-17', Statement }) }),
  );
  await iot.send(new AttachPolicyCommand({ policyName, target }));
  const reportHealth = async (word: string) => {
    const { result } = fleetwright('command', 'send', thingName, 'report-health', ...dataDirectory());
    return (await result).stdout.includes(word);
  };
  await eventually('the policy to have become effective', () => reportHealth('failed'));
  await configuration(thingName, { logLevel: 'debug', healthInterval: 30_000, sampleInterval: 500 });
  await reported({
    logLevel: 'info',
    healthInterval: 60_000,
    _twin: {
      status: 'rolled-back',
      errors: [
        { setting: 'healthInterval', code: 'UNHEALTHY', message: expect.stringMatching(/^(report|connection): /) },
        { setting: 'logLevel', code: 'UNHEALTHY' },
      ],
    },
  });
  expect((await started.health()).features.health).toMatchObject({ interval: 60_000 });

  await iot.send(new DetachPolicyCommand({ policyName, target }));
  await eventually('the policy to be without effect', () => reportHealth('done'));
  await configuration(thingName, { logLevel: 'warn', healthInterval: 60_000 });
  await reported({ logLevel: 'warn', _twin: { status: 'applied' } });
}, 120_000);

test('the command line checks settings and asks the running agent', async () => {
  const running = agent('LIFE-0005');
  await active(running);
  const command = (...args: string[]) => {
    const entry = join(PROJECT_ROOT, 'device-client/bin/device-client.mjs');
    return execFileSync(process.execPath, [entry, ...args], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] });
  };
  const config = join(directoryOf('LIFE-0005'), 'device-client.json');
  expect(JSON.parse(command('health', '--config', config))).toMatchObject({ state: 'active' });
  expect(JSON.parse(command('check-config', '--config', config, '--log-level', 'warn'))).toMatchObject({
    log: { level: 'warn' },
    device: { serialNumber: 'LIFE-0005' },
  });
  expect(() => command('check-config', '--config', config, '--endpoint-port', 'many')).toThrow(
    /endpoint\.port: .*got "many" \(--endpoint-port\)/,
  );
  expect(() => command('check-config', '--config', config, '--updates-trusted-keys-file', config)).toThrow(
    'updates.trustedKeysFile',
  );
  expect(() => command('check-config', '--config', config, '--clock-set-command', '/nowhere/date')).toThrow(
    'clock.setCommand: the program /nowhere/date is missing',
  );
}, 60_000);
