import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { GetThingShadowCommand, IoTDataPlaneClient, UpdateThingShadowCommand } from '@aws-sdk/client-iot-data-plane';
import { PROJECT_ROOT } from '../../cli/project-root.ts';
import { endCommands, fleetwright } from '../support/command.ts';
import { eventually } from '../support/eventually.ts';
import { startTestPlatform, type TestPlatform } from '../support/platform.ts';

// A Greengrass core of the platform: a component with the official IPC client, started from its recipe, that speaks with the cloud.

const NAME = 'com.example.Greeter';
const CORE = 'EDGE-E2E-1';
let platform: TestPlatform;
let components: string;
let data: IoTDataPlaneClient;

/** What the component does: says its configuration in a shadow, follows the shadow's wishes, publishes telemetry. */
const PROGRAM = `
import { createRequire } from 'node:module';
import { appendFileSync } from 'node:fs';
const { greengrasscoreipc } = createRequire(${JSON.stringify(join(PROJECT_ROOT, 'package.json'))})('aws-iot-device-sdk-v2');
const thingName = process.env.AWS_IOT_THING_NAME;
const ipc = greengrasscoreipc.createClient();
await ipc.connect();
appendFileSync('starts', process.pid + '\\n');
const shadow = { thingName, shadowName: 'greeter' };
const decode = (payload) => JSON.parse(Buffer.from(payload).toString());
const report = async (reported) => ipc.updateThingShadow({ ...shadow, payload: JSON.stringify({ state: { reported } }) });
const say = async () => report({ greeting: (await ipc.getConfiguration({ keyPath: ['greeting'] })).value.greeting });
const persist = async (task) => { for (;;) try { return await task(); } catch (error) { console.error(String(error.serviceError?.message ?? error)); await new Promise((done) => setTimeout(done, 200)); } };
const changes = ipc.subscribeToConfigurationUpdate({ keyPath: [] });
changes.on('message', () => void persist(say));
await changes.activate();
const wishes = ipc.subscribeToTopic({ topic: '$aws/things/' + thingName + '/shadow/name/greeter/update/delta' });
wishes.on('message', ({ binaryMessage }) => void persist(() => report({ color: decode(binaryMessage.message).state.color })));
await wishes.activate();
await persist(say);
const topic = process.argv[2].replace('{thing}', thingName);
const message = { version: 1, bootId: Math.floor(Date.now() / 1000), sequence: 1, samples: [{ time: Date.now(), values: { temperature: 21.5 } }] };
await ipc.publishToIoTCore({ topicName: topic, qos: '1', payload: JSON.stringify(message) });
console.log('published to', topic);
setInterval(() => {}, 60000);
`;

function writeComponent(version: string, topic: string): void {
  const place = join(components, `greeter-${version}`);
  mkdirSync(place, { recursive: true });
  writeFileSync(join(place, 'main.mjs'), PROGRAM);
  const accessControl = {
    'aws.greengrass.ShadowManager': {
      [`${NAME}:shadow:1`]: { operations: ['*'], resources: ['$aws/things/{iot:thingName}/shadow/name/greeter'] },
    },
    'aws.greengrass.ipc.pubsub': {
      [`${NAME}:pubsub:1`]: {
        operations: ['aws.greengrass#SubscribeToTopic'],
        resources: ['$aws/things/{iot:thingName}/shadow/name/greeter/update/delta'],
      },
    },
    'aws.greengrass.ipc.mqttproxy': {
      [`${NAME}:mqtt:1`]: { operations: ['aws.greengrass#PublishToIoTCore'], resources: ['#'] },
    },
  };
  const recipe = {
    RecipeFormatVersion: '2020-01-25',
    ComponentName: NAME,
    ComponentVersion: version,
    ComponentConfiguration: { DefaultConfiguration: { greeting: 'hello', accessControl } },
    Manifests: [
      {
        Platform: { os: 'linux' },
        Artifacts: [{ URI: 'file:///greeter/main.mjs' }],
        Lifecycle: { Run: `exec node {artifacts:path}/main.mjs '${topic}'` },
      },
    ],
  };
  writeFileSync(join(place, 'recipe.json'), JSON.stringify(recipe));
}

