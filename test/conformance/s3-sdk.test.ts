import { Agent, type RequestOptions, request } from 'node:https';
import { Readable } from 'node:stream';
import { CreateRoleCommand, IAMClient, PutRolePolicyCommand } from '@aws-sdk/client-iam';
import {
  CompleteMultipartUploadCommand,
  CreateBucketCommand,
  CreateMultipartUploadCommand,
  DeleteBucketCommand,
  DeleteObjectsCommand,
  GetBucketLifecycleConfigurationCommand,
  GetBucketLocationCommand,
  GetObjectCommand,
  GetObjectTaggingCommand,
  HeadBucketCommand,
  HeadObjectCommand,
  ListObjectsV2Command,
  ListObjectVersionsCommand,
  NoSuchKey,
  PutBucketLifecycleConfigurationCommand,
  PutBucketPolicyCommand,
  PutBucketVersioningCommand,
  PutObjectCommand,
  PutObjectTaggingCommand,
  S3Client,
  UploadPartCommand,
} from '@aws-sdk/client-s3';
import { AssumeRoleCommand, STSClient } from '@aws-sdk/client-sts';
import { getSignedUrl } from '@aws-sdk/s3-request-presigner';
import { createS3Plugin } from '../../local-cloud/src/services/s3/plugin.ts';
import { type HttpsCloud, startHttpsCloud } from '../../local-cloud/src/testing/https.ts';

/** The real client against the real front door and IAM. Expected values: Amazon S3 API reference. */

const Bucket = 'lake';
let https: HttpsCloud;
let client: S3Client;

beforeAll(async () => {
  https = await startHttpsCloud({ plugins: [createS3Plugin] });
  client = new S3Client({ ...https.client(), forcePathStyle: true });
  await client.send(new CreateBucketCommand({ Bucket }));
});
afterAll(() => https.close());

/** A client with the credentials of a role that has this one policy. */
async function clientOf(RoleName: string, statement: object): Promise<S3Client> {
  const iam = new IAMClient(https.client());
  const document = (Statement: object) => JSON.stringify({ Version: '2012-10-17', Statement });
  const { Role } = await iam.send(
    new CreateRoleCommand({
      RoleName,
      AssumeRolePolicyDocument: document({
        Effect: 'Allow',
        Principal: { AWS: '123456789012' },
        Action: 'sts:AssumeRole',
      }),
    }),
  );
  await iam.send(new PutRolePolicyCommand({ RoleName, PolicyName: 'p', PolicyDocument: document(statement) }));
  const { Credentials } = await new STSClient(https.client()).send(
    new AssumeRoleCommand({ RoleArn: Role?.Arn, RoleSessionName: 'test' }),
  );
  return new S3Client({
    ...https.client({
      accessKeyId: Credentials?.AccessKeyId as string,
      secretAccessKey: Credentials?.SecretAccessKey as string,
      sessionToken: Credentials?.SessionToken as string,
    }),
    forcePathStyle: true,
  });
}

function fetchUrl(url: string, options: RequestOptions = {}, body?: string): Promise<{ status: number; text: string }> {
  const agent = new Agent({ ca: https.identity.caCertificatePem });
  return new Promise((resolve, reject) => {
    const call = request(url, { agent, ...options }, (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.on('end', () => resolve({ status: response.statusCode ?? 0, text: Buffer.concat(chunks).toString() }));
    });
    call.on('error', reject);
    call.end(body);
  });
}

test('an object goes there and back with its metadata, and a range answers 206', async () => {
  const Key = 'raw/2026/a b+ü&=.json';
  const put = await client.send(
    new PutObjectCommand({
      Bucket,
      Key,
      Body: '{"x":1}',
      ContentType: 'application/json',
      Metadata: { unit: 'bar' },
      Tagging: 'a=1',
    }),
  );
  expect(put.ChecksumCRC32).toBeDefined();
  const got = await client.send(new GetObjectCommand({ Bucket, Key }));
  expect(await got.Body?.transformToString()).toBe('{"x":1}');
  expect(got).toMatchObject({
    ContentType: 'application/json',
    Metadata: { unit: 'bar' },
    ETag: put.ETag,
    TagCount: 1,
  });
  const part = await client.send(new GetObjectCommand({ Bucket, Key, Range: 'bytes=1-3' }));
  expect(part.$metadata.httpStatusCode).toBe(206);
  expect(part.ContentRange).toBe('bytes 1-3/7');
  expect(await part.Body?.transformToString()).toBe('"x"');
});

