import { join, resolve } from 'node:path';
import { until } from '../../../edge-nucleus/src/testing/test-core.ts';
import { bundle } from '../../build/bundle.ts';
import { BuiltCore } from '../../build/testing/built-core.ts';
import type { LocalBus } from './component.ts';
import { createLocalBus } from './ipc/ipc-buses.ts';
import { systemClock } from './system-clock.ts';
import { TestLog } from './testing/test-log.ts';

/** The runtime in a process of its own, under a nucleus that it speaks Greengrass IPC with. */

const MIRROR = 'com.example.Mirror';
const TELLER = 'com.example.Teller';
const built = new BuiltCore();
const { core } = built;
const heard: Record<string, unknown>[] = [];
let bus: LocalBus;

const pubsub = (id: string, publish: string, subscribe: string[]) => ({
  [`${id}:1`]: { operations: ['aws.greengrass#PublishToTopic'], resources: [publish] },
  [`${id}:2`]: { operations: ['aws.greengrass#SubscribeToTopic'], resources: subscribe },
});

beforeAll(async () => {
  await built.install('device-sdk');
  const main = await bundle(resolve('.'), resolve('greengrass-components/shared/src/testing/mirror-component'));
  const library =
    '{kernel:rootPath}/packages/artifacts/com.fleetwright.DeviceSdk/1.0.0/aws-crt-nodejs-$(uname -m).node';
  const shadow = '$aws/things/{iot:thingName}/shadow/name/mirror';
  core.component(
    MIRROR,
    '1.0.0',
    {
      ComponentConfiguration: {
        DefaultConfiguration: {
          color: 'red',
          limits: { high: 50 },
          trouble: 'none',
          accessControl: {
            'aws.greengrass.ipc.pubsub': pubsub('mirror', 'mirror/out', ['mirror/in/+', `${shadow}/update/documents`]),
            'aws.greengrass.ipc.mqttproxy': {
              'mirror:3': { operations: ['aws.greengrass#PublishToIoTCore'], resources: ['cloud/out'] },
              'mirror:4': { operations: ['aws.greengrass#SubscribeToIoTCore'], resources: ['cloud/in'] },
            },
            'aws.greengrass.ShadowManager': {
              'mirror:5': {
                operations: ['aws.greengrass#GetThingShadow', 'aws.greengrass#UpdateThingShadow'],
                resources: [shadow],
              },
            },
          },
        },
      },
      ComponentDependencies: { 'com.fleetwright.DeviceSdk': { VersionRequirement: '1.0.0' } },
      Manifests: [
        {
          Platform: { os: 'linux', runtime: '*' },
          Lifecycle: { run: `AWS_CRT_NODEJS_BINARY_ABSOLUTE_PATH="${library}" exec node {artifacts:path}/main.cjs` },
          Artifacts: [{ URI: 's3://bucket/main.cjs' }],
        },
      ],
    },
    { 'main.cjs': Buffer.from(main) },
  );
  core.plain(TELLER, '1.0.0', {
    accessControl: { 'aws.greengrass.ipc.pubsub': pubsub('teller', 'mirror/in/*', ['mirror/out']) },
  });
  await core.start();
  expect(await deploy()).toMatchObject({ status: 'SUCCESSFUL' });
  await built.runs(MIRROR);
  bus = createLocalBus(await core.client(TELLER), { clock: systemClock, log: new TestLog() });
  await bus.subscribe('mirror/out', (message) => heard.push(message as Record<string, unknown>));
}, 60_000);
afterAll(() => core.remove());

function deploy(merge: object = {}, reset: string[] = []): Promise<{ status: string }> {
  return core.nucleus.deploy({
    components: {
      [TELLER]: { version: '1.0.0' },
      [MIRROR]: { version: '1.0.0', configurationUpdate: { merge, reset } },
    },
  }) as Promise<{ status: string }>;
}

async function ask(task: string, value: unknown = {}): Promise<Record<string, unknown>> {
  const from = heard.length;
  const answer = () => heard.slice(from).find((message) => message.task === task);
  await bus.publish(`mirror/in/${task}`, value as object);
  await until(() => answer() !== undefined);
  return answer() ?? {};
}

test('a component has the configuration as its schema reads it, the name of its core and its own directory', async () => {
  expect((await ask('configuration')).result).toEqual({ color: 'red', limits: { high: 50 }, trouble: 'none' });
  expect((await ask('where')).result).toMatchObject({
    thingName: 'core-1',
    workDirectory: join(core.root, 'work', MIRROR),
  });
});

test('messages go to the cloud and come from it; what the policy does not allow is refused by name', async () => {
  expect(await ask('upload', '"21.5"')).toMatchObject({ result: null });
  await until(() =>
    core.connection.published.some(({ payload, topic }) => topic === 'cloud/out' && payload === '"21.5"'),
  );
  core.connection.deliver('cloud/in', 'hello');
  await until(() => heard.some(({ cloud }) => cloud === 'hello'));
  expect((await ask('forbidden')).error).toMatch(
    /PublishToIoTCore: .*com\.example\.Mirror is not authorized .*PublishToIoTCore on resource elsewhere/,
  );
});

