import { execFileSync } from 'node:child_process';
import { verify, X509Certificate } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ACMClient, DeleteCertificateCommand, ImportCertificateCommand } from '@aws-sdk/client-acm';
import {
  CreateBucketCommand,
  GetObjectCommand,
  PutBucketVersioningCommand,
  PutObjectCommand,
  S3Client,
} from '@aws-sdk/client-s3';
import {
  CancelSigningProfileCommand,
  DescribeSigningJobCommand,
  GetSigningPlatformCommand,
  GetSigningProfileCommand,
  ListSigningJobsCommand,
  ListSigningPlatformsCommand,
  ListSigningProfilesCommand,
  ListTagsForResourceCommand,
  PutSigningProfileCommand,
  type PutSigningProfileCommandInput,
  RevokeSignatureCommand,
  RevokeSigningProfileCommand,
  SignerClient,
  StartSigningJobCommand,
  TagResourceCommand,
  UntagResourceCommand,
} from '@aws-sdk/client-signer';
import { createAcmPlugin } from '../../local-cloud/src/services/acm/plugin.ts';
import { createS3Plugin } from '../../local-cloud/src/services/s3/plugin.ts';
import { createSignerPlugin } from '../../local-cloud/src/services/signer/plugin.ts';
import { type HttpsCloud, startHttpsCloud } from '../../local-cloud/src/testing/https.ts';
import { type CodeSigningCertificate, codeSigningCertificate } from '../support/code-signing-certificate.ts';

// source: AWS Signer API reference; AWS Signer developer guide, "Sign Internet of Things (IoT) objects"

const PLATFORM = 'AWSIoTDeviceManagement-SHA256-ECDSA';
const IMAGE = Buffer.from('a firmware image of some length');

let https: HttpsCloud;
let signer: SignerClient;
let acm: ACMClient;
let s3: S3Client;
let certificate: CodeSigningCertificate;
let certificateArn: string;
let version: string;

beforeAll(async () => {
  https = await startHttpsCloud({ plugins: [createS3Plugin, createAcmPlugin, createSignerPlugin] });
  signer = new SignerClient(https.client());
  acm = new ACMClient(https.client());
  s3 = new S3Client({ ...https.client(), forcePathStyle: true });
  certificate = await codeSigningCertificate('firmware@example.com');
  certificateArn = await importCertificate(certificate);
  await s3.send(new CreateBucketCommand({ Bucket: 'firmware' }));
  await s3.send(new PutBucketVersioningCommand({ Bucket: 'firmware', VersioningConfiguration: { Status: 'Enabled' } }));
  const put = await s3.send(new PutObjectCommand({ Bucket: 'firmware', Key: 'image.bin', Body: IMAGE }));
  version = put.VersionId as string;
  for (const profileName of ['ota', 'ota_embedded']) {
    await putProfile({ profileName, platformId: profileName === 'ota' ? PLATFORM : 'AmazonFreeRTOS-Default' });
  }
});

afterAll(async () => {
  for (const client of [signer, acm, s3]) client.destroy();
  await https.close();
});

async function importCertificate(pair: CodeSigningCertificate): Promise<string> {
  const imported = await acm.send(
    new ImportCertificateCommand({
      Certificate: Buffer.from(pair.certificatePem),
      PrivateKey: Buffer.from(pair.privateKeyPem),
    }),
  );
  return imported.CertificateArn as string;
}

function putProfile(input: Partial<PutSigningProfileCommandInput>) {
  return signer.send(
    new PutSigningProfileCommand({
      profileName: 'unnamed',
      platformId: PLATFORM,
      signingMaterial: { certificateArn },
      ...input,
    }),
  );
}

function start(
  token: string,
  options: { profileName?: string; version?: string; key?: string; client?: SignerClient } = {},
) {
  return (options.client ?? signer).send(
    new StartSigningJobCommand({
      profileName: options.profileName ?? 'ota',
      clientRequestToken: token,
      source: { s3: { bucketName: 'firmware', key: options.key ?? 'image.bin', version: options.version ?? version } },
      destination: { s3: { bucketName: 'firmware', prefix: 'signed-' } },
    }),
  );
}

