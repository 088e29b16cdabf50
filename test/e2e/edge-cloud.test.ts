import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  CreateComponentVersionCommand,
  CreateDeploymentCommand,
  type CreateDeploymentCommandInput,
  GetCoreDeviceCommand,
  GetDeploymentCommand,
  GreengrassV2Client,
  ListEffectiveDeploymentsCommand,
  ListInstalledComponentsCommand,
} from '@aws-sdk/client-greengrassv2';
import { DescribeJobCommand, IoTClient } from '@aws-sdk/client-iot';
import { endCommands, fleetwright } from '../support/command.ts';
import { configuredAssembly } from '../support/configured-assembly.ts';
import { eventually } from '../support/eventually.ts';
import { startTestPlatform, type TestPlatform, temporaryDirectory } from '../support/platform.ts';

// Greengrass from the template to a core that runs: the edge stack's component version and deployment, then deployments over the API.

const SERIAL = 'EDGE-CLOUD-1';
const CORE = `fleetwright-dev-edge-core-${SERIAL}`;
const GREETER = 'com.fleetwright.dev.Greeter';
const SITE = 'south';
/** Says what it got from the token exchange service. */
const PROGRAM = `
const { appendFileSync, writeFileSync } = require('node:fs');
appendFileSync('starts', process.pid + '\\n');
const { AWS_CONTAINER_CREDENTIALS_FULL_URI: url, AWS_CONTAINER_AUTHORIZATION_TOKEN: authorization } = process.env;
fetch(url, { headers: { authorization } })
  .then((response) => response.json())
  .then(({ AccessKeyId, Expiration }) => writeFileSync('credentials', JSON.stringify({ AccessKeyId, Expiration })));
setInterval(() => {}, 60000);
`;

let directory: string;
let platform: TestPlatform;
let greengrass: GreengrassV2Client;
let iot: IoTClient;
let root: string;

function writeComponent(place: string): void {
  const recipe = `RecipeFormatVersion: '2020-01-25'
ComponentName: com.example.Greeter
ComponentVersion: 1.0.0
ComponentDependencies:
  aws.greengrass.TokenExchangeService: { VersionRequirement: ^2.0.0 }
Manifests:
  - Platform: { os: linux }
    Artifacts:
      - URI: s3://BUCKET/main.cjs
    Lifecycle:
      Run: exec node {artifacts:path}/main.cjs
`;
  const sha256 = (text: string) => createHash('sha256').update(text).digest('hex');
  mkdirSync(place, { recursive: true });
  writeFileSync(join(place, 'main.cjs'), PROGRAM);
  writeFileSync(join(place, 'recipe.yaml'), recipe);
  const digest = { version: '1.0.0', recipe: sha256(recipe), artifacts: { 'main.cjs': sha256(PROGRAM) } };
  writeFileSync(join(place, 'digest.json'), JSON.stringify(digest));
}

beforeAll(async () => {
  directory = temporaryDirectory();
  writeComponent(join(directory, 'components', 'greeter'));
  const assembly = configuredAssembly(
    join(directory, 'cdk.out'),
    {},
    { edge: true, 'fleetwright:components': join(directory, 'components') },
  );
  platform = await startTestPlatform({ directory, assembly });
  greengrass = new GreengrassV2Client(platform.settings);
  iot = new IoTClient(platform.settings);
  root = join(platform.description.dataDirectory, 'edge', SERIAL, 'greengrass');
}, 120_000);

afterAll(async () => {
  await endCommands();
  for (const client of [greengrass, iot]) client?.destroy();
  await platform?.stop();
  rmSync(directory, { recursive: true, force: true });
});

const dataDir = () => ['--data-dir', platform.description.dataDirectory];
const run = () => fleetwright('edge', 'run', '--core', SERIAL, '--site', SITE, ...dataDir());
const work = (file: string) => join(root, 'work', GREETER, file);

async function installed() {
  const { installedComponents = [] } = await greengrass.send(
    new ListInstalledComponentsCommand({ coreDeviceThingName: CORE }),
  );
  return installedComponents.map((one) => `${one.componentName} ${one.componentVersion} ${one.lifecycleState}`);
}

async function execution(deploymentId: string | undefined) {
  const { effectiveDeployments = [] } = await greengrass.send(
    new ListEffectiveDeploymentsCommand({ coreDeviceThingName: CORE }),
  );
  return effectiveDeployments.find((one) => deploymentId === undefined || one.deploymentId === deploymentId);
}

