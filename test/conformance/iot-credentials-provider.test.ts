import { Agent, request } from 'node:https';
import { GetCallerIdentityCommand, STSClient } from '@aws-sdk/client-sts';
import { ADMINISTRATOR } from '../../local-cloud/src/testing/context.ts';
import { ARN, DataPlaneCloud, type TestDevice } from './data-plane-cloud.ts';

// source: authorizing-direct-aws

const ROLE_NAME = 'camera';
const ROLE = `arn:aws:iam::123456789012:role/${ROLE_NAME}`;
let cloud: DataPlaneCloud;

beforeAll(async () => {
  cloud = await DataPlaneCloud.start();
  await iam('CreateRole', {
    RoleName: ROLE_NAME,
    AssumeRolePolicyDocument: trust('credentials.iot.amazonaws.com'),
  });
  await iam('PutRolePolicy', {
    RoleName: ROLE_NAME,
    PolicyName: 'own',
    PolicyDocument: documentOf({
      Effect: 'Allow',
      Action: 'iot:DescribeThing',
      Resource: `${ARN}thing/\${credentials-iot:ThingName}`,
    }),
  });
  await cloud.iot('CreateRoleAlias', { roleAlias: 'cameras', roleArn: ROLE, credentialDurationSeconds: 900 });
});
afterAll(() => cloud.close());

const documentOf = (statement: object) => JSON.stringify({ Version: '2012-10-17', Statement: statement });
const trust = (Service: string) => documentOf({ Effect: 'Allow', Principal: { Service }, Action: 'sts:AssumeRole' });
const iam = (operation: string, input: object) => cloud.https.cloud.api.call(ADMINISTRATOR, 'iam', operation, input);
const mayAssume = (roleAlias: string) => ({
  Effect: 'Allow',
  Action: 'iot:AssumeRoleWithCertificate',
  Resource: `${ARN}rolealias/${roleAlias}`,
});

interface Answer {
  readonly status: number;
  readonly body: { message?: string; credentials?: Record<string, string> };
}

function ask(device: TestDevice | undefined, roleAlias: string, thingName?: string): Promise<Answer> {
  const agent = new Agent({
    ca: cloud.https.identity.caCertificatePem,
    ...(device === undefined ? {} : { cert: device.certificatePem, key: device.privateKeyPem }),
  });
  const headers = thingName === undefined ? {} : { 'x-amzn-iot-thingname': thingName };
  const path = `/role-aliases/${roleAlias}/credentials`;
  return new Promise((resolve, reject) => {
    const outgoing = request({ host: 'localhost', port: cloud.mqttPort, path, agent, headers }, (response) => {
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

let devices = 0;
const makeDevice = (roleAlias = 'cameras') => cloud.device(`camera-${devices++}`, [mayAssume(roleAlias)]);

test('the endpoint is where every other endpoint of the devices is, with its port', async () => {
  cloud.https.cloud.ports.provide('endpoints', {
    apiUrl: '',
    mqttHost: 'localhost',
    mqttPort: cloud.mqttPort,
    caFile: '',
  });
  expect(await cloud.iot('DescribeEndpoint', { endpointType: 'iot:CredentialProvider' })).toEqual({
    endpointAddress: `localhost:${cloud.mqttPort}`,
  });
});

test('a device gets credentials of the role for as long as the alias says', async () => {
  const device = await makeDevice();
  const before = Math.floor(Date.now() / 1000) * 1000;
  const { status, body } = await ask(device, 'cameras', device.thingName);
  expect(status).toBe(200);
  const { accessKeyId = '', secretAccessKey = '', sessionToken = '', expiration = '' } = body.credentials ?? {};
  expect(expiration).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/);
  expect(Date.parse(expiration)).toBeGreaterThanOrEqual(before + 900_000);
  expect(Date.parse(expiration)).toBeLessThan(before + 960_000);
  const sts = new STSClient(cloud.https.client({ accessKeyId, secretAccessKey, sessionToken }));
  const { Arn } = await sts.send(new GetCallerIdentityCommand({}));
  expect(Arn).toMatch(new RegExp(`^arn:aws:sts::123456789012:assumed-role/${ROLE_NAME}/[0-9a-f]{64}$`));
});

test("the role's policies see the name of the thing, if the device gave it", async () => {
  const device = await makeDevice();
  const other = await makeDevice();
  const may = async (body: Answer['body'], thingName: string): Promise<boolean> => {
    const { accessKeyId = '' } = body.credentials ?? {};
    const principal = cloud.https.cloud.ports.get('credentials').find(accessKeyId)?.principal;
    if (principal === undefined) throw new Error('no such credentials');
    const call = cloud.https.cloud.api.call(principal, 'iot', 'DescribeThing', { thingName });
    return call.then(
      () => true,
      () => false,
    );
  };
  const named = (await ask(device, 'cameras', device.thingName)).body;
  expect([await may(named, device.thingName), await may(named, other.thingName)]).toEqual([true, false]);
  const nameless = (await ask(device, 'cameras')).body;
  expect(await may(nameless, device.thingName)).toBe(false);
});

test('a thing name that the certificate is not attached to is answered with 403', async () => {
  const [device, other] = [await makeDevice(), await makeDevice()];
  expect(await ask(device, 'cameras', other.thingName)).toMatchObject({ status: 403 });
});

test('a device whose policies do not allow iot:AssumeRoleWithCertificate on the alias is answered with 403', async () => {
  const device = await makeDevice('other');
  expect(await ask(device, 'cameras', device.thingName)).toMatchObject({ status: 403 });
});

test('a role that does not trust credentials.iot.amazonaws.com gives no credentials', async () => {
  await iam('CreateRole', { RoleName: 'distrustful', AssumeRolePolicyDocument: trust('iot.amazonaws.com') });
  await cloud.iot('CreateRoleAlias', {
    roleAlias: 'distrustful',
    roleArn: 'arn:aws:iam::123456789012:role/distrustful',
  });
  expect(await ask(await makeDevice('distrustful'), 'distrustful')).toMatchObject({ status: 403 });
});

test('credentials never live longer than the maximum session duration of the role', async () => {
  await cloud.iot('CreateRoleAlias', { roleAlias: 'long', roleArn: ROLE, credentialDurationSeconds: 43_200 });
  expect(await ask(await makeDevice('long'), 'long')).toMatchObject({ status: 400 });
});

// assumed: the guide does not say what an alias that does not exist leads to
test('an alias that does not exist is not found', async () => {
  expect(await ask(await makeDevice('missing'), 'missing')).toMatchObject({ status: 404 });
});

test('a client without a certificate gets nothing', async () => {
  expect(await ask(undefined, 'cameras')).toMatchObject({ status: 403 });
});
