import { Agent, request } from 'node:https';
import { Readable } from 'node:stream';
import * as s3 from '@aws-sdk/client-s3';
import { getSignedUrl } from '@aws-sdk/s3-request-presigner';
import type { Operation, ServiceApi } from '../../local-cloud/src/core/api.ts';
import { AwsError } from '../../local-cloud/src/core/errors.ts';
import { type HttpsCloud, startHttpsCloud } from '../../local-cloud/src/testing/https.ts';

// source: Amazon S3 API reference; user guide, "Uploading objects", "Working with objects"

interface StoredObject {
  readonly bytes: Buffer;
  readonly input: s3.PutObjectCommandInput;
}

const objects = new Map<string, StoredObject>();
/** Inputs as handlers of this test-only service received them. */
const received: Record<string, unknown> = {};

async function bytesOf(body: unknown): Promise<Buffer> {
  if (Buffer.isBuffer(body)) return body;
  const chunks: Buffer[] = [];
  for await (const chunk of body as Readable) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}

function operation<I>(name: string, handle: (input: I) => unknown): Operation {
  return {
    name,
    authorize: () => [],
    handle(input: I) {
      received[name] = input;
      return handle(input);
    },
  };
}

const S3: ServiceApi = {
  service: 's3',
  signingName: 's3',
  protocol: 'restXml',
  schemas: s3,
  operations: [
    operation('CreateBucket', () => ({ Location: '/lake' })),
    operation('HeadBucket', () => ({})),
    operation('ListBuckets', () => ({ Buckets: [{ Name: 'lake', CreationDate: new Date(0) }] })),
    operation('GetBucketLocation', () => ({ LocationConstraint: 'eu-west-1' })),
    operation('PutObject', async (input: s3.PutObjectCommandInput) => {
      objects.set(`${input.Bucket}/${input.Key}`, { bytes: await bytesOf(input.Body), input });
      return { ETag: '"etag"' };
    }),
    operation('GetObject', (input: s3.GetObjectCommandInput) => {
      const found = objects.get(`${input.Bucket}/${input.Key}`);
      if (found === undefined)
        throw new AwsError('NoSuchKey', 'The specified key does not exist.', 404, { fields: { Key: input.Key } });
      return {
        Body: Readable.from([found.bytes]),
        ContentLength: found.bytes.length,
        LastModified: new Date(1_767_225_600_000),
        Metadata: found.input.Metadata,
        ContentType: found.input.ContentType,
      };
    }),
    operation('HeadObject', () => {
      throw new AwsError('NoSuchKey', 'The specified key does not exist.', 404);
    }),
    operation('ListObjectsV2', () => ({
      Name: 'lake',
      KeyCount: 2,
      IsTruncated: false,
      Contents: [
        { Key: 'a & b', Size: 1, ETag: '"x"', LastModified: new Date(1_767_225_600_000) },
        { Key: 'c', Size: 2 },
      ],
      CommonPrefixes: [{ Prefix: 'p/' }],
    })),
    operation('ListObjects', () => ({ Name: 'lake' })),
    operation('DeleteObjects', (input: s3.DeleteObjectsCommandInput) => ({
      Deleted: input.Delete?.Objects?.map(({ Key }) => ({ Key })),
    })),
    operation('CopyObject', () => ({ CopyObjectResult: { ETag: '"copy"', LastModified: new Date(0) } })),
    operation('UploadPart', async (input: s3.UploadPartCommandInput) => ({
      ETag: `"${(await bytesOf(input.Body)).length}"`,
    })),
    operation('CreateMultipartUpload', () => ({ UploadId: 'u' })),
    operation('CompleteMultipartUpload', () => ({ ETag: '"whole"' })),
    operation('AbortMultipartUpload', () => ({})),
    operation('ListParts', () => ({ UploadId: 'u' })),
    operation('PutBucketPolicy', () => ({})),
    operation('PutObjectTagging', () => ({})),
  ],
};

