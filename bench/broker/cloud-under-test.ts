import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  AttachPolicyCommand,
  AttachThingPrincipalCommand,
  CreateCertificateFromCsrCommand,
  CreatePolicyCommand,
  CreateThingCommand,
  IoTClient,
} from '@aws-sdk/client-iot';
import { type CloudProcess, forkCloud } from '../../cli/processes/cloud-process.ts';
import { localClientSettings } from '../../cli/running-cloud.ts';
import type { CloudDescription } from '../../local-cloud/src/index.ts';

export interface BenchCertificate {
  readonly certificatePem: string;
  readonly privateKeyPem: string;
}

/** A local cloud in a process of its own with nothing in it but certificates: no rule matches, nobody subscribes. */
export interface CloudUnderTest {
  readonly pid: number;
  readonly description: CloudDescription;
  /**
   * Registers so many devices through the API, four calls each: thing, certificate of a request, policy, attachment. All
   * certificates are of one key (P-256), which the device made, as with fleet provisioning.
   */
  register(count: number): Promise<BenchCertificate[]>;
  stop(): Promise<void>;
}

const POLICY = 'bench';
/** Registrations under way at a time. */
const LANES = 8;
/** What a device may do, with the variables that a fleet's policy has. */
const DOCUMENT = {
  Version: '2012-10-17',
  Statement: [
    { Effect: 'Allow', Action: 'iot:Connect', Resource: '*' },
    {
      Effect: 'Allow',
      Action: ['iot:Publish', 'iot:Receive'],
      Resource: 'arn:aws:iot:*:*:topic/fleet/${iot:ClientId}/*',
    },
    {
      Effect: 'Allow',
      Action: 'iot:Subscribe',
      Resource: 'arn:aws:iot:*:*:topicfilter/fleet/${iot:ClientId}/*',
    },
  ],
};

export async function startCloudUnderTest(dataDirectory: string): Promise<CloudUnderTest> {
  const cloud: CloudProcess = await forkCloud();
  const unlimited = Number.MAX_SAFE_INTEGER;
  cloud.send({
    kind: 'start',
    options: {
      dataDirectory,
      port: 0,
      mqttPort: 0,
      relax: { broker: { publishesPerSecond: unlimited, bytesPerSecond: unlimited } },
    },
  });
  const { description } = await cloud.next('started');
  const { certificateSigningRequest, privateKeyPem } = deviceKey(dataDirectory);
  const iot = new IoTClient(localClientSettings(description));
  await iot.send(new CreatePolicyCommand({ policyName: POLICY, policyDocument: JSON.stringify(DOCUMENT) }));
  return {
    pid: description.pid,
    description,
    async register(count) {
      const made: BenchCertificate[] = [];
      let next = 0;
      const lane = async (): Promise<void> => {
        while (next < count) {
          const thingName = `bench-${next++}`;
          await iot.send(new CreateThingCommand({ thingName }));
          const { certificateArn, certificatePem } = await iot.send(
            new CreateCertificateFromCsrCommand({ certificateSigningRequest, setAsActive: true }),
          );
          await iot.send(new AttachPolicyCommand({ policyName: POLICY, target: certificateArn }));
          await iot.send(new AttachThingPrincipalCommand({ thingName, principal: certificateArn }));
          made.push({ certificatePem: certificatePem ?? '', privateKeyPem });
        }
      };
      await Promise.all(Array.from({ length: LANES }, lane));
      return made;
    },
    async stop() {
      iot.destroy();
      await cloud.end({ kind: 'stop' });
    },
  };
}

/** Uses the `openssl` command, as the peers' certificates do. */
function deviceKey(dataDirectory: string): { certificateSigningRequest: string; privateKeyPem: string } {
  const directory = join(dataDirectory, 'bench');
  mkdirSync(directory, { recursive: true });
  const [key, request] = [join(directory, 'device.key'), join(directory, 'device.csr')];
  const curve = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-subj', '/CN=device'];
  execFileSync('openssl', ['req', '-new', ...curve, '-keyout', key, '-out', request], { stdio: 'pipe' });
  return { certificateSigningRequest: readFileSync(request, 'utf8'), privateKeyPem: readFileSync(key, 'utf8') };
}
