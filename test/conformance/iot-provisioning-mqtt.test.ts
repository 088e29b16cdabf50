import mqtt, { type IClientOptions, type MqttClient } from 'mqtt';
import { createBrokerPlugin } from '../../local-cloud/src/broker/plugin.ts';
import { testServerIdentity } from '../../local-cloud/src/broker/testing/device-identities.ts';
import { TestRuleIngress } from '../../local-cloud/src/broker/testing/test-ports.ts';
import type { ManualClock } from '../../local-cloud/src/core/clock.ts';
import type { ServicePlugin } from '../../local-cloud/src/core/plugin.ts';
import { createIamPlugin } from '../../local-cloud/src/services/iam/plugin.ts';
import { iotPlugin } from '../../local-cloud/src/services/iot/plugin.ts';
import { makeCsrWithKey } from '../../local-cloud/src/services/iot/testing/iot-test-cloud.ts';
import { ADMINISTRATOR, createTestCloud, type TestCloud } from '../../local-cloud/src/testing/context.ts';

// Developer guide, provision-wo-cert, "Provisioning by claim", from the first connect to the first own publish: over
// mTLS, with the real broker, policies and IAM.

const ARN = 'arn:aws:iot:us-east-1:123456789012:';
const ROLE_ARN = 'arn:aws:iam::123456789012:role/provisioning';
const CREATE = '$aws/certificates/create-from-csr/json';
const PROVISION = '$aws/provisioning-templates/fleet/provision/json';

let cloud: TestCloud<ManualClock>;
let connect: (clientId: string, cert: string, key: string) => Promise<MqttClient>;
let rules: TestRuleIngress;
let clients: MqttClient[];

const call = <O = Record<string, unknown>>(service: 'iot' | 'iam', operation: string, input: object): Promise<O> =>
  cloud.api.call<O>(ADMINISTRATOR, service, operation, input);

const policy = (...Statement: object[]) => JSON.stringify({ Version: '2012-10-17', Statement });

beforeEach(async () => {
  const { server } = await testServerIdentity();
  cloud = createTestCloud();
  rules = new TestRuleIngress();
  clients = [];
  cloud.ports.provide('rules', rules);
  cloud.ports.provide('serverIdentity', server);
  const broker = createBrokerPlugin({ host: '127.0.0.1', port: 0, identityChangeDelayMs: 0 });
  let port = () => 0;
  const plugins: ServicePlugin[] = [
    cloud.use(createIamPlugin),
    cloud.use(iotPlugin({ identityChangeDelay: 0 })),
    cloud.use((context) => {
      const made = broker(context);
      port = () => made.port;
      return made;
    }),
  ];
  for (const plugin of plugins) await plugin.start?.();
  connect = (clientId, cert, key) =>
    new Promise((resolve, reject) => {
      const options = { host: '127.0.0.1', servername: 'localhost', port: port(), ca: server.caCertificatePem };
      const client = mqtt.connect({
        protocol: 'mqtts',
        ...options,
        cert,
        key,
        clientId,
        reconnectPeriod: 0,
      } as IClientOptions);
      clients.push(client);
      client.once('connect', () => resolve(client));
      client.once('error', reject);
      client.once('close', () => reject(new Error('closed')));
    });
});

afterEach(async () => {
  for (const client of clients) await client.endAsync(true);
  await cloud.close();
});