let https: HttpsCloud;
let client: s3.S3Client;

beforeAll(async () => {
  https = await startHttpsCloud({ apis: [S3] });
  client = new s3.S3Client({ ...https.client(), forcePathStyle: true });
});
afterAll(() => https.close());

const Bucket = 'lake';

describe('objects', () => {
  test('a put with metadata comes back byte for byte', async () => {
    const Key = 'raw/2026/a b+ü&=.json';
    await client.send(
      new s3.PutObjectCommand({
        Bucket,
        Key,
        Body: '{"x":1}',
        ContentType: 'application/json',
        Metadata: { unit: 'bar' },
      }),
    );
    expect(received.PutObject).toMatchObject({
      Bucket,
      Key,
      ContentType: 'application/json',
      Metadata: { unit: 'bar' },
      ContentLength: 7,
    });
    const got = await client.send(new s3.GetObjectCommand({ Bucket, Key }));
    expect(await got.Body?.transformToString()).toBe('{"x":1}');
    expect(got).toMatchObject({
      ContentType: 'application/json',
      Metadata: { unit: 'bar' },
      LastModified: new Date(1_767_225_600_000),
    });
  });

  // Amazon S3 user guide, "Checking object integrity": SDKs stream with aws-chunked and a trailing CRC32.
  test.each([
    ['small enough to be held', 100_000],
    ['large enough to be streamed', 9 * 1024 * 1024],
  ])('a stream %s arrives whole, decoded and verified', async (_title, size) => {
    const bytes = Buffer.alloc(size, 'abcdefg');
    const pieces = Array.from({ length: Math.ceil(size / 70_000) }, (_, i) =>
      bytes.subarray(i * 70_000, (i + 1) * 70_000),
    );
    await client.send(
      new s3.PutObjectCommand({ Bucket, Key: 'stream', Body: Readable.from(pieces), ContentLength: size }),
    );
    expect(objects.get('lake/stream')?.bytes.equals(bytes)).toBe(true);
    expect(objects.get('lake/stream')?.input.Body instanceof Readable).toBe(size > 8 * 1024 * 1024);
  });

  test('a checksum that does not fit is BadDigest, and nothing is kept', async () => {
    objects.clear();
    for (const size of [10, 9 * 1024 * 1024]) {
      await expect(
        client.send(
          new s3.PutObjectCommand({ Bucket, Key: 'bad', Body: Buffer.alloc(size), ChecksumCRC32: 'AAAAAA==' }),
        ),
      ).rejects.toMatchObject({ name: 'BadDigest', $metadata: { httpStatusCode: 400 } });
    }
    await expect(
      client.send(new s3.PutObjectCommand({ Bucket, Key: 'bad', Body: 'x', ContentMD5: 'AAAAAAAAAAAAAAAAAAAAAA==' })),
    ).rejects.toMatchObject({ name: 'BadDigest' });
    expect(objects.size).toBe(0);
  });

  test.each(['CRC32', 'CRC32C', 'SHA1', 'SHA256'] as const)('%s checksums are verified', async (ChecksumAlgorithm) => {
    await client.send(new s3.PutObjectCommand({ Bucket, Key: 'sum', Body: 'summed', ChecksumAlgorithm }));
    expect(received.PutObject).toHaveProperty(`Checksum${ChecksumAlgorithm}`);
  });

  test('errors are the exceptions of the client, also without a body', async () => {
    await expect(client.send(new s3.GetObjectCommand({ Bucket, Key: 'none' }))).rejects.toMatchObject({
      name: 'NoSuchKey',
      message: 'The specified key does not exist.',
      Key: 'none',
      $metadata: { httpStatusCode: 404 },
    });
    await expect(client.send(new s3.HeadObjectCommand({ Bucket, Key: 'none' }))).rejects.toMatchObject({
      name: 'NotFound',
    });
  });
});

