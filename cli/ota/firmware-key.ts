import { ACMClient, GetCertificateCommand } from '@aws-sdk/client-acm';
import { GetPublicKeyCommand, KMSClient } from '@aws-sdk/client-kms';
import { Failure } from '../failure.ts';
import type { StageClients } from '../operator/clients.ts';

/** Public key, or certificate, PEM, with which a stage signs firmware: by the outputs of its OTA stack. @throws Failure */
export async function firmwareKeyPem(
  clients: StageClients,
  outputs: Readonly<Record<string, string>>,
): Promise<string> {
  const { FirmwareCertificateArn: certificateArn, FirmwareKeyArn: keyArn } = outputs;
  if (certificateArn !== undefined) {
    const answer = await clients.of(ACMClient).send(new GetCertificateCommand({ CertificateArn: certificateArn }));
    if (answer.Certificate === undefined) throw new Failure(`ACM has no certificate ${certificateArn}`);
    return answer.Certificate;
  }
  if (keyArn === undefined) throw new Failure('the stage signs no firmware: is its ota stack deployed?');
  const { PublicKey } = await clients.of(KMSClient).send(new GetPublicKeyCommand({ KeyId: keyArn }));
  const base64 = Buffer.from(PublicKey ?? []).toString('base64');
  return `-----BEGIN PUBLIC KEY-----\n${base64.replace(/(.{64})/g, '$1\n').trimEnd()}\n-----END PUBLIC KEY-----\n`;
}
