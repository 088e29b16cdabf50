import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  AttachPolicyCommand,
  AttachThingPrincipalCommand,
  CreateCertificateFromCsrCommand,
  CreatePolicyCommand,
  CreateThingCommand,
  IoTClient,
} from '@aws-sdk/client-iot';
import { localClientSettings } from '../../cli/running-cloud.ts';
import { certificateSigningRequest, generatePrivateKey } from '../../device-client/src/index.ts';
import type { CloudDescription } from '../../local-cloud/src/index.ts';
import type { DeviceOrder } from './device-order.ts';

export type DevicePlace = Pick<
  DeviceOrder,
  | 'host'
  | 'port'
  | 'serverCaPem'
  | 'certificatePem'
  | 'privateKeyPem'
  | 'thingName'
  | 'configuration'
  | 'stateDirectory'
>;

const CONFIGURATION = {
  topicRoot: 'bench',
  site: 'north',
  deviceType: 'pump',
  telemetryRule: 'none',
  eventRule: 'none',
  // Ordinary topics: no rule is behind them, and what is measured is the device.
  basicIngestChannels: '',
};

/** A registered device whose state directory is as after provisioning. */
export async function benchDevice(cloud: CloudDescription, directory: string, name: string): Promise<DevicePlace> {
  const thingName = `bench-${name}`;
  const privateKeyPem = generatePrivateKey();
  const iot = new IoTClient(localClientSettings(cloud));
  await iot.send(new CreateThingCommand({ thingName }));
  const { certificateArn, certificateId, certificatePem } = await iot.send(
    new CreateCertificateFromCsrCommand({
      certificateSigningRequest: await certificateSigningRequest(privateKeyPem, thingName),
      setAsActive: true,
    }),
  );
  const Statement = [{ Effect: 'Allow', Action: 'iot:*', Resource: '*' }];
  const policyDocument = JSON.stringify({ Version: '2012-10-17', Statement });
  await iot.send(new CreatePolicyCommand({ policyName: thingName, policyDocument }));
  await iot.send(new AttachPolicyCommand({ policyName: thingName, target: certificateArn }));
  await iot.send(new AttachThingPrincipalCommand({ thingName, principal: certificateArn }));
  iot.destroy();
  const stateDirectory = join(directory, thingName);
  mkdirSync(stateDirectory, { recursive: true, mode: 0o700 });
  const identity = { thingName, certificateId, configuration: CONFIGURATION };
  for (const [name, content] of [
    ['device.key.pem', privateKeyPem],
    ['device.certificate.pem', certificatePem ?? ''],
    ['identity.json', JSON.stringify(identity)],
  ] as const) {
    writeFileSync(join(stateDirectory, name), content, { mode: 0o600 });
  }
  return {
    host: cloud.mqttHost,
    port: cloud.mqttPort,
    serverCaPem: readFileSync(cloud.caFile, 'utf8'),
    certificatePem: certificatePem ?? '',
    privateKeyPem,
    thingName,
    configuration: CONFIGURATION,
    stateDirectory,
  };
}