describe('buckets and lists', () => {
  test('documents of XML go both ways', async () => {
    await client.send(
      new s3.CreateBucketCommand({ Bucket, CreateBucketConfiguration: { LocationConstraint: 'eu-west-1' } }),
    );
    expect(received.CreateBucket).toMatchObject({
      Bucket,
      CreateBucketConfiguration: { LocationConstraint: 'eu-west-1' },
    });
    expect((await client.send(new s3.GetBucketLocationCommand({ Bucket }))).LocationConstraint).toBe('eu-west-1');
    expect((await client.send(new s3.ListBucketsCommand({}))).Buckets).toEqual([
      { Name: 'lake', CreationDate: new Date(0) },
    ]);
    const list = await client.send(new s3.ListObjectsV2Command({ Bucket, Prefix: 'raw/ä', MaxKeys: 2 }));
    expect(received.ListObjectsV2).toEqual({ Bucket, Prefix: 'raw/ä', MaxKeys: 2 });
    expect(list.Contents?.map(({ Key, Size }) => [Key, Size])).toEqual([
      ['a & b', 1],
      ['c', 2],
    ]);
    expect(list.CommonPrefixes).toEqual([{ Prefix: 'p/' }]);
    const deleted = await client.send(
      new s3.DeleteObjectsCommand({ Bucket, Delete: { Objects: [{ Key: 'a<b' }, { Key: 'c' }], Quiet: true } }),
    );
    expect(received.DeleteObjects).toMatchObject({
      Bucket,
      Delete: { Objects: [{ Key: 'a<b' }, { Key: 'c' }], Quiet: true },
    });
    expect(deleted.Deleted).toEqual([{ Key: 'a<b' }, { Key: 'c' }]);
    await client.send(
      new s3.PutObjectTaggingCommand({ Bucket, Key: 'k', Tagging: { TagSet: [{ Key: 'a', Value: 'b' }] } }),
    );
    expect(received.PutObjectTagging).toMatchObject({ Tagging: { TagSet: [{ Key: 'a', Value: 'b' }] } });
    await client.send(new s3.PutBucketPolicyCommand({ Bucket, Policy: '{"Version":"2012-10-17"}' }));
    expect(received.PutBucketPolicy).toMatchObject({ Policy: '{"Version":"2012-10-17"}' });
  });

  test('operations that share method and path are told apart without the hint of the SDK', async () => {
    client.middlewareStack.remove('dropHint');
    client.middlewareStack.add(
      (next) => (args) => {
        delete (args.request as { query: Record<string, unknown> }).query['x-id'];
        return next(args);
      },
      { step: 'build', name: 'dropHint' },
    );
    const Key = 'k';
    expect(
      (await client.send(new s3.CopyObjectCommand({ Bucket, Key, CopySource: 'lake/a' }))).CopyObjectResult?.ETag,
    ).toBe('"copy"');
    expect((await client.send(new s3.CreateMultipartUploadCommand({ Bucket, Key }))).UploadId).toBe('u');
    expect(
      (await client.send(new s3.UploadPartCommand({ Bucket, Key, UploadId: 'u', PartNumber: 1, Body: 'four' }))).ETag,
    ).toBe('"4"');
    expect((await client.send(new s3.ListPartsCommand({ Bucket, Key, UploadId: 'u' }))).UploadId).toBe('u');
    const done = new s3.CompleteMultipartUploadCommand({
      Bucket,
      Key,
      UploadId: 'u',
      ChecksumCRC32: 'AAAAAA==',
      MultipartUpload: { Parts: [{ PartNumber: 1, ETag: '"4"' }] },
    });
    expect((await client.send(done)).ETag).toBe('"whole"');
    expect(received.CompleteMultipartUpload).toMatchObject({
      MultipartUpload: { Parts: [{ PartNumber: 1, ETag: '"4"' }] },
    });
    await client.send(new s3.AbortMultipartUploadCommand({ Bucket, Key, UploadId: 'u' }));
    expect(received.AbortMultipartUpload).toMatchObject({ UploadId: 'u' });
    expect((await client.send(new s3.ListObjectsCommand({ Bucket }))).Name).toBe('lake');
    await client.send(new s3.HeadBucketCommand({ Bucket }));
    client.middlewareStack.remove('dropHint');
  });

  test('what is not built answers 501, and a document that does not fit is MalformedXML', async () => {
    await expect(client.send(new s3.GetBucketCorsCommand({ Bucket }))).rejects.toMatchObject({
      name: 'NotImplemented',
      message: 's3 GetBucketCors is not implemented by the local cloud',
      $metadata: { httpStatusCode: 501 },
    });
    await expect(
      client.send(new s3.DeleteObjectsCommand({ Bucket, Delete: { Objects: [{ Key: undefined }] } })),
    ).rejects.toMatchObject({
      name: 'InvalidRequest',
      message: expect.stringContaining("'delete.objects.1.member.key'"),
    });
  });
});

