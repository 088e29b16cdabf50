import { readdirSync, readFileSync, rmSync } from 'node:fs';
import { Agent, request } from 'node:https';
import { join } from 'node:path';
import {
  GetComponentCommand,
  GetCoreDeviceCommand,
  GreengrassV2Client,
  ListDeploymentsCommand,
} from '@aws-sdk/client-greengrassv2';
import { IoTClient, ListJobExecutionsForThingCommand, ListThingGroupsForThingCommand } from '@aws-sdk/client-iot';
import { GetBucketLocationCommand, GetObjectCommand, ListObjectsV2Command, S3Client } from '@aws-sdk/client-s3';
import { ReceiveMessageCommand, SQSClient } from '@aws-sdk/client-sqs';
import type { MqttClient } from 'mqtt';
import type { Device } from '../../device-client/src/index.ts';
import { configuredAssembly } from '../support/configured-assembly.ts';
import { eventually } from '../support/eventually.ts';
import { startTestPlatform, type TestPlatform, temporaryDirectory } from '../support/platform.ts';
import { connectRaw } from '../support/raw-device.ts';

// The stack of Greengrass cores, from the components of test/support/edge-components to a core that has just registered.

const SPOOL = 'com.fleetwright.dev.StoreAndForward';
const CORE = 'fleetwright-dev-edge-core-EDGE-0001';
const SITE = 'south';
let directory: string;
let platform: TestPlatform;
let outputs: Readonly<Record<string, string>>;

beforeAll(async () => {
  directory = temporaryDirectory();
  const assembly = configuredAssembly(
    join(directory, 'cdk.out'),
    { edge: { groups: { 'south-hall-2': { site: SITE } } } },
    { edge: true, 'fleetwright:components': join(__dirname, '../support/edge-components') },
  );
  platform = await startTestPlatform({ directory, assembly });
  outputs = platform.description.stacks.find(({ stackName }) => stackName.endsWith('-edge'))?.outputs ?? {};
}, 120_000);

afterAll(async () => {
  await platform?.stop();
  rmSync(directory, { recursive: true, force: true });
});

test('versions of components are there, with the digest of their artifacts', async () => {
  const greengrass = new GreengrassV2Client(platform.settings);
  const { accountId, region } = platform.description;
  const arn = `arn:aws:greengrass:${region}:${accountId}:components:${SPOOL}:versions:1.2.0`;
  const { recipe = new Uint8Array() } = await greengrass.send(new GetComponentCommand({ arn }));
  const [artifact] = JSON.parse(Buffer.from(recipe).toString()).Manifests[0].Artifacts;
  const built = readFileSync(join(__dirname, '../support/edge-components/store-and-forward/digest.json'), 'utf8');
  const sha256 = Buffer.from(JSON.parse(built).artifacts['main.cjs'], 'hex');
  expect(artifact).toMatchObject({
    URI: `s3://${outputs.ComponentBucketName}/${SPOOL}/1.2.0/main.cjs`,
    Digest: sha256.toString('base64'),
    Algorithm: 'SHA-256',
  });
});

test('each group of cores has a deployment', async () => {
  const { deployments = [] } = await new GreengrassV2Client(platform.settings).send(new ListDeploymentsCommand({}));
  expect(deployments.map(({ deploymentName }) => deploymentName).sort()).toEqual(
    ['harbour', 'north', 'south', 'south-hall-2'].map((group) => `fleetwright-dev-cores-${group}`),
  );
});

