import { Sha256 } from '@aws-crypto/sha256-js';
import { SignatureV4 } from '@smithy/signature-v4';
import mqtt, { type MqttClient } from 'mqtt';
import type { Credentials } from '../../local-cloud/src/core/iam/authorizer.ts';
import { ADMINISTRATOR } from '../../local-cloud/src/testing/context.ts';
import { ARN, DataPlaneCloud } from './data-plane-cloud.ts';

// source: iot-authorization ("IAM policies are attached to an IAM user, group, or role"), iot-policy-actions

let cloud: DataPlaneCloud;
const clients: MqttClient[] = [];

beforeAll(async () => {
  cloud = await DataPlaneCloud.start();
});
afterAll(async () => {
  for (const client of clients) client.end(true);
  await cloud.close();
});

const iam = (operation: string, input: object) => cloud.https.cloud.api.call(ADMINISTRATOR, 'iam', operation, input);

async function putPolicy(RoleName: string, statements: readonly object[]): Promise<void> {
  const PolicyDocument = JSON.stringify({ Version: '2012-10-17', Statement: statements });
  await iam('PutRolePolicy', { RoleName, PolicyName: 'only', PolicyDocument });
}

async function session(RoleName: string, statements: readonly object[]): Promise<Credentials> {
  const trust = { Effect: 'Allow', Principal: { AWS: '123456789012' }, Action: 'sts:AssumeRole' };
  const AssumeRolePolicyDocument = JSON.stringify({ Version: '2012-10-17', Statement: trust });
  await iam('CreateRole', { RoleName, AssumeRolePolicyDocument });
  await putPolicy(RoleName, statements);
  const { ports } = cloud.https.cloud;
  const role = ports.get('authorizer').assumeRole(ADMINISTRATOR, `arn:aws:iam::123456789012:role/${RoleName}`, 'web');
  return ports.get('credentials').issue(role, 3_600_000);
}

async function connect(credentials: Credentials, clientId: string): Promise<MqttClient> {
  const host = `localhost:${cloud.mqttPort}`;
  const signer = new SignatureV4({
    service: 'iotdevicegateway',
    region: 'us-east-1',
    credentials: { accessKeyId: credentials.accessKeyId, secretAccessKey: credentials.secretAccessKey },
    sha256: Sha256,
  });
  const presigned = await signer.presign(
    { method: 'GET', protocol: 'wss:', hostname: 'localhost', path: '/mqtt', headers: { host }, query: {} },
    { expiresIn: 60 },
  );
  const query = new URLSearchParams(presigned.query as Record<string, string>);
  if (credentials.sessionToken !== undefined) query.set('X-Amz-Security-Token', credentials.sessionToken);
  const client = mqtt.connect(`wss://${host}/mqtt?${query}`, {
    clientId,
    reconnectPeriod: 0,
    protocolVersion: 5,
    wsOptions: { ca: cloud.https.identity.caCertificatePem },
  });
  clients.push(client);
  await new Promise<void>((resolve, reject) => {
    client.once('connect', () => resolve());
    client.once('error', reject);
    client.once('close', () => reject(new Error('closed')));
  });
  client.removeAllListeners('close');
  client.on('error', () => {});
  return client;
}

const allow = (Action: string | string[], ...Resource: string[]) => ({ Effect: 'Allow', Action, Resource });

test("a signed WebSocket client may do what its role's IAM policies allow, and is known by the role's user id", async () => {
  const credentials = await session('dashboard', [
    allow('iot:Connect', `${ARN}client/web-*`),
    allow(['iot:Publish', 'iot:Receive'], `${ARN}topic/web/*`),
    allow('iot:Subscribe', `${ARN}topicfilter/web/*`),
  ]);
  const client = await connect(credentials, 'web-1');
  const received = new Promise<string>((resolve) => client.once('message', (topic) => resolve(topic)));
  await client.subscribeAsync('web/echo', { qos: 1 });
  await client.publishAsync('web/echo', '{}', { qos: 1 });
  expect(await received).toBe('web/echo');
  const publish = cloud.rules.published.find(({ topic }) => topic === 'web/echo');
  expect(publish?.publisher?.principalId).toMatch(/^AROA[A-Z0-9]+:web$/);
  await client.endAsync();
});

test('a client id, topic, filter or retained publish that IAM does not allow is refused', async () => {
  const credentials = await session('limited', [
    allow('iot:Connect', `${ARN}client/web-*`),
    allow('iot:Publish', `${ARN}topic/web/*`),
  ]);
  await expect(connect(credentials, 'other')).rejects.toThrow();
  const subscriber = await connect(credentials, 'web-2');
  await expect(subscriber.subscribeAsync('web/echo')).rejects.toThrow();
  const publisher = await connect(credentials, 'web-3');
  await expect(publisher.publishAsync('elsewhere', '{}', { qos: 1 })).rejects.toThrow('Not authorized');
  const retained = publisher.publishAsync('web/echo', '{}', { qos: 1, retain: true });
  await expect(retained).rejects.toThrow('Not authorized');
});

test('a change of an IAM policy counts for the messages that follow', async () => {
  const connectOnly = allow('iot:Connect', '*');
  const credentials = await session('changing', [connectOnly, allow('iot:Publish', '*')]);
  const client = await connect(credentials, 'web-5');
  await client.publishAsync('web/first', '{}', { qos: 1 });
  await putPolicy('changing', [connectOnly]);
  await expect(client.publishAsync('web/second', '{}', { qos: 1 })).rejects.toThrow('Not authorized');
  expect(cloud.rules.published.some(({ topic }) => topic === 'web/second')).toBe(false);
});

test("the account's own credentials may do everything", async () => {
  const client = await connect(cloud.https.administrator, 'admin');
  await client.publishAsync('anything', '{}', { qos: 1, retain: true });
  await client.endAsync();
});