/** A process that has ended and was not collected yet is not alive. */
function isAlive(pid: number): boolean {
  try {
    return !/\) Z /.test(readFileSync(`/proc/${pid}/stat`, 'utf8'));
  } catch {
    return false;
  }
}

async function reported(thingName: string): Promise<Record<string, unknown>> {
  const { payload } = await data.send(new GetThingShadowCommand({ thingName, shadowName: 'greeter' }));
  return JSON.parse(Buffer.from(payload ?? []).toString()).state.reported;
}

beforeAll(async () => {
  platform = await startTestPlatform();
  components = join(platform.directory, 'components');
  data = new IoTDataPlaneClient(platform.settings);
}, 120_000);
afterAll(async () => {
  await endCommands();
  data?.destroy();
  await platform?.stop();
});

test('a core provisions itself, runs a component against the cloud, is deployed to, and survives its own death', async () => {
  const { Sites, TopicRoot } = platform.outputs;
  const site = Sites.split(',')[0] as string;
  const deviceType = platform.outputs.DeviceTypes.split(',')[0] as string;
  writeComponent('1.0.0', `${TopicRoot}/${site}/${deviceType}/{thing}/telemetry`);
  const dataDir = platform.description.dataDirectory;
  const run = () => fleetwright('edge', 'run', '--core', CORE, '--components', components, '--data-dir', dataDir);
  const first = run();
  await first.printed('deployment: SUCCESSFUL');
  const list = await fleetwright('edge', 'list', '--json', '--data-dir', dataDir).result;
  expect(JSON.parse(list.stdout)).toMatchObject({
    componentName: NAME,
    version: '1.0.0',
    state: 'RUNNING',
    root: true,
  });

  const root = join(dataDir, 'edge', CORE, 'greengrass');
  const { pid, thingName } = JSON.parse(readFileSync(join(root, 'runtime.json'), 'utf8'));
  await eventually('the greeting', async () => (await reported(thingName)).greeting === 'hello');
  await eventually('the sample in Timestream', async () => {
    const { rows } = await platform.reader.query(
      `SELECT temperature FROM ${platform.telemetryTable} WHERE thing_name = '${thingName}'`,
    );
    return rows.length === 1;
  });
  const wish = JSON.stringify({ state: { desired: { color: 'red' } } });
  await data.send(new UpdateThingShadowCommand({ thingName, shadowName: 'greeter', payload: Buffer.from(wish) }));
  await eventually('the wish', async () => (await reported(thingName)).color === 'red');

  const document = join(platform.directory, 'deployment.json');
  const update = { version: '1.0.0', configurationUpdate: { merge: { greeting: 'good day' } } };
  writeFileSync(document, JSON.stringify({ components: { [NAME]: update } }));
  expect(await fleetwright('edge', 'deploy', document, '--data-dir', dataDir).result).toMatchObject({ exitCode: 0 });
  await eventually('the new greeting', async () => (await reported(thingName)).greeting === 'good day');
  writeFileSync(document, JSON.stringify({ components: { [NAME]: { version: '2.0.0' } } }));
  const refused = await fleetwright('edge', 'deploy', document, '--data-dir', dataDir).result;
  expect(refused).toMatchObject({
    exitCode: 1,
    stderr: expect.stringMatching(/no version of com.example.Greeter fits/),
  });

  const starts = () =>
    readFileSync(join(root, 'work', NAME, 'starts'), 'utf8')
      .trim()
      .split('\n')
      .map(Number);
  expect(starts()).toHaveLength(1);
  process.kill(pid, 'SIGKILL');
  await first.result;
  const second = run();
  await eventually('the component again', async () => starts().length === 2);
  expect(isAlive(starts()[0] as number)).toBe(false);
  second.interrupt();
  expect(await second.result).toMatchObject({ exitCode: 0 });
  expect(isAlive(starts()[1] as number)).toBe(false);
}, 120_000);
