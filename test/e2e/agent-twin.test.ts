import { GetThingShadowCommand, IoTDataPlaneClient, UpdateThingShadowCommand } from '@aws-sdk/client-iot-data-plane';
import { TWIN_REPORT } from '@fleetwright/contracts';
import * as z from 'zod';
import { configureHandler } from '../../device-client/src/jobs/handlers/configure.ts';
import { JobsFeature } from '../../device-client/src/jobs/jobs-feature.ts';
import { settingHandler } from '../../device-client/src/twin/settings-handler.ts';
import { type ShadowOptions, TwinFeature } from '../../device-client/src/twin/twin-feature.ts';
import { type AgentPlatform, issued, startAgentPlatform } from '../support/agent-platform.ts';
import { eventually } from '../support/eventually.ts';
import { OutageProxy } from '../support/outage-proxy.ts';

let agents: AgentPlatform;
let data: IoTDataPlaneClient;

beforeAll(async () => {
  agents = await startAgentPlatform();
  data = new IoTDataPlaneClient(agents.platform.settings);
}, 120_000);
afterAll(async () => {
  data?.destroy();
  await agents?.stop();
}, 30_000);

interface Shadow {
  readonly version: number;
  readonly state: { desired?: Record<string, unknown>; reported?: Record<string, unknown>; delta?: object };
}

async function shadowOf(thingName: string, shadowName = 'config'): Promise<Shadow> {
  const { payload } = await data.send(new GetThingShadowCommand({ thingName, shadowName }));
  return JSON.parse(Buffer.from(payload ?? []).toString('utf8'));
}

async function desire(thingName: string, desired: object, shadowName = 'config'): Promise<number> {
  const { payload } = await data.send(
    new UpdateThingShadowCommand({
      thingName,
      shadowName,
      payload: Buffer.from(JSON.stringify({ state: { desired } })),
    }),
  );
  return JSON.parse(Buffer.from(payload ?? []).toString('utf8')).version;
}

function reported(thingName: string, expected: object, shadowName = 'config'): Promise<Shadow> {
  return eventually(`reported ${JSON.stringify(expected)}`, async () => {
    const shadow = await shadowOf(thingName, shadowName);
    expect(shadow.state.reported).toMatchObject(expected);
    return shadow;
  });
}

/** What a device has in use, and what was done to it. */
function configuration(healthy?: ShadowOptions['healthy']) {
  const use: Record<string, unknown> = {};
  const applied: string[] = [];
  const setting = <Schema extends z.ZodType>(name: string, schema: Schema) =>
    settingHandler({
      schema,
      apply(value) {
        applied.push(`${name}=${JSON.stringify(value) ?? 'default'}`);
        if (value === undefined) delete use[name];
        else use[name] = value;
      },
    });
  const twin = new TwinFeature({
    shadows: [
      {
        name: 'config',
        settings: {
          sampleInterval: setting('sampleInterval', z.int().min(10)),
          mode: setting('mode', z.object({ night: z.boolean(), level: z.int().optional() })),
        },
        ...(healthy !== undefined && { healthy }),
      },
      { name: 'firmware' },
      { name: undefined, settings: { colour: setting('colour', z.string()) } },
    ],
    refreshInterval: 1_000,
  });
  return { applied, twin, use };
}

