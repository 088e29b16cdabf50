import { cpSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { PROJECT_ROOT } from '../../cli/project-root.ts';
import { readFolder } from '../../greengrass-components/build/component-folder.ts';
import { digestOf, writeDigest } from '../../greengrass-components/build/digest.ts';
import { buildComponents } from '../../greengrass-components/build/index.ts';
import { endCommands, fleetwright } from '../support/command.ts';
import { configuredAssembly } from '../support/configured-assembly.ts';
import { killIn } from '../support/edge-plant.ts';
import { eventually } from '../support/eventually.ts';
import { startTestPlatform, type TestPlatform, temporaryDirectory } from '../support/platform.ts';

// The spool of a core as the Edge stack deploys it: uploads reach Timestream by Basic Ingest, and leave the disk when the cloud has them.

const CORE = 'EDGE-SPOOL-1';
const SPOOL = 'com.fleetwright.dev.StoreAndForward';
const SITE = 'south';
let directory: string;
let components: string;
let platform: TestPlatform;

/** Uploads a reading each 200 ms until the spool has stored ten. */
const GIVER = `
const { createRequire } = require('node:module');
const { greengrasscoreipc } = createRequire(${JSON.stringify(join(PROJECT_ROOT, 'package.json'))})('aws-iot-device-sdk-v2');
(async () => {
  const ipc = greengrasscoreipc.createClient();
  await ipc.connect();
  const open = new Map();
  for (let number = 0; number < 10; number++) {
    const uploadId = number.toString(16).padStart(32, '0');
    open.set(uploadId, { version: 1, uploadId, channel: 'telemetry', priority: 'normal', samples: [{ time: Date.now() - number * 1000, values: { level_mean: number } }] });
  }
  const stored = ipc.subscribeToTopic({ topic: 'fleetwright/edge/stored' });
  stored.on('message', ({ jsonMessage }) => { if (jsonMessage.message.ok) open.delete(jsonMessage.message.uploadId); });
  await stored.activate();
  setInterval(() => {
    for (const message of open.values()) ipc.publishToTopic({ topic: 'fleetwright/edge/upload', publishMessage: { jsonMessage: { message } } }).catch(() => {});
  }, 1000);
})();
`;

function writeGiver(): void {
  const place = join(components, 'giver');
  mkdirSync(place, { recursive: true });
  writeFileSync(join(place, 'main.cjs'), GIVER);
  const pubsub = (operation: string, topic: string) => ({
    operations: [`aws.greengrass#${operation}`],
    resources: [topic],
  });
  const accessControl = {
    'aws.greengrass.ipc.pubsub': {
      'giver:1': pubsub('PublishToTopic', 'fleetwright/edge/upload'),
      'giver:2': pubsub('SubscribeToTopic', 'fleetwright/edge/stored'),
    },
  };
  const recipe = {
    RecipeFormatVersion: '2020-01-25',
    ComponentName: 'com.fleetwright.Giver',
    ComponentVersion: '1.0.0',
    ComponentConfiguration: { DefaultConfiguration: { accessControl } },
    Manifests: [
      {
        Platform: { os: 'linux', runtime: '*' },
        Lifecycle: { run: 'exec node {artifacts:path}/main.cjs' },
        Artifacts: [{ URI: 's3://bucket/main.cjs' }],
      },
    ],
  };
  writeFileSync(join(place, 'recipe.yaml'), JSON.stringify(recipe));
  const folder = readFolder(components, 'giver');
  writeDigest(folder, digestOf(folder, new Map([['main.cjs', Buffer.from(GIVER)]])));
}

beforeAll(async () => {
  directory = temporaryDirectory();
  components = join(directory, 'components');
  const root = join(PROJECT_ROOT, 'greengrass-components');
  const built = await buildComponents({
    repository: PROJECT_ROOT,
    root,
    only: ['device-sdk', 'store-and-forward'],
    updateDigests: false,
  });
  for (const { component } of built) {
    for (const name of ['recipe.yaml', 'digest.json', 'dist']) {
      cpSync(join(component.directory, name), join(components, component.folder, name), { recursive: true });
    }
  }
  writeGiver();
  const assembly = configuredAssembly(
    join(directory, 'cdk.out'),
    {},
    { edge: true, 'fleetwright:components': components },
  );
  platform = await startTestPlatform({ directory, assembly });
}, 150_000);
afterAll(async () => {
  await endCommands();
  await platform?.stop();
  rmSync(directory, { recursive: true, force: true });
});

test('what the spool has stored reaches Timestream, and leaves the disk once the cloud has it', async () => {
  const dataDir = platform.description.dataDirectory;
  const run = fleetwright(
    'edge',
    'run',
    '--core',
    CORE,
    '--site',
    SITE,
    '--device-type',
    'edge-core',
    '--data-dir',
    dataDir,
  );
  const root = join(dataDir, 'edge', CORE, 'greengrass');
  const log = () => {
    try {
      return readFileSync(join(root, 'logs', `${SPOOL}.log`), 'utf8');
    } catch {
      return '';
    }
  };
  await eventually('the spool runs', async () => log().includes('the component runs'), 90_000);
  const thingName = JSON.parse(readFileSync(join(root, 'runtime.json'), 'utf8')).thingName;
  await eventually('ten samples in Timestream', async () => {
    const { rows } = await platform.reader.query(
      `SELECT level_mean FROM ${platform.telemetryTable} WHERE thing_name = '${thingName}'`,
    );
    return rows.length === 10;
  });
  await new Promise((resolve) => setTimeout(resolve, 3_000));
  killIn(join(root, 'work', SPOOL));
  const openings = () =>
    log()
      .split('\n')
      .filter((line) => line.includes('the spool is open'))
      .map(
        (line) =>
          JSON.parse(line.slice(line.indexOf('{'))) as { waiting: number; bootId: number; knownUploads: number },
      );
  await eventually('the spool again', async () => openings().length === 2);
  expect(openings()[1]).toMatchObject({ waiting: 0, bootId: 2, knownUploads: 10 });
  run.interrupt();
  expect(await run.result).toMatchObject({ exitCode: 0 });
}, 170_000);