test('a large stream is uploaded, verified and read back', async () => {
  const bytes = Buffer.alloc(20 * 1024 * 1024, '0123456789abcdef');
  const Body = Readable.from([bytes.subarray(0, 7_000_000), bytes.subarray(7_000_000)]);
  await client.send(new PutObjectCommand({ Bucket, Key: 'big', Body, ContentLength: bytes.length }));
  const { Body: back, ContentLength } = await client.send(new GetObjectCommand({ Bucket, Key: 'big' }));
  expect(ContentLength).toBe(bytes.length);
  expect(bytes.equals((await back?.transformToByteArray()) as Uint8Array)).toBe(true);
  const wrong = client.send(
    new PutObjectCommand({ Bucket, Key: 'bad', Body: bytes, ContentMD5: Buffer.alloc(16).toString('base64') }),
  );
  await expect(wrong).rejects.toMatchObject({ name: 'BadDigest' });
  await expect(client.send(new HeadObjectCommand({ Bucket, Key: 'bad' }))).rejects.toMatchObject({ name: 'NotFound' });
});

test('errors are those that the client knows', async () => {
  await expect(client.send(new GetObjectCommand({ Bucket, Key: 'absent' }))).rejects.toBeInstanceOf(NoSuchKey);
  await expect(client.send(new HeadObjectCommand({ Bucket, Key: 'absent' }))).rejects.toMatchObject({
    name: 'NotFound',
    $metadata: { httpStatusCode: 404 },
  });
  await expect(client.send(new HeadBucketCommand({ Bucket: 'absent' }))).rejects.toMatchObject({ name: 'NotFound' });
  await expect(client.send(new ListObjectsV2Command({ Bucket: 'absent' }))).rejects.toMatchObject({
    name: 'NoSuchBucket',
  });
  await client.send(new PutObjectCommand({ Bucket, Key: 'k', Body: 'x' }));
  await expect(client.send(new DeleteBucketCommand({ Bucket }))).rejects.toMatchObject({ name: 'BucketNotEmpty' });
  await expect(client.send(new GetObjectCommand({ Bucket, Key: 'k', Range: 'bytes=9-' }))).rejects.toMatchObject({
    name: 'InvalidRange',
    $metadata: { httpStatusCode: 416 },
  });
  await expect(
    client.send(new PutObjectCommand({ Bucket, Key: 'k', Body: 'y', IfNoneMatch: '*' })),
  ).rejects.toMatchObject({
    name: 'PreconditionFailed',
    $metadata: { httpStatusCode: 412 },
  });
  const { ETag } = await client.send(new HeadObjectCommand({ Bucket, Key: 'k' }));
  await expect(client.send(new GetObjectCommand({ Bucket, Key: 'k', IfNoneMatch: ETag }))).rejects.toMatchObject({
    $metadata: { httpStatusCode: 304 },
  });
});

test('multipart, versions, tags, lifecycle and location round-trip through XML', async () => {
  const Name = 'versions';
  await client.send(new CreateBucketCommand({ Bucket: Name }));
  await client.send(new PutBucketVersioningCommand({ Bucket: Name, VersioningConfiguration: { Status: 'Enabled' } }));
  const { UploadId } = await client.send(new CreateMultipartUploadCommand({ Bucket: Name, Key: 'm' }));
  const Body = Buffer.alloc(5 * 1024 * 1024, 'p');
  const Parts = [];
  for (const [index, bytes] of [Body, Buffer.from('end')].entries()) {
    const part = { Bucket: Name, Key: 'm', UploadId, PartNumber: index + 1 };
    const { ETag, ChecksumCRC32 } = await client.send(new UploadPartCommand({ ...part, Body: bytes }));
    Parts.push({ PartNumber: index + 1, ETag, ChecksumCRC32 });
  }
  const done = await client.send(
    new CompleteMultipartUploadCommand({ Bucket: Name, Key: 'm', UploadId, MultipartUpload: { Parts } }),
  );
  expect(done.ETag).toMatch(/^"[0-9a-f]{32}-2"$/);
  await client.send(
    new PutObjectTaggingCommand({ Bucket: Name, Key: 'm', Tagging: { TagSet: [{ Key: 'a', Value: '1' }] } }),
  );
  expect((await client.send(new GetObjectTaggingCommand({ Bucket: Name, Key: 'm' }))).TagSet).toEqual([
    { Key: 'a', Value: '1' },
  ]);
  await client.send(new PutObjectCommand({ Bucket: Name, Key: 'm', Body: 'second' }));
  const { Versions } = await client.send(new ListObjectVersionsCommand({ Bucket: Name }));
  expect(Versions?.map((version) => [version.Size, version.IsLatest])).toEqual([
    [6, true],
    [Body.length + 3, false],
  ]);
  const Rules = [
    {
      ID: 'r',
      Status: 'Enabled' as const,
      Filter: { Prefix: 'raw/' },
      Expiration: { Date: new Date('2030-01-01T00:00:00Z') },
    },
  ];
  await client.send(new PutBucketLifecycleConfigurationCommand({ Bucket: Name, LifecycleConfiguration: { Rules } }));
  expect((await client.send(new GetBucketLifecycleConfigurationCommand({ Bucket: Name }))).Rules).toEqual(Rules);
  expect((await client.send(new GetBucketLocationCommand({ Bucket: Name }))).LocationConstraint).toBeUndefined();
  const deleted = await client.send(
    new DeleteObjectsCommand({
      Bucket: Name,
      Delete: { Objects: (Versions ?? []).map(({ Key, VersionId }) => ({ Key, VersionId })) },
    }),
  );
  expect(deleted.Deleted).toHaveLength(2);
  await client.send(new DeleteBucketCommand({ Bucket: Name }));
});