test('settings are validated, applied and reported back with the version that desired them; what is removed falls back to the default', async () => {
  const { twin, use } = configuration();
  const device = await agents.start('TWIN-1001', [twin]);
  const { thingName } = device.identity;
  const version = await desire(thingName, { sampleInterval: 500, mode: { night: true, level: 2 } });
  const shadow = await reported(thingName, {
    sampleInterval: 500,
    mode: { night: true, level: 2 },
    [TWIN_REPORT]: { version, status: 'applied' },
  });
  expect(shadow.state.delta).toBeUndefined();
  expect(use).toEqual({ sampleInterval: 500, mode: { night: true, level: 2 } });

  // Deltas hold what differs only: they are merged with what was desired before.
  await desire(thingName, { mode: { level: 3 } });
  await reported(thingName, { mode: { night: true, level: 3 } });
  expect(use.mode).toEqual({ night: true, level: 3 });

  const wrong = await desire(thingName, { sampleInterval: 1, mode: { night: false }, unknown: 'x' });
  const partly = await reported(thingName, { mode: { night: false }, [TWIN_REPORT]: { version: wrong } });
  expect(partly.state.reported).toMatchObject({
    sampleInterval: 500,
    [TWIN_REPORT]: {
      status: 'partly',
      errors: [
        { setting: 'sampleInterval', code: 'INVALID' },
        { setting: 'unknown', code: 'UNSUPPORTED' },
      ],
    },
  });

  // A setting that is desired no more makes no delta; it is noticed when the shadow is read.
  await desire(thingName, { sampleInterval: null, mode: { level: null }, unknown: null });
  const removed = await reported(thingName, { [TWIN_REPORT]: { status: 'applied' } });
  expect(removed.state.reported).not.toHaveProperty('sampleInterval');
  expect(removed.state.reported).not.toHaveProperty([TWIN_REPORT, 'errors']);
  expect(use).toEqual({ mode: { night: false } });
}, 60_000);

test('the classic shadow is served as the named ones are', async () => {
  const { twin, use } = configuration();
  const device = await agents.start('TWIN-1002', [twin]);
  const { thingName } = device.identity;
  const payload = Buffer.from(JSON.stringify({ state: { desired: { colour: 'red' } } }));
  await data.send(new UpdateThingShadowCommand({ thingName, payload }));
  await eventually('the report', async () => {
    const answer = await data.send(new GetThingShadowCommand({ thingName }));
    return JSON.parse(Buffer.from(answer.payload ?? []).toString('utf8')).state.reported?.colour === 'red';
  });
  expect(use).toEqual({ colour: 'red' });
}, 60_000);

test('settings that do the device no good are taken back, reported with the reason, and not tried again until they change', async () => {
  const world: { use: Record<string, unknown> } = { use: {} };
  let checks = 0;
  const { applied, twin, use } = configuration(async () => {
    checks++;
    if (world.use.sampleInterval === 13) throw new Error('samples are lost');
  });
  world.use = use;
  const device = await agents.start('TWIN-1003', [twin]);
  const { thingName } = device.identity;
  await desire(thingName, { sampleInterval: 500 });
  await reported(thingName, { sampleInterval: 500 });
  const version = await desire(thingName, { sampleInterval: 13, mode: { night: true } });
  const shadow = await reported(thingName, { [TWIN_REPORT]: { version } });
  expect(shadow.state.reported).toMatchObject({
    sampleInterval: 500,
    [TWIN_REPORT]: {
      status: 'rolled-back',
      errors: [
        { setting: 'sampleInterval', code: 'UNHEALTHY', message: 'samples are lost' },
        { setting: 'mode', code: 'UNHEALTHY' },
      ],
    },
  });
  expect(use).toEqual({ sampleInterval: 500 });
  expect(applied.slice(-4)).toEqual(['sampleInterval=13', 'mode={"night":true}', 'mode=default', 'sampleInterval=500']);
  const after = checks;
  // Read again several times.
  await new Promise((resolve) => setTimeout(resolve, 2_500));
  expect(checks).toBe(after);
  await desire(thingName, { sampleInterval: 600 });
  await reported(thingName, { sampleInterval: 600, [TWIN_REPORT]: { status: 'partly' } });
}, 60_000);

test('a device that starts without a connection has its last good settings; what it reports meanwhile arrives later', async () => {
  const first = configuration();
  const before = await agents.start('TWIN-1004', [first.twin]);
  const { thingName } = before.identity;
  await desire(thingName, { sampleInterval: 500 });
  await reported(thingName, { sampleInterval: 500 });
  await before.stop();

  const second = configuration();
  second.twin.report('firmware', { version: '1.4.0', state: 'running' });
  const connectedAt: unknown[] = [];
  const device = await agents.start('TWIN-1004', [
    second.twin,
    {
      // Starts after the twin and before the connection.
      name: 'witness',
      async start() {
        connectedAt.push({ ...second.use });
      },
      async stop() {},
    },
  ]);
  expect(connectedAt).toEqual([{ sampleInterval: 500 }]);
  await reported(thingName, { version: '1.4.0', state: 'running' }, 'firmware');
  second.twin.report('firmware', { state: null, version: '1.5.0' });
  const shadow = await reported(thingName, { version: '1.5.0' }, 'firmware');
  expect(shadow.state.reported).not.toHaveProperty('state');
  await device.stop();
}, 60_000);

