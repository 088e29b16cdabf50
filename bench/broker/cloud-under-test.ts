import {
  AttachPolicyCommand,
  CreateKeysAndCertificateCommand,
  CreatePolicyCommand,
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
  /** Registers, activates and gives the policy to so many certificates. */
  certificates(count: number): Promise<BenchCertificate[]>;
  stop(): Promise<void>;
}

const POLICY = 'bench';
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
  const iot = new IoTClient(localClientSettings(description));
  await iot.send(new CreatePolicyCommand({ policyName: POLICY, policyDocument: JSON.stringify(DOCUMENT) }));
  return {
    pid: description.pid,
    description,
    async certificates(count) {
      const made: BenchCertificate[] = [];
      for (let index = 0; index < count; index++) {
        const { certificateArn, certificatePem, keyPair } = await iot.send(
          new CreateKeysAndCertificateCommand({ setAsActive: true }),
        );
        await iot.send(new AttachPolicyCommand({ policyName: POLICY, target: certificateArn }));
        made.push({ certificatePem: certificatePem ?? '', privateKeyPem: keyPair?.PrivateKey ?? '' });
      }
      return made;
    },
    async stop() {
      iot.destroy();
      await cloud.end({ kind: 'stop' });
    },
  };
}
