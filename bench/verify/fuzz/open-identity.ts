import {
  AttachPolicyCommand,
  CreateKeysAndCertificateCommand,
  CreatePolicyCommand,
  IoTClient,
  ResourceAlreadyExistsException,
} from '@aws-sdk/client-iot';
import type { AwsClientSettings } from '../../../cli/running-cloud.ts';
import type { Credentials } from './mqtt-wire.ts';

const POLICY = 'verify-everything';

export interface OpenIdentity extends Credentials {
  readonly certificateArn: string;
}

/** A certificate whose policy allows everything, so that what is sent gets past authorization. */
export async function openIdentity(settings: AwsClientSettings): Promise<OpenIdentity> {
  const iot = new IoTClient(settings);
  try {
    await iot
      .send(
        new CreatePolicyCommand({
          policyName: POLICY,
          policyDocument: JSON.stringify({
            Version: '2012-10-17',
            Statement: [{ Effect: 'Allow', Action: 'iot:*', Resource: '*' }],
          }),
        }),
      )
      .catch((error: unknown) => {
        if (!(error instanceof ResourceAlreadyExistsException)) throw error;
      });
    const { certificateArn, certificatePem, keyPair } = await iot.send(
      new CreateKeysAndCertificateCommand({ setAsActive: true }),
    );
    await iot.send(new AttachPolicyCommand({ policyName: POLICY, target: certificateArn }));
    if (certificateArn === undefined || certificatePem === undefined || keyPair?.PrivateKey === undefined) {
      throw new Error('no certificate was made');
    }
    return { certificateArn, certificatePem, privateKeyPem: keyPair.PrivateKey };
  } finally {
    iot.destroy();
  }
}