/** A version of the component that is only a script. */
async function createVersion(version: string, lifecycle: object): Promise<void> {
  const recipe = {
    RecipeFormatVersion: '2020-01-25',
    ComponentName: GREETER,
    ComponentVersion: version,
    Manifests: [{ Platform: { os: 'linux' }, Lifecycle: lifecycle }],
  };
  const inlineRecipe = Buffer.from(JSON.stringify(recipe));
  await greengrass.send(new CreateComponentVersionCommand({ inlineRecipe }));
}

function deploy(version: string, more: Partial<CreateDeploymentCommandInput> = {}) {
  const { accountId, region } = platform.description;
  return greengrass.send(
    new CreateDeploymentCommand({
      targetArn: `arn:aws:iot:${region}:${accountId}:thinggroup/fleetwright-dev-cores-${SITE}`,
      components: { [GREETER]: { componentVersion: version } },
      ...more,
    }),
  );
}

test('a core gets what its site is to run, with credentials of its role; what does not come up goes back and ends the rollout; a killed nucleus goes on', async () => {
  const first = run();
  await first.printed('deployments of the cloud are taken');
  await eventually(
    'the deployment of the stack',
    async () => (await execution(undefined))?.coreDeviceExecutionStatus === 'SUCCEEDED',
    60_000,
  );
  await eventually('the component', async () => (await installed()).includes(`${GREETER} 1.0.0 RUNNING`));
  expect(await greengrass.send(new GetCoreDeviceCommand({ coreDeviceThingName: CORE }))).toMatchObject({
    status: 'HEALTHY',
    platform: 'linux',
  });
  await eventually('the credentials', async () => existsSync(work('credentials')));
  expect(JSON.parse(readFileSync(work('credentials'), 'utf8'))).toMatchObject({
    AccessKeyId: expect.stringMatching(/^ASIA/),
    Expiration: expect.stringMatching(/^20\d\d-/),
  });

  await createVersion('2.0.0', { Run: 'exit 1' });
  const bad = await deploy('2.0.0', {
    iotJobConfiguration: {
      abortConfig: {
        criteriaList: [
          { action: 'CANCEL', failureType: 'FAILED', thresholdPercentage: 1, minNumberOfExecutedThings: 1 },
        ],
      },
    },
  });
  await eventually(
    'the failure',
    async () => (await execution(bad.deploymentId))?.coreDeviceExecutionStatus === 'FAILED',
    60_000,
  );
  expect(await execution(bad.deploymentId)).toMatchObject({
    reason: `broken: ${GREETER}`,
    statusDetails: { errorStack: ['DEPLOYMENT_FAILURE', 'COMPONENT_UPDATE_ERROR', 'COMPONENT_BROKEN'] },
  });
  await eventually('the end of the rollout', async () => {
    const { job } = await iot.send(new DescribeJobCommand({ jobId: bad.iotJobId }));
    return job?.status === 'CANCELED';
  });
  expect(await greengrass.send(new GetDeploymentCommand({ deploymentId: bad.deploymentId }))).toMatchObject({
    deploymentStatus: 'CANCELED',
    isLatestForTarget: true,
  });
  await eventually('what ran before', async () => (await installed()).includes(`${GREETER} 1.0.0 RUNNING`));

  await createVersion('3.0.0', { Install: 'touch installing; sleep 4', Run: 'exec sleep 600' });
  const good = await deploy('3.0.0');
  await eventually('the installation', async () => existsSync(work('installing')), 60_000);
  process.kill(JSON.parse(readFileSync(join(root, 'runtime.json'), 'utf8')).pid, 'SIGKILL');
  await first.result;
  expect((await execution(good.deploymentId))?.coreDeviceExecutionStatus).toBe('IN_PROGRESS');
  const second = run();
  await eventually(
    'the deployment that was cut off',
    async () => (await execution(good.deploymentId))?.coreDeviceExecutionStatus === 'SUCCEEDED',
    60_000,
  );
  await eventually('the new version', async () => (await installed()).includes(`${GREETER} 3.0.0 RUNNING`));

  const shown = await fleetwright('edge', 'status', CORE, ...dataDir()).result;
  expect(shown).toMatchObject({
    exitCode: 0,
    stdout: expect.stringMatching(/com\.fleetwright\.dev\.Greeter\s+3\.0\.0\s+RUNNING/),
  });
  second.interrupt();
  expect(await second.result).toMatchObject({ exitCode: 0 });
}, 240_000);
