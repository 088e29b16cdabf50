import type { GetSigningProfileResponse } from '@aws-sdk/client-signer';
import { ManualClock } from '../../local-cloud/src/core/clock.ts';
import { createAcmPlugin } from '../../local-cloud/src/services/acm/plugin.ts';
import { createS3Plugin } from '../../local-cloud/src/services/s3/plugin.ts';
import { createSignerPlugin } from '../../local-cloud/src/services/signer/plugin.ts';
import { ADMINISTRATOR, createTestCloud } from '../../local-cloud/src/testing/context.ts';
import { codeSigningCertificate } from '../support/code-signing-certificate.ts';

// source: AWS Signer API reference, "DescribeSigningJob", "PutSigningProfile"

const DAY = 86_400_000;

async function setUp() {
  const cloud = createTestCloud({ clock: new ManualClock(Date.now()) });
  const plugins = [createS3Plugin, createAcmPlugin, createSignerPlugin].map((factory) => cloud.use(factory));
  for (const plugin of plugins) await plugin.start?.();
  const call = <O = unknown>(service: 'acm' | 's3' | 'signer', operation: string, input: object) =>
    cloud.api.call<O>(ADMINISTRATOR, service, operation, input);
  const pair = await codeSigningCertificate('firmware', { notAfter: cloud.clock.now() + 10 * DAY });
  const { CertificateArn: certificateArn } = await call<{ CertificateArn: string }>('acm', 'ImportCertificate', {
    Certificate: Buffer.from(pair.certificatePem),
    PrivateKey: Buffer.from(pair.privateKeyPem),
  });
  const platformId = 'AWSIoTDeviceManagement-SHA256-ECDSA';
  await call('signer', 'PutSigningProfile', { profileName: 'ota', platformId, signingMaterial: { certificateArn } });
  await call('s3', 'CreateBucket', { Bucket: 'firmware' });
  await call('s3', 'PutBucketVersioning', { Bucket: 'firmware', VersioningConfiguration: { Status: 'Enabled' } });
  const put = await call<{ VersionId: string }>('s3', 'PutObject', {
    Bucket: 'firmware',
    Key: 'a',
    Body: Buffer.from('x'),
  });
  const start = () =>
    call<{ jobId: string }>('signer', 'StartSigningJob', {
      profileName: 'ota',
      clientRequestToken: 'token',
      source: { s3: { bucketName: 'firmware', key: 'a', version: put.VersionId } },
      destination: { s3: { bucketName: 'firmware' } },
    });
  return { cloud, call, start };
}

let my: Awaited<ReturnType<typeof setUp>>;
beforeEach(async () => {
  my = await setUp();
});
afterEach(() => my.cloud.close());

// assumed: the caller's credentials are gone with the process, so that the job cannot go on in its name
test('a signing job that the end of the cloud cut off is failed at the next start', async () => {
  const { jobId } = await my.start();
  // A second set of the plugin on the same state, as after a kill: the first has not finished the job yet.
  const again = createSignerPlugin(my.cloud);
  await again.start?.();
  const describe = again.apis?.[0]?.operations.find(({ name }) => name === 'DescribeSigningJob');
  const call = { principal: ADMINISTRATOR, requestId: '1', sourceIp: '127.0.0.1', secure: true };
  await expect(describe?.handle({ jobId }, call)).toMatchObject({
    jobId,
    status: 'Failed',
    statusReason: 'Signing was interrupted.',
    profileName: 'ota',
  });
});

// assumed: nothing is signed with a certificate that devices would refuse
test('a profile whose certificate has expired signs nothing', async () => {
  await my.cloud.clock.advance(11 * DAY);
  await expect(my.start()).rejects.toMatchObject({ code: 'ValidationException' });
  await expect(my.call('signer', 'GetSigningProfile', { profileName: 'ota' })).resolves.toMatchObject<
    Partial<GetSigningProfileResponse>
  >({ status: 'Active' });
});

// source: service authorization reference, "Actions defined by AWS Signer"
test('starting a job asks for the profile, and for the objects in the name of the caller', async () => {
  my.cloud.asked.splice(0);
  await my.start();
  for (let round = 0; round < 200 && my.cloud.asked.length < 3; round++) {
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  expect(my.cloud.asked).toMatchObject([
    {
      action: 'signer:StartSigningJob',
      resource: 'arn:aws:signer:us-east-1:123456789012:/signing-profiles/ota',
      conditions: { 'signer:ProfileVersion': expect.any(String) },
    },
    { action: 's3:GetObjectVersion', resource: 'arn:aws:s3:::firmware/a' },
    { action: 's3:PutObject', resource: expect.stringMatching(/^arn:aws:s3:::firmware\/[0-9a-f-]{36}$/) },
  ]);
});