test('listing with characters that XML cannot carry', async () => {
  const Prefix = 'odd/';
  for (const key of ['a&b<c>', 'line\nbreak', 'sp ace', '😀']) {
    await client.send(new PutObjectCommand({ Bucket, Key: `${Prefix}${key}`, Body: 'x' }));
  }
  const { Contents } = await client.send(new ListObjectsV2Command({ Bucket, Prefix, EncodingType: 'url' }));
  expect(Contents?.map((object) => decodeURIComponent(String(object.Key).replaceAll('+', ' ')))).toEqual([
    'odd/a&b<c>',
    'odd/line\nbreak',
    'odd/sp ace',
    'odd/😀',
  ]);
});

test('presigned URLs put and get until they are changed', async () => {
  const target = { Bucket, Key: 'signed' };
  const putUrl = await getSignedUrl(client, new PutObjectCommand(target), { expiresIn: 60 });
  expect((await fetchUrl(putUrl, { method: 'PUT', headers: { 'content-length': 5 } }, 'hello')).status).toBe(200);
  const getUrl = await getSignedUrl(client, new GetObjectCommand(target), { expiresIn: 60 });
  expect(await fetchUrl(getUrl)).toEqual({ status: 200, text: 'hello' });
  const other = await fetchUrl(getUrl.replace('/signed', '/raw'));
  expect(other).toMatchObject({ status: 403, text: expect.stringContaining('SignatureDoesNotMatch') });
});

test('IAM decides: what a role may not do is AccessDenied, naming role, action and resource', async () => {
  await client.send(new PutObjectCommand({ Bucket, Key: 'in/a', Body: 'x' }));
  const reader = await clientOf('reader', {
    Effect: 'Allow',
    Action: 's3:GetObject',
    Resource: 'arn:aws:s3:::lake/in/*',
  });
  await reader.send(new GetObjectCommand({ Bucket, Key: 'in/a' }));
  await expect(reader.send(new PutObjectCommand({ Bucket, Key: 'in/a', Body: 'y' }))).rejects.toMatchObject({
    name: 'AccessDenied',
    message: expect.stringMatching(/assumed-role\/reader\/test.*s3:PutObject.*arn:aws:s3:::lake\/in\/a/),
  });
  // Without s3:ListBucket a missing key must not show.
  await expect(reader.send(new GetObjectCommand({ Bucket, Key: 'in/absent' }))).rejects.toMatchObject({
    name: 'AccessDenied',
  });
});

test('a bucket policy can deny what IAM allows', async () => {
  const policed = 'policed';
  await client.send(new CreateBucketCommand({ Bucket: policed }));
  const deny = {
    Version: '2012-10-17',
    Statement: [
      {
        Effect: 'Deny',
        Principal: { AWS: '*' },
        Action: 's3:*',
        Resource: ['arn:aws:s3:::policed', 'arn:aws:s3:::policed/*'],
        Condition: { Bool: { 'aws:SecureTransport': 'false' } },
      },
      { Effect: 'Deny', Principal: '*', Action: 's3:PutObject', Resource: 'arn:aws:s3:::policed/frozen/*' },
    ],
  };
  await client.send(new PutBucketPolicyCommand({ Bucket: policed, Policy: JSON.stringify(deny) }));
  await client.send(new PutObjectCommand({ Bucket: policed, Key: 'open/a', Body: 'x' }));
  await expect(
    client.send(new PutObjectCommand({ Bucket: policed, Key: 'frozen/a', Body: 'x' })),
  ).rejects.toMatchObject({
    name: 'AccessDenied',
  });
});