test('shadows are read, reported and followed', async () => {
  let document = { state: {} as { desired?: object; reported?: object }, version: 0 };
  const prefix = '$aws/things/core-1/shadow/name/mirror';
  core.connection.onPublish = (topic, payload) => {
    const { clientToken, state } = JSON.parse(payload || '{}') as { clientToken?: string; state?: object };
    if (topic === `${prefix}/get`) {
      const answer =
        document.version === 0
          ? ['rejected', { code: 404, message: "No shadow exists with name: 'mirror'" }]
          : ['accepted', document];
      core.connection.deliver(`${topic}/${answer[0]}`, JSON.stringify({ ...(answer[1] as object), clientToken }));
    }
    if (topic === `${prefix}/update`) {
      document = { state: { ...document.state, ...state }, version: document.version + 1 };
      core.connection.deliver(`${topic}/accepted`, JSON.stringify({ state, version: document.version, clientToken }));
    }
  };
  expect((await ask('shadow')).result).toBeNull();
  expect((await ask('report', { color: 'red' })).result).toBe(1);
  expect((await ask('shadow')).result).toEqual({ state: { reported: { color: 'red' } }, version: 1 });
  const documents = (desired: object) =>
    JSON.stringify({ previous: { state: {} }, current: { state: { desired }, version: 2 } });
  core.connection.deliver(`${prefix}/update/documents`, documents({ color: 'blue' }));
  core.connection.deliver(`${prefix}/update/documents`, documents({ color: 'blue' }));
  core.connection.deliver(`${prefix}/update/documents`, documents({ color: 'green' }));
  await until(() => heard.filter(({ desired }) => desired !== undefined).length >= 2);
  expect(heard.flatMap(({ desired }) => desired ?? [])).toEqual([{ color: 'blue' }, { color: 'green' }]);
});

test('a change of configuration is followed while it runs, without a restart', async () => {
  const starts = built.startsOf(MIRROR);
  expect(await deploy({ color: 'blue', limits: { high: 60 } })).toMatchObject({ status: 'SUCCESSFUL' });
  const wanted = { color: 'blue', limits: { high: 60 }, trouble: 'none' };
  await until(() => heard.some(({ configuration }) => JSON.stringify(configuration) === JSON.stringify(wanted)));
  expect(built.startsOf(MIRROR)).toBe(starts);
});

test('a reset brings the default of the recipe back, before what is merged', async () => {
  expect(await deploy({ limits: { high: 70 } }, ['/color'])).toMatchObject({ status: 'SUCCESSFUL' });
  const wanted = JSON.stringify({ color: 'red', limits: { high: 70 }, trouble: 'none' });
  await until(() => heard.some(({ configuration }) => JSON.stringify(configuration) === wanted));
  await deploy({ color: 'blue' });
  // A deployment is over before what runs has heard of it.
  const back = JSON.stringify({ color: 'blue', limits: { high: 70 }, trouble: 'none' });
  await until(() => heard.some(({ configuration }) => JSON.stringify(configuration) === back));
});

test('a configuration that the schema refuses fails the deployment before it is applied, with the reason', async () => {
  const outcome = await deploy({ color: 'mauve', limits: { high: 101 } });
  expect(outcome).toMatchObject({ status: 'FAILED_NO_STATE_CHANGE' });
  expect(JSON.stringify(outcome)).toMatch(/color: .*limits\.high: /);
  expect((await ask('configuration')).result).toMatchObject({ color: 'blue' });
});

test('secrets do not get into the log', async () => {
  await ask('log');
  await until(() => built.log(MIRROR).includes('a secret'));
  expect(built.log(MIRROR)).toContain('"token":"[hidden]","nested":{"password":"[hidden]","plain":"seen"}');
  expect(built.log(MIRROR)).not.toContain('hush');
});

test('an error that nobody caught ends the process, and the nucleus starts it again', async () => {
  const starts = built.startsOf(MIRROR);
  expect(await deploy({ trouble: 'later' })).toMatchObject({ status: 'SUCCESSFUL' });
  core.nucleus.restart(MIRROR);
  await built.runs(MIRROR, starts + 1);
  expect(built.log(MIRROR)).toContain('nobody caught this');
  await deploy({ trouble: 'none' });
}, 30_000);

test('a component whose start fails says why, and the nucleus starts it again', async () => {
  const starts = built.startsOf(MIRROR);
  await deploy({ trouble: 'start' });
  core.nucleus.restart(MIRROR);
  await until(() => built.log(MIRROR).includes('it was told to fail'));
  await deploy({ trouble: 'none' });
  await built.runs(MIRROR, starts);
}, 30_000);