describe('a core that registers by claim', () => {
  let core: Device;
  let key = '';
  let cert = '';

  beforeAll(async () => {
    core = platform.device('EDGE-0001', { deviceType: 'edge-core', site: SITE });
    await core.start();
    const state = join(directory, 'devices', 'EDGE-0001');
    const pem = (kind: RegExp) =>
      readFileSync(join(state, readdirSync(state).find((file) => kind.test(file)) ?? ''), 'utf8');
    key = pem(/key.*\.pem$/);
    cert = pem(/certificate.*\.pem$/);
  }, 60_000);

  test('joins the cores of its site, and the job of their deployment waits for it', async () => {
    const iot = new IoTClient(platform.settings);
    await eventually('the core is in the group of its site', async () => {
      const { thingGroups = [] } = await iot.send(new ListThingGroupsForThingCommand({ thingName: CORE }));
      return thingGroups.some(({ groupName }) => groupName === `fleetwright-dev-cores-${SITE}`);
    });
    await eventually('a job of a deployment', async () => {
      const { executionSummaries = [] } = await iot.send(new ListJobExecutionsForThingCommand({ thingName: CORE }));
      return executionSummaries.length === 1;
    });
  }, 60_000);

  interface Credentials {
    readonly accessKeyId: string;
    readonly secretAccessKey: string;
    readonly sessionToken: string;
  }

  function exchange(): Promise<{ status: number; credentials: Credentials }> {
    const { caFile, mqttHost: host, mqttPort: port } = platform.description;
    const agent = new Agent({ ca: readFileSync(caFile), cert, key });
    return new Promise((resolve, reject) => {
      const headers = { 'x-amzn-iot-thingname': CORE };
      const path = `/role-aliases/${outputs.CoreRoleAlias}/credentials`;
      const outgoing = request({ host, port, path, agent, headers }, (response) => {
        let text = '';
        response.on('data', (chunk) => {
          text += chunk;
        });
        response.on('end', () => {
          agent.destroy();
          resolve({ status: response.statusCode ?? 0, ...JSON.parse(text) });
        });
      });
      outgoing.on('error', reject);
      outgoing.end();
    });
  }

  test('exchanges its certificate for credentials that read the artifacts, and nothing else', async () => {
    const { credentials: given, status } = await exchange();
    expect(status).toBe(200);
    const { accessKeyId, secretAccessKey, sessionToken } = given;
    const credentials = { accessKeyId, secretAccessKey, sessionToken };
    const s3 = new S3Client({ ...platform.settings, forcePathStyle: true, credentials });
    const Bucket = outputs.ComponentBucketName;
    await s3.send(new GetBucketLocationCommand({ Bucket }));
    const { Body } = await s3.send(new GetObjectCommand({ Bucket, Key: `${SPOOL}/1.2.0/main.cjs` }));
    expect(await Body?.transformToString()).toContain('spool');
    for (const command of [
      new GetObjectCommand({ Bucket, Key: `${SPOOL}/1.1.0/main.cjs` }),
      new ListObjectsV2Command({ Bucket }),
    ]) {
      await expect(s3.send(command as GetObjectCommand)).rejects.toMatchObject({ name: 'AccessDenied' });
    }
  });

  describe('when its nucleus speaks', () => {
    let nucleus: MqttClient;

    beforeAll(async () => {
      await core.stop();
      nucleus = await connectRaw(platform.description, { certificatePem: cert, privateKeyPem: key }, CORE);
    }, 30_000);
    afterAll(async () => {
      await nucleus?.endAsync(true);
    });

    test('its spool hears from the cloud what it asks there', async () => {
      const topic = `fleetwright-dev/${SITE}/edge-core/${CORE}/echo`;
      await nucleus.subscribeAsync(topic, { qos: 1 });
      const heard = new Promise<string>((resolve) =>
        nucleus.once('message', (_topic, payload) => resolve(String(payload))),
      );
      await nucleus.publishAsync(topic, 'probe', { qos: 1 });
      expect(await heard).toBe('probe');
    });

    test('a deployment that fails and a component that is broken are letters for a person', async () => {
      const status = {
        ggcVersion: '2.12.0',
        platform: 'linux',
        architecture: 'amd64',
        thing: CORE,
        overallDeviceStatus: 'UNHEALTHY',
        sequenceNumber: 1,
        timestamp: Date.now(),
        messageType: 'COMPLETE',
        trigger: 'THING_GROUP_DEPLOYMENT',
        components: [{ componentName: SPOOL, version: '1.2.0', isRoot: true, status: 'BROKEN' }],
        deploymentInformation: { status: 'FAILED', deploymentId: 'a', statusDetails: { failureCause: 'no disk' } },
      };
      await nucleus.publishAsync(`$aws/things/${CORE}/greengrassv2/health/json`, JSON.stringify(status), { qos: 1 });
      const queues = new SQSClient(platform.settings);
      const letters: string[] = [];
      await eventually('both letters', async () => {
        const QueueUrl = outputs.CoreFailedQueueUrl;
        const { Messages = [] } = await queues.send(new ReceiveMessageCommand({ QueueUrl, MaxNumberOfMessages: 10 }));
        letters.push(...Messages.map(({ Body = '' }) => Body));
        return letters.length >= 2;
      });
      expect(letters.join()).toContain('no disk');
      expect(letters.join()).toContain('BROKEN');
      const greengrass = new GreengrassV2Client(platform.settings);
      expect(await greengrass.send(new GetCoreDeviceCommand({ coreDeviceThingName: CORE }))).toMatchObject({
        status: 'UNHEALTHY',
      });
    }, 40_000);
  });
});