test('a report that meets another version reads the shadow again and reports what is desired then', async () => {
  const gate: { wait?: Promise<void> } = {};
  const { twin } = configuration(async () => gate.wait);
  const device = await agents.start('TWIN-1005', [twin]);
  const { thingName } = device.identity;
  await desire(thingName, { sampleInterval: 500 });
  await reported(thingName, { sampleInterval: 500 });
  let release = (): void => {};
  gate.wait = new Promise((resolve) => {
    release = resolve;
  });
  await desire(thingName, { sampleInterval: 600 });
  await desire(thingName, { mode: { night: true } });
  const last = await desire(thingName, { sampleInterval: 700 });
  release();
  const shadow = await reported(thingName, { sampleInterval: 700, mode: { night: true } });
  expect(shadow.state.reported).toMatchObject({ [TWIN_REPORT]: { version: last, status: 'applied' } });
}, 60_000);

test('a job configures once: what works is in use and reported, what does not leaves the device as it was', async () => {
  const world: { use: Record<string, unknown> } = { use: {} };
  const { twin, use } = configuration(async () => {
    if (world.use.sampleInterval === 13) throw new Error('samples are lost');
  });
  world.use = use;
  const jobs = new JobsFeature({ handlers: [configureHandler(twin)], reportInterval: 100 });
  const device = await agents.start('TWIN-1006', [twin, jobs]);
  const { thingName } = device.identity;
  const configure = (settings: object) => ({ ...issued(), operation: 'configure', settings });
  await agents.createJob('configure-good', thingName, configure({ sampleInterval: 250 }));
  await agents.reached('configure-good', thingName, 'SUCCEEDED');
  await reported(thingName, { sampleInterval: 250 });
  await agents.createJob('configure-bad', thingName, configure({ sampleInterval: 13, mode: { night: true } }));
  const bad = await agents.reached('configure-bad', thingName, 'FAILED');
  expect(bad.details).toMatchObject({
    reason: 'SETTINGS_UNHEALTHY',
    detail: expect.stringContaining('samples are lost'),
  });
  await agents.createJob('configure-wrong', thingName, configure({ sampleInterval: 'often', mode: { night: true } }));
  const wrong = await agents.reached('configure-wrong', thingName, 'FAILED');
  expect(wrong.details.reason).toBe('SETTINGS_INVALID');
  expect(use).toEqual({ sampleInterval: 250 });
  await agents.createJob('configure-null', thingName, configure({ sampleInterval: null }));
  await agents.reached('configure-null', thingName, 'SUCCEEDED');
  expect(use).toEqual({});
}, 60_000);

test('what changes on either side while there is no connection is in step when there is one', async () => {
  const { mqttHost, mqttPort } = agents.platform.description;
  const proxy = new OutageProxy(mqttHost, mqttPort);
  await proxy.start();
  const { twin, use } = configuration();
  const device = await agents.start('TWIN-1007', [twin], proxy);
  const { thingName } = device.identity;
  await desire(thingName, { sampleInterval: 500 });
  await reported(thingName, { sampleInterval: 500 });
  proxy.down();
  const version = await desire(thingName, { sampleInterval: null, mode: { night: true } });
  twin.report('firmware', { version: '2.0.0' });
  await new Promise((resolve) => setTimeout(resolve, 1_500));
  expect(use).toEqual({ sampleInterval: 500 });
  proxy.up();
  const shadow = await eventually(
    'the report',
    async () => {
      const now = await shadowOf(thingName);
      return now.state.reported?.mode !== undefined && now;
    },
    40_000,
  );
  expect(shadow.state.reported).toEqual({ mode: { night: true }, [TWIN_REPORT]: { version, status: 'applied' } });
  await reported(thingName, { version: '2.0.0' }, 'firmware');
  expect(use).toEqual({ mode: { night: true } });
  await device.stop();
  await proxy.stop();
}, 120_000);