// Amazon S3 user guide, "Virtual hosting of buckets".
test('a virtual-hosted bucket is the host name', async () => {
  const agent = new Agent({
    ca: https.identity.caCertificatePem,
    lookup: (_host, _options, callback) => callback(null, [{ address: '127.0.0.1', family: 4 }]),
  });
  const virtual = new s3.S3Client({
    ...https.client(),
    endpoint: `https://s3.localhost:${https.port}`,
    requestHandler: { httpsAgent: agent },
  });
  await virtual.send(new s3.PutObjectCommand({ Bucket: 'virtual', Key: '_key/x', Body: 'v' }));
  expect(received.PutObject).toMatchObject({ Bucket: 'virtual', Key: '_key/x' });
  agent.destroy();
});

// Amazon S3 API reference, "Authenticating requests: using query parameters".
describe('presigned requests', () => {
  const call = (url: string, init: { method?: string; body?: string } = {}) =>
    new Promise<{ status: number; text: string }>((resolve, reject) => {
      const sent = request(
        url,
        { method: init.method ?? 'GET', ca: https.identity.caCertificatePem, agent: false },
        (response) => {
          let text = '';
          response.on('data', (chunk) => {
            text += chunk;
          });
          response.on('end', () => resolve({ status: response.statusCode ?? 0, text }));
        },
      );
      sent.on('error', reject);
      sent.end(init.body);
    });

  test('a presigned put and get need no other credentials', async () => {
    const put = await getSignedUrl(client, new s3.PutObjectCommand({ Bucket, Key: 'shared file' }), { expiresIn: 60 });
    expect(await call(put, { method: 'PUT', body: 'by url' })).toMatchObject({ status: 200 });
    const get = await getSignedUrl(client, new s3.GetObjectCommand({ Bucket, Key: 'shared file' }), { expiresIn: 60 });
    expect(await call(get)).toEqual({ status: 200, text: 'by url' });
  });

  test('another key, an expired date and no signature at all are refused', async () => {
    const get = await getSignedUrl(client, new s3.GetObjectCommand({ Bucket, Key: 'shared file' }), { expiresIn: 60 });
    expect(await call(get.replace('shared%20file', 'secret'))).toMatchObject({
      status: 403,
      text: expect.stringContaining('<Code>SignatureDoesNotMatch</Code>'),
    });
    const old = await getSignedUrl(client, new s3.GetObjectCommand({ Bucket, Key: 'shared file' }), {
      expiresIn: 60,
      signingDate: new Date(Date.now() - 120_000),
    });
    expect(await call(old)).toMatchObject({
      status: 403,
      text: expect.stringContaining('<Code>AccessDenied</Code><Message>Request has expired</Message>'),
    });
    expect((await call(`https://localhost:${https.port}/lake?acl`)).status).toBe(501);
  });
});
