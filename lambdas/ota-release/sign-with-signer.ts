import { type ACMClient, GetCertificateCommand } from '@aws-sdk/client-acm';
import { DescribeSigningJobCommand, type SignerClient, StartSigningJobCommand } from '@aws-sdk/client-signer';
import { FIRMWARE_PREFIXES } from '@fleetwright/contracts';
import * as z from 'zod';
import { FunctionError } from '../shared/errors.ts';
import { pemKeyIdOf } from './key-id.ts';
import type { FilePorts, ManifestSigner } from './ports.ts';

export interface SignerSettings {
  readonly profileName: string;
  readonly certificateArn: string;
  readonly bucket: string;
}

/** The element `signature` of what a job of the platform AWSIoTDeviceManagement-SHA256-ECDSA writes: DER, in Base64. */
const signedSchema = z.object({ signature: z.base64() });
const MAX_SIGNED_BYTES = 65_536;
/** A job takes a second or a few. One that takes longer is looked at again when the queue delivers the upload again. */
const LOOKS = 10;
const LOOK_INTERVAL = 1_000;

/** Signs with AWS Signer: a job over the manifest's object, whose result lies below `signatures/`. */
export function awsSigner(
  signer: SignerClient,
  acm: ACMClient,
  files: Pick<FilePorts, 'read'>,
  settings: SignerSettings,
  pause: (milliseconds: number) => Promise<void>,
): ManifestSigner {
  let certificate: Promise<string> | undefined;
  const publicKeyPem = (): Promise<string> => {
    certificate ??= readCertificate(acm, settings.certificateArn).catch((error: unknown) => {
      certificate = undefined;
      throw error;
    });
    return certificate;
  };
  return {
    publicKeyPem,
    async sign(manifest, sha256) {
      const { bucket: bucketName, profileName } = settings;
      const { jobId } = await signer.send(
        new StartSigningJobCommand({
          source: { s3: { bucketName, key: manifest.key, version: manifest.versionId } },
          destination: { s3: { bucketName, prefix: `${FIRMWARE_PREFIXES.signatures}/${sha256}/` } },
          profileName,
          // The same for the same bytes and profile, so that asking again starts no second job.
          clientRequestToken: `${profileName}-${sha256}-${manifest.versionId}`.replace(/[^a-zA-Z0-9_-]/g, '-'),
        }),
      );
      let job = await signer.send(new DescribeSigningJobCommand({ jobId }));
      for (let look = 1; look < LOOKS && job.status === 'InProgress'; look++) {
        await pause(LOOK_INTERVAL);
        job = await signer.send(new DescribeSigningJobCommand({ jobId }));
      }
      if (job.status === 'InProgress') return undefined;
      const key = job.signedObject?.s3?.key;
      if (job.status !== 'Succeeded' || key === undefined) {
        throw new FunctionError('SIGNING_FAILED', `AWS Signer: ${job.statusReason ?? job.status ?? 'no answer'}`);
      }
      const bytes = await files.read({ key, versionId: '' }, MAX_SIGNED_BYTES);
      if (bytes === undefined) throw new FunctionError('SIGNING_FAILED', `AWS Signer wrote no ${key}`);
      const { signature } = signedSchema.parse(JSON.parse(Buffer.from(bytes).toString('utf8')));
      return { keyId: pemKeyIdOf(await publicKeyPem()), algorithm: 'ECDSA_P256_SHA256', signature };
    },
  };
}

async function readCertificate(acm: ACMClient, CertificateArn: string): Promise<string> {
  const { Certificate } = await acm.send(new GetCertificateCommand({ CertificateArn }));
  if (Certificate === undefined) throw new FunctionError('SIGNING_FAILED', `ACM has no certificate ${CertificateArn}`);
  return Certificate;
}
