import { readFileSync } from 'node:fs';
import { AttachRolePolicyCommand, CreateRoleCommand, IAMClient } from '@aws-sdk/client-iam';
import {
  AttachPolicyCommand,
  CreateKeysAndCertificateCommand,
  CreatePolicyCommand,
  CreateProvisioningTemplateCommand,
  IoTClient,
} from '@aws-sdk/client-iot';
import { connectAsync } from 'mqtt';
import { localClientSettings } from '../../cli/running-cloud.ts';
import { certificateSigningRequest, generatePrivateKey } from '../../device-client/src/index.ts';
import type { CloudDescription } from '../../local-cloud/src/index.ts';
import { processUsage } from '../load/process-usage.ts';

export interface OnboardingFigures {
  readonly devices: number;
  readonly onboardingsPerSecond: number;
  readonly serverCpuMillisecondsPerOnboarding: number;
}

const TEMPLATE = 'bench';
const POLICY = 'bench-onboarding';
const REGISTRATION_POLICY = 'arn:aws:iam::aws:policy/service-role/AWSIoTThingsRegistration';
/** Devices that come at the same time. */
const PARALLEL = 8;

interface Credentials {
  readonly cert: string;
  readonly key: string;
}

/** Devices exchange a claim for a certificate of their own: connect, CSR, registration by template, connect as themselves. */
export async function measureOnboarding(cloud: CloudDescription, devices: number): Promise<OnboardingFigures> {
  const claim = await prepare(cloud);
  // Made before the clock runs: a device's own work, not the cloud's.
  const requests = await Promise.all(
    Array.from({ length: devices }, async () => {
      const privateKeyPem = generatePrivateKey();
      return { privateKeyPem, csrPem: await certificateSigningRequest(privateKeyPem, 'bench') };
    }),
  );
  const before = processUsage(cloud.pid);
  const started = performance.now();
  let next = 0;
  const lane = async (): Promise<void> => {
    for (let index = next++; index < devices; index = next++) {
      const { csrPem, privateKeyPem } = requests[index] as (typeof requests)[number];
      await onboard(cloud, claim, `BENCH-${index}`, csrPem, privateKeyPem);
    }
  };
  await Promise.all(Array.from({ length: PARALLEL }, lane));
  const seconds = (performance.now() - started) / 1000;
  const after = processUsage(cloud.pid);
  return {
    devices,
    onboardingsPerSecond: Number((devices / seconds).toFixed(1)),
    serverCpuMillisecondsPerOnboarding: Number(
      ((after.cpuMicroseconds - before.cpuMicroseconds) / 1000 / devices).toFixed(1),
    ),
  };
}

/** A claim certificate, and a template whose things are named by their serial numbers. */
async function prepare(cloud: CloudDescription): Promise<Credentials> {
  const settings = localClientSettings(cloud);
  const iam = new IAMClient(settings);
  const iot = new IoTClient(settings);
  const document = (statement: object): string => JSON.stringify({ Version: '2012-10-17', Statement: [statement] });
  const trust = { Effect: 'Allow', Principal: { Service: 'iot.amazonaws.com' }, Action: 'sts:AssumeRole' };
  const role = await iam.send(new CreateRoleCommand({ RoleName: TEMPLATE, AssumeRolePolicyDocument: document(trust) }));
  await iam.send(new AttachRolePolicyCommand({ RoleName: TEMPLATE, PolicyArn: REGISTRATION_POLICY }));
  const everything = { Effect: 'Allow', Action: 'iot:*', Resource: '*' };
  await iot.send(new CreatePolicyCommand({ policyName: POLICY, policyDocument: document(everything) }));
  await iot.send(
    new CreateProvisioningTemplateCommand({
      templateName: TEMPLATE,
      enabled: true,
      provisioningRoleArn: role.Role?.Arn,
      templateBody: JSON.stringify({
        Parameters: { SerialNumber: { Type: 'String' }, 'AWS::IoT::Certificate::Id': { Type: 'String' } },
        Resources: {
          thing: { Type: 'AWS::IoT::Thing', Properties: { ThingName: { Ref: 'SerialNumber' } } },
          certificate: {
            Type: 'AWS::IoT::Certificate',
            Properties: { CertificateId: { Ref: 'AWS::IoT::Certificate::Id' }, Status: 'Active' },
          },
          policy: { Type: 'AWS::IoT::Policy', Properties: { PolicyName: POLICY } },
        },
      }),
    }),
  );
  const made = await iot.send(new CreateKeysAndCertificateCommand({ setAsActive: true }));
  await iot.send(new AttachPolicyCommand({ policyName: POLICY, target: made.certificateArn }));
  iam.destroy();
  iot.destroy();
  return { cert: made.certificatePem ?? '', key: made.keyPair?.PrivateKey ?? '' };
}

async function onboard(
  cloud: CloudDescription,
  claim: Credentials,
  serialNumber: string,
  csr: string,
  key: string,
): Promise<void> {
  const line = await open(cloud, `claim-${serialNumber}`, claim);
  const made = await line.ask('$aws/certificates/create-from-csr/json', { certificateSigningRequest: csr });
  const { certificateOwnershipToken, certificatePem } = made as Record<string, string>;
  await line.ask(`$aws/provisioning-templates/${TEMPLATE}/provision/json`, {
    certificateOwnershipToken,
    parameters: { SerialNumber: serialNumber },
  });
  await line.end();
  const own = await open(cloud, serialNumber, { cert: certificatePem as string, key });
  await own.end();
}

async function open(cloud: CloudDescription, clientId: string, credentials: Credentials) {
  const client = await connectAsync({
    protocol: 'mqtts',
    host: cloud.mqttHost,
    port: cloud.mqttPort,
    ca: readFileSync(cloud.caFile),
    ...credentials,
    clientId,
    protocolVersion: 5,
    reconnectPeriod: 0,
  });
  return {
    /** The answer of a service, which needs no subscription. @throws Error for a rejection */
    ask(topic: string, request: object): Promise<object> {
      return new Promise((resolve, reject) => {
        client.once('message', (answered, payload) => {
          if (answered === `${topic}/accepted`) resolve(JSON.parse(payload.toString()) as object);
          else reject(new Error(`${answered}: ${payload.toString()}`));
        });
        client.publish(topic, JSON.stringify(request), { qos: 1 });
      });
    },
    end: () => client.endAsync(),
  };
}