async function ended(jobId: string | undefined) {
  for (let round = 0; round < 500; round++) {
    const job = await signer.send(new DescribeSigningJobCommand({ jobId }));
    if (job.status !== 'InProgress') return job;
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  throw new Error('the signing job did not end');
}

async function signedObject(jobId: string | undefined) {
  const job = await ended(jobId);
  expect(job).toMatchObject({ status: 'Succeeded' });
  const { bucketName, key } = job.signedObject?.s3 ?? {};
  const { Body } = await s3.send(new GetObjectCommand({ Bucket: bucketName, Key: key }));
  return JSON.parse((await Body?.transformToString()) ?? '');
}

// source: AWS IoT developer guide, manage-job-cli, "Code signing with jobs" (element codesign)
test('a signing job writes a detached signature that verifies with the certificate', async () => {
  const { jobId, jobOwner } = await start('detached');
  expect(jobOwner).toBe('123456789012');
  const signed = await signedObject(jobId);
  expect(signed).toEqual({
    rawPayloadSize: IMAGE.length,
    signature: expect.any(String),
    signatureAlgorithm: 'SHA256withECDSA',
    payloadLocation: { s3: { bucketName: 'firmware', key: 'image.bin', version } },
  });
  const { publicKey } = new X509Certificate(certificate.certificatePem);
  const signature = Buffer.from(signed.signature, 'base64');
  expect(verify('sha256', IMAGE, publicKey, signature)).toBe(true);
  expect(verify('sha256', Buffer.from('another'), publicKey, signature)).toBe(false);
});

test('openssl dgst -verify takes the signature', async () => {
  const signed = await signedObject((await start('openssl')).jobId);
  const directory = mkdtempSync(join(tmpdir(), 'fleetwright-openssl-'));
  const file = (name: string, content: string | Buffer) => {
    writeFileSync(join(directory, name), content);
    return join(directory, name);
  };
  const { publicKey } = new X509Certificate(certificate.certificatePem);
  const key = file('key.pem', publicKey.export({ type: 'spki', format: 'pem' }));
  const signature = file('signature.der', Buffer.from(signed.signature, 'base64'));
  const image = file('image.bin', IMAGE);
  const answer = execFileSync('openssl', ['dgst', '-sha256', '-verify', key, '-signature', signature, image]);
  expect(answer.toString().trim()).toBe('Verified OK');
  rmSync(directory, { recursive: true });
});

// source: AWS CLI command reference, signer list-signing-platforms: JSONEmbedded; repost.aws QUzoa5DSyxSpaWQ6RWKfMbUw
test('the FreeRTOS platform writes the image itself beside its signature', async () => {
  const signed = await signedObject((await start('embedded', { profileName: 'ota_embedded' })).jobId);
  expect(Object.keys(signed)).toEqual(['rawPayloadSize', 'signature', 'signatureAlgorithm', 'payload']);
  expect(Buffer.from(signed.payload, 'base64')).toEqual(IMAGE);
});

// source: API reference, "DescribeSigningJob"; AWS CLI command reference, signer describe-signing-job, example
test('a finished job tells what it signed, with what, and where it lies', async () => {
  const { jobId } = await start('described');
  await ended(jobId);
  const job = await signer.send(new DescribeSigningJobCommand({ jobId }));
  expect(job).toMatchObject({
    jobId,
    status: 'Succeeded',
    statusReason: 'Signing Succeeded',
    platformId: PLATFORM,
    profileName: 'ota',
    profileVersion: expect.stringMatching(/^[a-zA-Z0-9]{10}$/),
    signingMaterial: { certificateArn },
    source: { s3: { bucketName: 'firmware', key: 'image.bin', version } },
    signedObject: { s3: { bucketName: 'firmware', key: `signed-${jobId}` } },
    requestedBy: 'arn:aws:iam::123456789012:root',
    completedAt: expect.any(Date),
  });
});

// source: API reference, "StartSigningJob", clientRequestToken
test('a token answers with the job it started first', async () => {
  const first = await start('once');
  expect((await start('once', { key: 'other.bin' })).jobId).toBe(first.jobId);
  await ended(first.jobId);
});

// source: developer guide, "Sign IoT objects": a job of which no signature can be made ends as Failed
test('an object that cannot be read fails the job and says why', async () => {
  const job = await ended((await start('absent', { key: 'absent.bin' })).jobId);
  expect(job).toMatchObject({ status: 'Failed', statusReason: expect.stringContaining('NoSuch') });
  expect(job.signedObject).toBeUndefined();
  const { jobs } = await signer.send(new ListSigningJobsCommand({ status: 'Failed' }));
  expect(jobs?.map(({ jobId }) => jobId)).toContain(job.jobId);
});

// source: API reference, "StartSigningJob": "Your S3 source bucket must be version enabled."
test('objects without a version and unknown profiles are refused', async () => {
  await expect(start('null', { version: 'null' })).rejects.toMatchObject({ name: 'ValidationException' });
  await expect(start('none', { profileName: 'absent' })).rejects.toMatchObject({ name: 'ResourceNotFoundException' });
});

// source: API reference, "PutSigningProfile", "GetSigningProfile", "CancelSigningProfile"
test('a profile keeps its name after it was cancelled, and signs no more', async () => {
  const made = await putProfile({
    profileName: 'cancelled',
    signatureValidityPeriod: { value: 12, type: 'MONTHS' },
    tags: { stage: 'test' },
  });
  expect(made.arn).toBe('arn:aws:signer:us-east-1:123456789012:/signing-profiles/cancelled');
  expect(made.profileVersionArn).toBe(`${made.arn}/${made.profileVersion}`);
  const profileName = 'cancelled';
  const profile = await signer.send(new GetSigningProfileCommand({ profileName }));
  expect(profile).toMatchObject({
    status: 'Active',
    platformId: PLATFORM,
    signatureValidityPeriod: { value: 12, type: 'MONTHS' },
    tags: { stage: 'test' },
  });
  await signer.send(new CancelSigningProfileCommand({ profileName }));
  await expect(putProfile({ profileName })).rejects.toMatchObject({ name: 'ValidationException' });
  await expect(start('cancelled', { profileName })).rejects.toMatchObject({ name: 'ValidationException' });
  const names = async (includeCanceled: boolean) =>
    (await signer.send(new ListSigningProfilesCommand({ includeCanceled }))).profiles?.map((one) => one.profileName);
  expect(await names(false)).not.toContain(profileName);
  expect(await names(true)).toContain(profileName);
});

// source: API reference, "PutSigningProfile": pattern ^[a-zA-Z0-9_]{2,}, at most 64
test.each<[string, Partial<PutSigningProfileCommandInput>, string]>([
  ['names with other characters', { profileName: 'a-b' }, 'ValidationException'],
  ['names of one character', { profileName: 'a' }, 'ValidationException'],
  ['no certificate', { profileName: 'bare', signingMaterial: undefined }, 'ValidationException'],
  ['unknown platforms', { profileName: 'what', platformId: 'Unknown' }, 'ResourceNotFoundException'],
  [
    'formats that the platform does not write',
    { profileName: 'formatted', overrides: { signingImageFormat: 'JSONEmbedded' } },
    'ValidationException',
  ],
  [
    'validity over 135 months',
    { profileName: 'long', signatureValidityPeriod: { value: 136, type: 'MONTHS' } },
    'ValidationException',
  ],
])('PutSigningProfile refuses %s', async (_what, input, name) => {
  await expect(putProfile(input)).rejects.toMatchObject({ name });
});

// assumed: a P-384 key makes no P-256 signature; AWS's own message is not documented
test('PutSigningProfile refuses certificates that are not there or have no P-256 key', async () => {
  const other = await importCertificate(await codeSigningCertificate('p384', { curve: 'P-384' }));
  for (const arn of [other, `${certificateArn}x`]) {
    await expect(putProfile({ profileName: 'wrong', signingMaterial: { certificateArn: arn } })).rejects.toMatchObject({
      name: 'ValidationException',
    });
  }
});

// assumed: AWS holds the keys of the Lambda and container platforms
test('platforms whose keys AWS holds answer 501', async () => {
  await expect(putProfile({ profileName: 'lambda', platformId: 'AWSLambda-SHA384-ECDSA' })).rejects.toMatchObject({
    $metadata: { httpStatusCode: 501 },
  });
});

// source: API reference of ACM, "DeleteCertificate"; assumed: an active signing profile uses its certificate
test('the certificate of an active profile cannot be deleted', async () => {
  await expect(acm.send(new DeleteCertificateCommand({ CertificateArn: certificateArn }))).rejects.toMatchObject({
    name: 'ResourceInUseException',
  });
});

// source: AWS CLI command reference, signer list-signing-platforms, example
test('the platforms are listed with what they sign', async () => {
  const { platforms } = await signer.send(new ListSigningPlatformsCommand({}));
  expect(platforms?.map(({ platformId }) => platformId)).toEqual([PLATFORM, 'AmazonFreeRTOS-Default']);
  expect(await signer.send(new GetSigningPlatformCommand({ platformId: PLATFORM }))).toMatchObject({
    partner: 'AWSIoTDeviceManagement',
    target: 'SHA256-ECDSA',
    maxSizeInMB: 2048,
    signingImageFormat: { supportedFormats: ['JSONDetached'], defaultFormat: 'JSONDetached' },
    signingConfiguration: { hashAlgorithmOptions: { allowedValues: ['SHA256'], defaultValue: 'SHA256' } },
  });
});

// source: API reference, "RevokeSignature", "RevokeSigningProfile"
test('signatures and profiles are revoked once, and say by whom', async () => {
  const { jobId } = await start('revoked');
  await ended(jobId);
  const revoke = () => signer.send(new RevokeSignatureCommand({ jobId, reason: 'leaked' }));
  await revoke();
  await expect(revoke()).rejects.toMatchObject({ name: 'ValidationException' });
  const job = await signer.send(new DescribeSigningJobCommand({ jobId }));
  expect(job.revocationRecord).toMatchObject({ reason: 'leaked', revokedBy: 'arn:aws:iam::123456789012:root' });
  const { profileVersion } = await putProfile({ profileName: 'revoked' });
  const effectiveTime = new Date(Date.now() - 1000);
  const input = { profileName: 'revoked', profileVersion, reason: 'leaked', effectiveTime };
  await signer.send(new RevokeSigningProfileCommand(input));
  const profile = await signer.send(new GetSigningProfileCommand({ profileName: 'revoked' }));
  expect(profile).toMatchObject({ status: 'Revoked', revocationRecord: { revokedAt: expect.any(Date) } });
  await expect(start('by revoked', { profileName: 'revoked' })).rejects.toMatchObject({ name: 'ValidationException' });
});

// source: API reference, "TagResource", "UntagResource", "ListTagsForResource"
test('tags of a profile are set and removed by its ARN', async () => {
  const { arn: resourceArn } = await putProfile({ profileName: 'tagged' });
  await signer.send(new TagResourceCommand({ resourceArn, tags: { a: '1', b: '2' } }));
  await signer.send(new UntagResourceCommand({ resourceArn, tagKeys: ['a'] }));
  expect((await signer.send(new ListTagsForResourceCommand({ resourceArn }))).tags).toEqual({ b: '2' });
});

// source: developer guide, "Authentication and access control": the caller needs access to both buckets
test('a job reads and writes as its caller: without access to Amazon S3 it fails', async () => {
  const call = (operation: string, input: object) =>
    https.cloud.api.call(
      { kind: 'account', arn: 'arn:aws:iam::123456789012:root', accountId: '123456789012', userId: '123456789012' },
      'iam',
      operation,
      input,
    );
  const policy = (...Statement: object[]) => JSON.stringify({ Version: '2012-10-17', Statement });
  const trust = { Effect: 'Allow', Principal: { AWS: '123456789012' }, Action: 'sts:AssumeRole' };
  await call('CreateRole', { RoleName: 'ota', AssumeRolePolicyDocument: policy(trust) });
  await call('PutRolePolicy', {
    RoleName: 'ota',
    PolicyName: 'own',
    PolicyDocument: policy({ Effect: 'Allow', Action: 'signer:*', Resource: '*' }),
  });
  const role = https.cloud.ports
    .get('authorizer')
    .assumeRole(
      { kind: 'account', arn: 'arn:aws:iam::123456789012:root', accountId: '123456789012', userId: '123456789012' },
      'arn:aws:iam::123456789012:role/ota',
      'session',
    );
  const client = new SignerClient(https.client(https.cloud.ports.get('credentials').issue(role, 3_600_000)));
  const job = await ended((await start('as role', { client })).jobId);
  client.destroy();
  expect(job).toMatchObject({ status: 'Failed', statusReason: expect.stringContaining('AccessDenied') });
});