async function makeFleet(roleActions: string[]): Promise<{ certificatePem: string; privateKeyPem: string }> {
  const trust = { Effect: 'Allow', Principal: { Service: 'iot.amazonaws.com' }, Action: 'sts:AssumeRole' };
  await call('iam', 'CreateRole', { RoleName: 'provisioning', AssumeRolePolicyDocument: policy(trust) });
  await call('iam', 'PutRolePolicy', {
    RoleName: 'provisioning',
    PolicyName: 'register',
    PolicyDocument: policy({ Effect: 'Allow', Action: roleActions, Resource: '*' }),
  });
  const name = '${iot:Connection.Thing.ThingName}';
  await call('iot', 'CreatePolicy', {
    policyName: 'device',
    policyDocument: policy(
      { Effect: 'Allow', Action: 'iot:Connect', Resource: `${ARN}client/${name}` },
      { Effect: 'Allow', Action: 'iot:Publish', Resource: `${ARN}topic/fleet/${name}/telemetry` },
    ),
  });
  await call('iot', 'CreatePolicy', {
    policyName: 'claim',
    policyDocument: policy(
      { Effect: 'Allow', Action: 'iot:Connect', Resource: `${ARN}client/claim-*` },
      { Effect: 'Allow', Action: 'iot:Publish', Resource: [`${ARN}topic/${CREATE}`, `${ARN}topic/${PROVISION}`] },
      {
        Effect: 'Allow',
        Action: 'iot:Subscribe',
        Resource: [`${ARN}topicfilter/${CREATE}/*`, `${ARN}topicfilter/${PROVISION}/*`],
      },
      { Effect: 'Allow', Action: 'iot:Receive', Resource: [`${ARN}topic/${CREATE}/*`, `${ARN}topic/${PROVISION}/*`] },
    ),
  });
  await call('iot', 'CreateProvisioningTemplate', {
    templateName: 'fleet',
    enabled: true,
    provisioningRoleArn: ROLE_ARN,
    templateBody: JSON.stringify({
      Parameters: { SerialNumber: { Type: 'String' } },
      Resources: {
        thing: { Type: 'AWS::IoT::Thing', Properties: { ThingName: { Ref: 'SerialNumber' } } },
        certificate: {
          Type: 'AWS::IoT::Certificate',
          Properties: { CertificateId: { Ref: 'AWS::IoT::Certificate::Id' }, Status: 'ACTIVE' },
        },
        policy: { Type: 'AWS::IoT::Policy', Properties: { PolicyName: 'device' } },
      },
    }),
  });
  const claim = await call<{ certificateArn: string; certificatePem: string; keyPair: { PrivateKey: string } }>(
    'iot',
    'CreateKeysAndCertificate',
    { setAsActive: true },
  );
  await call('iot', 'AttachPolicy', { policyName: 'claim', target: claim.certificateArn });
  return { certificatePem: claim.certificatePem, privateKeyPem: claim.keyPair.PrivateKey };
}

async function ask(
  client: MqttClient,
  topic: string,
  payload: object,
): Promise<{ topic: string; body: Record<string, string> }> {
  await client.subscribeAsync([`${topic}/accepted`, `${topic}/rejected`], { qos: 1 });
  const reply = new Promise<{ topic: string; body: Record<string, string> }>((resolve) => {
    client.once('message', (replyTopic, bytes) => resolve({ topic: replyTopic, body: JSON.parse(bytes.toString()) }));
  });
  await client.publishAsync(topic, JSON.stringify(payload), { qos: 1 });
  return reply;
}

const ROLE_ACTIONS = [
  'iot:DescribeCertificate',
  'iot:DescribeThing',
  'iot:CreateThing',
  'iot:GetPolicy',
  'iot:AttachPolicy',
  'iot:AttachThingPrincipal',
  'iot:UpdateCertificate',
];

test('a claim becomes a device of its own, which may publish as itself and as nobody else', async () => {
  const claim = await makeFleet(ROLE_ACTIONS);
  const { pem, privateKeyPem } = await makeCsrWithKey();
  const claimClient = await connect('claim-1', claim.certificatePem, claim.privateKeyPem);
  const made = await ask(claimClient, CREATE, { certificateSigningRequest: pem });
  expect(made.topic).toBe(`${CREATE}/accepted`);
  const { certificatePem = '', certificateOwnershipToken } = made.body;
  await expect(connect('PS-1', certificatePem, privateKeyPem)).rejects.toThrow();
  const registered = await ask(claimClient, PROVISION, {
    certificateOwnershipToken,
    parameters: { SerialNumber: 'PS-1' },
  });
  expect(registered).toEqual({ topic: `${PROVISION}/accepted`, body: { deviceConfiguration: {}, thingName: 'PS-1' } });

  await expect(connect('PS-2', certificatePem, privateKeyPem)).rejects.toThrow();
  const device = await connect('PS-1', certificatePem, privateKeyPem);
  await device.publishAsync('fleet/PS-1/telemetry', '{}', { qos: 1 });
  const closed = new Promise<void>((resolve) => device.once('close', () => resolve()));
  device.publish('fleet/PS-2/telemetry', '{}', { qos: 1 });
  await closed;
});

test('a role that may not create things refuses the device, naming role, action and resource', async () => {
  const claim = await makeFleet(ROLE_ACTIONS.filter((action) => action !== 'iot:CreateThing'));
  const { pem } = await makeCsrWithKey();
  const client = await connect('claim-1', claim.certificatePem, claim.privateKeyPem);
  const { body } = await ask(client, CREATE, { certificateSigningRequest: pem });
  const { certificateOwnershipToken } = body;
  const refused = await ask(client, PROVISION, { certificateOwnershipToken, parameters: { SerialNumber: 'PS-1' } });
  expect(refused).toMatchObject({
    topic: `${PROVISION}/rejected`,
    body: { statusCode: 403, errorCode: 'ACCESS_DENIED' },
  });
  expect(refused.body.errorMessage).toMatch(/assumed-role\/provisioning.*iot:CreateThing.*thing\/PS-1/);
});
