import { createPrivateKey, randomBytes } from 'node:crypto';
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { Agent, request } from 'node:https';
import { join } from 'node:path';
import { DynamoDBClient, PutItemCommand } from '@aws-sdk/client-dynamodb';
import {
  DescribeCertificateCommand,
  DescribeThingCommand,
  IoTClient,
  ListAttachedPoliciesCommand,
  ListCACertificatesCommand,
  ListCertificatesCommand,
  ListThingGroupsForThingCommand,
  ListThingPrincipalsCommand,
} from '@aws-sdk/client-iot';
import { CreateBucketCommand, GetObjectCommand, PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { GetQueueAttributesCommand, SQSClient } from '@aws-sdk/client-sqs';
import {
  type DeviceAddress,
  jobDocumentSchema,
  type RotationAnswer,
  rotationAnswerSchema,
  rotationAnswerTopic,
  rotationTopic,
} from '@fleetwright/contracts';
import type { MqttClient } from 'mqtt';
import { certificateSigningRequest, generatePrivateKey } from '../../device-client/src/index.ts';
import {
  makeAuthority,
  type TestAuthority,
  type TestIdentity,
} from '../../local-cloud/src/services/iot/testing/test-authority.ts';
import { editedAssembly } from '../support/assembly.ts';
import { endCommands, fleetwright } from '../support/command.ts';
import { configuredAssembly } from '../support/configured-assembly.ts';
import { eventually } from '../support/eventually.ts';
import { startTestPlatform, type TestPlatform, temporaryDirectory } from '../support/platform.ts';
import { connectRaw, type RawCredentials } from '../support/raw-device.ts';

/** seconds in which a new certificate must be confirmed, instead of an hour */
const CONFIRM = 6;
const BUCKET = 'fleetwright-device-uploads';

let directory: string;
let platform: TestPlatform;
let provisioning: TestAuthority;
let registration: TestAuthority;
let here: string[];
/** Key of the device that is part of the stack. */
let benchKey: string;
/** Of the identity stack. */
let outputs: Readonly<Record<string, string>>;
let iot: IoTClient;
const clients: MqttClient[] = [];

beforeAll(async () => {
  directory = temporaryDirectory();
  provisioning = await makeAuthority('CN=Provisioning CA', Date.now());
  registration = await makeAuthority('CN=Registration CA', Date.now());
  const authority = (name: string, { certificatePem }: TestAuthority, onboarding: string) => {
    const certificateFile = join(directory, `${name}.pem`);
    writeFileSync(certificateFile, certificatePem);
    return { name, certificateFile, onboarding, site: 'north', deviceType: 'pump-station' };
  };
  benchKey = generatePrivateKey();
  const csrFile = join(directory, 'bench.csr');
  writeFileSync(csrFile, await certificateSigningRequest(benchKey, 'BENCH-0001'));
  const assembly = configuredAssembly(join(directory, 'cdk.out'), {
    provisioning: { admission: 'list' },
    identity: {
      authorities: [authority('batch1', provisioning, 'provision'), authority('batch2', registration, 'register')],
      devices: [{ serialNumber: 'BENCH-0001', csrFile, site: 'harbour', deviceType: 'pump-station' }],
      credentials: {
        deviceTypes: ['pump-station'],
        durationSeconds: 900,
        grants: [{ actions: ['s3:PutObject'], resources: [`arn:aws:s3:::${BUCKET}/\${credentials-iot:ThingName}/*`] }],
      },
    },
  });
  const hurried = editedAssembly(assembly, 'hurried', 'identity', ({ Resources }) => {
    for (const { Properties, Type } of Object.values(Resources)) {
      if (Type !== 'AWS::Lambda::Function') continue;
      const { Variables } = Properties.Environment as { Variables: Record<string, unknown> };
      if ('CONFIRM_SECONDS' in Variables) Variables.CONFIRM_SECONDS = String(CONFIRM);
    }
  });
  platform = await startTestPlatform({ directory, assembly: hurried, keepDirectory: true });
  outputs = platform.description.stacks.find(({ stackName }) => stackName.endsWith('-identity'))?.outputs ?? {};
  here = ['--data-dir', join(directory, 'data')];
  iot = new IoTClient(platform.settings);
}, 120_000);
afterAll(async () => {
  await endCommands();
  for (const client of clients) client.end(true);
  iot?.destroy();
  await platform?.stop();
  rmSync(directory, { recursive: true, force: true });
}, 60_000);

async function admit(serialNumber: string, more: Record<string, string> = {}): Promise<void> {
  const table = new DynamoDBClient(platform.settings);
  const entry = Object.entries({ serialNumber, status: 'allowed', ...more });
  const Item = Object.fromEntries(entry.map(([name, value]) => [name, { S: value }]));
  await table.send(new PutItemCommand({ TableName: outputs.AdmissionsTableName, Item }));
  table.destroy();
}

/** A device that was provisioned by claim and is switched off again. */
async function provisioned(serialNumber: string) {
  await admit(serialNumber);
  const device = platform.device(serialNumber);
  await device.start();
  await device.stop();
  const { certificateId, certificatePem, configuration, privateKeyPem, thingName } = device.identity;
  const { site, deviceType, topicRoot } = configuration;
  return {
    certificateId,
    certificatePem,
    privateKeyPem,
    thingName,
    address: { topicRoot, site, deviceType, thingName },
  };
}

async function connect(credentials: RawCredentials, clientId: string): Promise<MqttClient> {
  const client = await connectRaw(platform.description, credentials, clientId, { reconnectPeriod: 0 });
  clients.push(client);
  return client;
}

const refused = (credentials: RawCredentials, clientId: string): Promise<boolean> =>
  connect(credentials, clientId).then(
    () => false,
    () => true,
  );

async function statusOf(certificateId: string): Promise<string | undefined> {
  const { certificateDescription } = await iot.send(new DescribeCertificateCommand({ certificateId }));
  return certificateDescription?.status;
}

async function stateOf(thingName: string): Promise<string | undefined> {
  return (await iot.send(new DescribeThingCommand({ thingName }))).attributes?.state;
}

const active = (thingName: string): Promise<boolean> =>
  eventually(`${thingName} active`, async () => (await stateOf(thingName)) === 'active');

async function groupsOf(thingName: string): Promise<string[]> {
  const { thingGroups = [] } = await iot.send(new ListThingGroupsForThingCommand({ thingName }));
  return thingGroups.map(({ groupName = '' }) => groupName).sort();
}

const GROUPS = ['fleetwright-dev', 'fleetwright-dev-site-north', 'fleetwright-dev-type-pump-station'];

describe('certificate rotation', () => {
  /** Answers that arrive on a connection. */
  async function answersOn(client: MqttClient, address: DeviceAddress) {
    const answers: RotationAnswer[] = [];
    client.on('message', (_topic, payload) => answers.push(rotationAnswerSchema.parse(JSON.parse(String(payload)))));
    await client.subscribeAsync(rotationAnswerTopic(address), { qos: 1 });
    return <K extends RotationAnswer['kind']>(kind: K, timeout?: number) =>
      eventually(
        `answer ${kind}`,
        async () => answers.find((answer): answer is Extract<RotationAnswer, { kind: K }> => answer.kind === kind),
        timeout,
      );
  }

  async function say(client: MqttClient, address: DeviceAddress, message: object): Promise<void> {
    await client.publishAsync(rotationTopic(address), JSON.stringify({ version: 1, ...message }), { qos: 1 });
  }

  test('a device gets a new certificate and loses the old one when it has confirmed over the new', async () => {
    const device = await provisioned('ROT-0001');
    const { address, thingName } = device;
    const first = await connect(device, thingName);
    const answered = await answersOn(first, address);
    const privateKeyPem = generatePrivateKey();
    const csrPem = await certificateSigningRequest(privateKeyPem, thingName);
    const requestId = randomBytes(16).toString('hex');
    const asked = { kind: 'request', requestId, csrPem, reason: 'asked' };
    await say(first, address, asked);
    await say(first, address, asked);
    const issued = await answered('issued');
    expect(issued.confirmBefore).toBeGreaterThan(Date.now());
    first.end(true);

    const next = { certificatePem: issued.certificatePem, privateKeyPem };
    const second = await connect(next, thingName);
    const answeredAgain = await answersOn(second, address);
    expect(await statusOf(device.certificateId)).toBe('ACTIVE');
    await say(second, address, { kind: 'confirm', requestId });
    await answeredAgain('completed');
    expect(await statusOf(device.certificateId)).toBe('INACTIVE');
    expect(await refused(device, thingName)).toBe(true);
    const { principals = [] } = await iot.send(new ListThingPrincipalsCommand({ thingName }));
    expect(principals.map((arn) => arn.slice(arn.lastIndexOf('/') + 1))).toEqual([issued.certificateId]);
    const { policies = [] } = await iot.send(new ListAttachedPoliciesCommand({ target: principals[0] }));
    expect(policies.map(({ policyName }) => policyName).sort()).toEqual([
      'fleetwright-dev-device',
      'fleetwright-dev-device-services',
    ]);
    await second.publishAsync(`$aws/things/${thingName}/shadow/get`, '', { qos: 1 });
  }, 60_000);

  test('a certificate that is not confirmed is withdrawn, and the old one goes on', async () => {
    const device = await provisioned('ROT-0002');
    const { address, thingName } = device;
    const client = await connect(device, thingName);
    const answered = await answersOn(client, address);
    const privateKeyPem = generatePrivateKey();
    const csrPem = await certificateSigningRequest(privateKeyPem, thingName);
    const requestId = randomBytes(16).toString('hex');
    await say(client, address, { kind: 'request', requestId, csrPem, reason: 'expiring' });
    const issued = await answered('issued');
    expect(await answered('refused', 60_000)).toMatchObject({ code: 'TOO_LATE', requestId });
    expect(await statusOf(issued.certificateId)).toBe('INACTIVE');
    expect(await statusOf(device.certificateId)).toBe('ACTIVE');
    expect(await refused({ certificatePem: issued.certificatePem, privateKeyPem }, thingName)).toBe(true);
  }, 90_000);

  test('an operator asks for it by a job of the contract', async () => {
    const device = await provisioned('ROT-0003');
    const { exitCode, stdout, stderr } = await fleetwright('device', 'rotate', 'ROT-0003', '--json', ...here).result;
    expect([exitCode, exitCode === 0 ? '' : stderr]).toEqual([0, '']);
    const { jobId } = JSON.parse(stdout);
    const client = await connect(device, device.thingName);
    const topic = `$aws/things/${device.thingName}/jobs/start-next`;
    const started = new Promise<{ execution: { jobId: string; jobDocument: unknown } }>((resolve) => {
      client.on('message', (_topic, payload) => resolve(JSON.parse(String(payload))));
    });
    await client.subscribeAsync(`${topic}/accepted`, { qos: 1 });
    await client.publishAsync(topic, '{}', { qos: 1 });
    const { execution } = await started;
    expect(execution.jobId).toBe(jobId);
    expect(jobDocumentSchema.parse(execution.jobDocument).operation).toBe('rotate-certificate');
  }, 60_000);
});

describe('ways into the fleet', () => {
  const nameOf = (serialNumber: string) => `fleetwright-dev-pump-station-${serialNumber}`;

  test('by claim: a device is provisioned, and active when it has connected as itself', async () => {
    const { thingName } = await provisioned('WAY-0001');
    await active(thingName);
    expect(await groupsOf(thingName)).toEqual(GROUPS);
  }, 60_000);

  test('just-in-time provisioning: the first connection of a certificate of the CA makes the device, the next works', async () => {
    const device = await provisioning.issue('CN=WAY-0002');
    const thingName = nameOf('WAY-0002');
    expect(await refused(device, thingName)).toBe(true);
    const client = await eventually('a connection', () => connect(device, thingName));
    await client.publishAsync(`fleetwright-dev/north/pump-station/${thingName}/outcome`, '{}', { qos: 1 });
    await active(thingName);
    expect(await groupsOf(thingName)).toEqual(GROUPS);
  }, 60_000);

  test('just-in-time registration: a listed device is registered where the list says, another waits', async () => {
    const [listed, stranger] = [await registration.issue('CN=WAY-0003'), await registration.issue('CN=WAY-0004')];
    await admit('WAY-0003', { site: 'south' });
    const tries = (device: TestIdentity, name: string) => connect(device, nameOf(name));
    await Promise.allSettled([tries(listed, 'WAY-0003'), tries(stranger, 'WAY-0004')]);
    await eventually('a connection', () => tries(listed, 'WAY-0003'));
    await active(nameOf('WAY-0003'));
    expect(await groupsOf(nameOf('WAY-0003'))).toContain('fleetwright-dev-site-south');
    expect(await refused(stranger, nameOf('WAY-0004'))).toBe(true);
    await expect(stateOf(nameOf('WAY-0004'))).rejects.toMatchObject({ name: 'ResourceNotFoundException' });
    await admit('WAY-0004');
    await eventually('a connection', () => tries(stranger, 'WAY-0004'));
  }, 60_000);

  test('by the stack: a device of the configuration is whole when it is deployed', async () => {
    const thingName = nameOf('BENCH-0001');
    expect(await stateOf(thingName)).toBe('provisioning');
    expect(await groupsOf(thingName)).toEqual([
      'fleetwright-dev',
      'fleetwright-dev-site-harbour',
      'fleetwright-dev-type-pump-station',
    ]);
    const found = await iot.send(new DescribeCertificateCommand({ certificateId: outputs.CertificateOfBENCH0001 }));
    const certificatePem = found.certificateDescription?.certificatePem ?? '';
    await connect({ certificatePem, privateKeyPem: benchKey }, thingName);
    await active(thingName);
  }, 60_000);

  test('by hand: an operator has a signing request signed, and the device connects with what comes back', async () => {
    const privateKeyPem = generatePrivateKey();
    const csr = join(directory, 'way-5.csr');
    writeFileSync(csr, await certificateSigningRequest(privateKeyPem, 'WAY-0005'));
    const place = ['--site', 'north', '--device-type', 'pump-station', '--csr', csr];
    const { exitCode, stdout, stderr } = await fleetwright('device', 'register', 'WAY-0005', ...place, ...here).result;
    expect([exitCode, exitCode === 0 ? '' : stderr]).toEqual([0, '']);
    const thingName = nameOf('WAY-0005');
    expect(await stateOf(thingName)).toBe('provisioning');
    await connect({ certificatePem: stdout, privateKeyPem }, thingName);
    await active(thingName);
    expect(await groupsOf(thingName)).toEqual(GROUPS);
  }, 60_000);

  test('by list: what is good on it is registered, and each device connects with the certificate signed for it', async () => {
    const keys = ['BULK-0001', 'BULK-0002', 'BULK-0003'].map((serial) => [serial, generatePrivateKey()] as const);
    const lines = ['serialNumber,site,deviceType,csr'];
    for (const [serial, key] of keys) {
      const csr = await certificateSigningRequest(key, serial);
      // Of the last one only the service can tell that its request is cut off.
      const cut = serial === 'BULK-0003' ? csr.replace(/\n[^\n]+\n-----END/, '\n-----END') : csr;
      lines.push(`${serial},north,pump-station,"${cut}"`);
    }
    const file = join(directory, 'bulk.csv');
    writeFileSync(file, `${lines.join('\n')}\n`);
    const out = join(directory, 'signed');
    const imported = await fleetwright('device', 'import', file, '--out', out, '--json', ...here).result;
    expect(JSON.parse(imported.stdout)).toMatchObject({ registered: 2, failed: 1 });
    const [[serial, privateKeyPem]] = keys as [readonly [string, string]];
    await connect({ certificatePem: readFileSync(join(out, `${serial}.pem`), 'utf8'), privateKeyPem }, nameOf(serial));
    await active(nameOf(serial));
    expect(await stateOf(nameOf('BULK-0002'))).toBe('provisioning');
  }, 60_000);
});

describe('AWS credentials of a device', () => {
  interface Answer {
    readonly status: number;
    readonly body: { credentials?: Partial<Record<'accessKeyId' | 'secretAccessKey' | 'sessionToken', string>> };
  }

  function ask(device: RawCredentials, thingName: string): Promise<Answer> {
    const { caFile, mqttHost: host, mqttPort: port } = platform.description;
    const agent = new Agent({
      ca: readFileSync(caFile),
      cert: device.certificatePem,
      key: createPrivateKey(device.privateKeyPem).export({ format: 'pem', type: 'pkcs8' }),
    });
    const path = `/role-aliases/${outputs.CredentialsRoleAlias}/credentials`;
    return new Promise((resolve, reject) => {
      const headers = { 'x-amzn-iot-thingname': thingName };
      const outgoing = request({ host, port, path, agent, headers }, (response) => {
        let text = '';
        response.on('data', (chunk) => {
          text += chunk;
        });
        response.on('end', () => {
          agent.destroy();
          resolve({ status: response.statusCode ?? 0, body: JSON.parse(text) });
        });
      });
      outgoing.on('error', reject);
      outgoing.end();
    });
  }

  test('are given over mTLS, and are good for what is granted below its own name and nothing else', async () => {
    const device = await provisioned('CRED-0001');
    const own = new S3Client({ ...platform.settings, forcePathStyle: true });
    await own.send(new CreateBucketCommand({ Bucket: BUCKET }));
    const { body, status } = await ask(device, device.thingName);
    expect(status).toBe(200);
    const { accessKeyId = '', secretAccessKey = '', sessionToken = '' } = body.credentials ?? {};
    const credentials = { accessKeyId, secretAccessKey, sessionToken };
    const s3 = new S3Client({ ...platform.settings, credentials, forcePathStyle: true });
    const registry = new IoTClient({ ...platform.settings, credentials });
    const put = (thingName: string) =>
      s3.send(new PutObjectCommand({ Bucket: BUCKET, Key: `${thingName}/log.txt`, Body: 'x' })).then(
        () => 'done',
        (error: Error) => `${error.name}`,
      );
    expect(await put(device.thingName)).toBe('done');
    expect(await put('fleetwright-dev-pump-station-CRED-0002')).toBe('AccessDenied');
    const Key = `${device.thingName}/log.txt`;
    await expect(s3.send(new GetObjectCommand({ Bucket: BUCKET, Key }))).rejects.toMatchObject({
      name: 'AccessDenied',
    });
    await expect(registry.send(new DescribeThingCommand({ thingName: device.thingName }))).rejects.toThrow(
      /not authorized/,
    );
    const other = await provisioned('CRED-0002');
    expect((await ask(other, device.thingName)).status).toBe(403);
    for (const client of [own, s3, registry]) client.destroy();
  }, 60_000);
});

test('nothing of it ended in a dead-letter queue', async () => {
  const sqs = new SQSClient(platform.settings);
  const queues = Object.entries(outputs).filter(([name]) =>
    /^(Rotation|FirstConnection|Registration)Failed|^IdentityRule/.test(name),
  );
  expect(queues).toHaveLength(4);
  for (const [name, QueueUrl] of queues) {
    const { Attributes } = await sqs.send(
      new GetQueueAttributesCommand({ QueueUrl, AttributeNames: ['ApproximateNumberOfMessages'] }),
    );
    expect([name, Attributes?.ApproximateNumberOfMessages]).toEqual([name, '0']);
  }
  sqs.destroy();
});

test('a purge finds every certificate: of devices, out of use, and of a CA on hold; a destroy is clean after it', async () => {
  const stranger = await registration.issue('CN=PURGE-0001');
  await refused(stranger, 'fleetwright-dev-pump-station-PURGE-0001');
  const purged = await fleetwright('purge', '--yes', '--json', '--empty-buckets', ...here).result;
  expect([purged.exitCode, purged.exitCode === 0 ? '' : purged.stderr]).toEqual([0, '']);
  const { certificates = [] } = await iot.send(new ListCertificatesCommand({}));
  expect(certificates.map(({ certificateId }) => certificateId)).toEqual([platform.claim.certificateId]);

  const destroyed = await fleetwright('destroy', '--yes', '--json', ...here).result;
  expect([destroyed.exitCode, destroyed.exitCode === 0 ? '' : destroyed.stderr]).toEqual([0, '']);
  expect((await iot.send(new ListCACertificatesCommand({}))).certificates).toEqual([]);
}, 120_000);
