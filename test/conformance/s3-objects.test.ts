import { createHash } from 'node:crypto';
import { mkdtempSync, readdirSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import type { CopyObjectOutput, GetObjectOutput, HeadObjectOutput, PutObjectOutput } from '@aws-sdk/client-s3';
import { createS3Plugin } from '../../local-cloud/src/services/s3/plugin.ts';
import { ADMINISTRATOR, createTestCloud } from '../../local-cloud/src/testing/context.ts';

/** Expected values: Amazon S3 API reference (operations, "List of error codes"); user guide, "Checking object integrity". */

function open(directory?: string) {
  const cloud = createTestCloud(directory === undefined ? {} : { directory });
  const plugin = cloud.use(createS3Plugin);
  return {
    cloud,
    plugin,
    call: <O = unknown>(operation: string, input: object = {}) =>
      cloud.api.call<O>(ADMINISTRATOR, 's3', operation, { Bucket: 'lake', ...input }),
  };
}

let { cloud, plugin, call } = open();
beforeEach(async () => {
  await cloud.close();
  ({ cloud, plugin, call } = open());
  await plugin.start?.();
  await call('CreateBucket');
  cloud.asked.length = 0;
});
afterAll(() => cloud.close());

const put = (Key: string, Body: unknown, more: object = {}) =>
  call<PutObjectOutput>('PutObject', { Key, Body, ...more });

async function bytes(Key: string, more: object = {}): Promise<string> {
  const { Body } = await call<GetObjectOutput>('GetObject', { Key, ...more });
  if (Body instanceof Readable) return Buffer.concat(await Body.toArray()).toString();
  return Buffer.from(Body as unknown as Uint8Array).toString();
}

function filesOf(directory: string): string[] {
  return readdirSync(join(directory, 's3'), { recursive: true, encoding: 'utf8' }).filter((name) =>
    statSync(join(directory, 's3', name)).isFile(),
  );
}

describe('PutObject and GetObject', () => {
  test('an object comes back with what was said about it', async () => {
    const { ETag } = await put('a/b.txt', Buffer.from('hello'), {
      ContentType: 'text/plain',
      CacheControl: 'no-store',
      ContentEncoding: 'aws-chunked,gzip',
      Metadata: { Site: 'north' },
      Tagging: 'stage=dev',
    });
    expect(ETag).toBe(`"${createHash('md5').update('hello').digest('hex')}"`);
    expect(await bytes('a/b.txt')).toBe('hello');
    expect(await call<HeadObjectOutput>('HeadObject', { Key: 'a/b.txt' })).toEqual({
      AcceptRanges: 'bytes',
      CacheControl: 'no-store',
      ContentEncoding: 'gzip',
      ContentLength: 5,
      ContentType: 'text/plain',
      ETag,
      LastModified: new Date(cloud.clock.now()),
      Metadata: { site: 'north' },
      ServerSideEncryption: 'AES256',
      TagCount: 1,
    });
  });

  test.each([
    ['text', 'text'],
    ['bytes', new Uint8Array([104, 105])],
    ['a stream', Readable.from([Buffer.from('one '), Buffer.from('two')])],
    ['nothing', undefined],
  ])('a body may be %s', async (_title, body) => {
    await put('k', body);
    expect(await bytes('k')).toBe(
      { text: 'text', undefined: '' }[String(body)] ?? (body instanceof Readable ? 'one two' : 'hi'),
    );
  });

  test('a large object is answered as a stream', async () => {
    await put('big', Buffer.alloc(9 * 1024 * 1024, 'x'));
    const { Body } = await call<GetObjectOutput>('GetObject', { Key: 'big' });
    expect(Body).toBeInstanceOf(Readable);
    expect(Buffer.concat(await (Body as unknown as Readable).toArray())).toHaveLength(9 * 1024 * 1024);
  });

  test('a key never becomes a path', async () => {
    for (const Key of ['../../escape', '/absolute', 'a/../../b', '.', 'nul\u0000', '日本/😀']) {
      await put(Key, Key);
      expect(await bytes(Key)).toBe(Key);
    }
    const names = filesOf(cloud.dataDirectory);
    expect(names).toHaveLength(6);
    for (const name of names) expect(name).toMatch(/^lake\/[0-9a-f]{2}\/[0-9a-f]{32}$/);
  });

  test('an overwritten object leaves no file behind', async () => {
    await put('k', 'one');
    await put('k', 'two');
    expect(await bytes('k')).toBe('two');
    expect(filesOf(cloud.dataDirectory)).toHaveLength(1);
  });

  test('a range answers a part', async () => {
    await put('k', '0123456789');
    const part = await call<GetObjectOutput>('GetObject', { Key: 'k', Range: 'bytes=2-4' });
    expect(part).toMatchObject({ ContentRange: 'bytes 2-4/10', ContentLength: 3 });
    expect(Buffer.from(part.Body as unknown as Uint8Array).toString()).toBe('234');
    await expect(call('GetObject', { Key: 'k', Range: 'bytes=10-' })).rejects.toMatchObject({
      code: 'InvalidRange',
      statusCode: 416,
      fields: { ActualObjectSize: 10 },
    });
  });

  test('response parameters override headers', async () => {
    await put('k', 'x', { ContentType: 'text/plain' });
    expect(
      await call('GetObject', { Key: 'k', ResponseContentType: 'text/csv', ResponseContentDisposition: 'attachment' }),
    ).toMatchObject({ ContentType: 'text/csv', ContentDisposition: 'attachment' });
  });

  test('conditional reads answer 304 and 412', async () => {
    const { ETag } = await put('k', 'x');
    const at = new Date(cloud.clock.now());
    const get = (conditions: object) => call('GetObject', { Key: 'k', ...conditions });
    await expect(get({ IfNoneMatch: ETag })).rejects.toMatchObject({ code: 'NotModified', statusCode: 304 });
    await expect(get({ IfModifiedSince: at })).rejects.toMatchObject({ statusCode: 304 });
    await expect(get({ IfMatch: '"other"' })).rejects.toMatchObject({ code: 'PreconditionFailed', statusCode: 412 });
    await expect(get({ IfUnmodifiedSince: new Date(at.getTime() - 1000) })).rejects.toMatchObject({ statusCode: 412 });
    await get({ IfMatch: ETag, IfUnmodifiedSince: new Date(0) });
  });

  test('conditional writes protect what is there', async () => {
    const { ETag } = await put('k', 'one', { IfNoneMatch: '*' });
    await expect(put('k', 'two', { IfNoneMatch: '*' })).rejects.toMatchObject({
      code: 'PreconditionFailed',
      statusCode: 412,
      fields: { Condition: 'If-None-Match' },
    });
    await put('k', 'two', { IfMatch: ETag });
    await expect(put('k', 'three', { IfMatch: ETag })).rejects.toMatchObject({ code: 'PreconditionFailed' });
    await expect(put('absent', 'x', { IfMatch: ETag })).rejects.toMatchObject({ code: 'NoSuchKey' });
    expect(await bytes('k')).toBe('two');
    expect(filesOf(cloud.dataDirectory)).toHaveLength(1);
  });

  test('of two writers who both ask for an absent key one wins', async () => {
    const results = await Promise.allSettled(['a', 'b'].map((body) => put('k', body, { IfNoneMatch: '*' })));
    expect(results.map((result) => result.status).sort()).toEqual(['fulfilled', 'rejected']);
  });

  /** "123456789": check values of the CRC catalogue. */
  test('checksums are verified, kept and given back', async () => {
    const body = '123456789';
    const crc32 = Buffer.from('cbf43926', 'hex').toString('base64');
    expect(await put('k', body, { ChecksumCRC32: crc32 })).toMatchObject({
      ChecksumCRC32: crc32,
      ChecksumType: 'FULL_OBJECT',
    });
    expect(await call('HeadObject', { Key: 'k', ChecksumMode: 'ENABLED' })).toMatchObject({ ChecksumCRC32: crc32 });
    expect(await put('k', body)).toMatchObject({
      ChecksumCRC64NVME: Buffer.from('ae8b14860a799888', 'hex').toString('base64'),
    });
    await expect(put('bad', 'other', { ChecksumCRC32: crc32 })).rejects.toMatchObject({ code: 'BadDigest' });
    await expect(put('bad', 'x', { ChecksumSHA256: 'short' })).rejects.toMatchObject({ code: 'InvalidRequest' });
    await expect(put('bad', 'x', { ContentMD5: 'nonsense' })).rejects.toMatchObject({ code: 'InvalidDigest' });
    await expect(put('bad', 'x', { ContentMD5: createHash('md5').update('y').digest('base64') })).rejects.toMatchObject(
      { code: 'BadDigest' },
    );
    expect(filesOf(cloud.dataDirectory)).toHaveLength(1);
  });

  test.each([
    ['a key beyond 1,024 bytes', { Key: 'ä'.repeat(513) }, 'KeyTooLongError'],
    ['metadata beyond 2 KB', { Key: 'k', Metadata: { a: 'x'.repeat(2048) } }, 'MetadataTooLarge'],
    ['a public ACL', { Key: 'k', ACL: 'public-read' }, 'AccessControlListNotSupported'],
    ['a KMS key', { Key: 'k', ServerSideEncryption: 'aws:kms' }, 'NotImplemented'],
    ['a lock', { Key: 'k', ObjectLockMode: 'GOVERNANCE' }, 'NotImplemented'],
    ['an unknown storage class', { Key: 'k', StorageClass: 'COLD' }, 'InvalidStorageClass'],
    ['eleven tags', { Key: 'k', Tagging: Array.from({ length: 11 }, (_, n) => `k${n}=v`).join('&') }, 'BadRequest'],
    ['a missing bucket', { Bucket: 'absent', Key: 'k' }, 'NoSuchBucket'],
    ['the bucket of another owner', { Key: 'k', ExpectedBucketOwner: '999999999999' }, 'AccessDenied'],
  ])('%s is refused', async (_title, input, code) => {
    await expect(call('PutObject', { Body: 'x', ...input })).rejects.toMatchObject({ code });
    expect(filesOf(cloud.dataDirectory)).toEqual([]);
  });
});

test('a missing object is NoSuchKey, NotFound for HEAD, and AccessDenied for a caller who may not list', async () => {
  await expect(call('GetObject', { Key: 'k' })).rejects.toMatchObject({
    code: 'NoSuchKey',
    statusCode: 404,
    message: 'The specified key does not exist.',
  });
  await expect(call('HeadObject', { Key: 'k' })).rejects.toMatchObject({ code: 'NotFound', statusCode: 404 });
  cloud.denied.add('s3:ListBucket');
  await expect(call('GetObject', { Key: 'k' })).rejects.toMatchObject({ statusCode: 403 });
});

// source: user guide, "How S3 Versioning works": version ids are URL-ready and at most 1,024 bytes long
test('what cannot be a version id is an invalid argument, for reading and deleting', async () => {
  await put('k', 'x');
  for (const VersionId of ['a\r\nset-cookie: b', 'ü', 'x'.repeat(1_025), '']) {
    const refused = { code: 'InvalidArgument', message: 'Invalid version id specified', statusCode: 400 };
    await expect(call('GetObject', { Key: 'k', VersionId })).rejects.toMatchObject(refused);
    await expect(call('DeleteObject', { Key: 'k', VersionId })).rejects.toMatchObject(refused);
  }
  expect(await bytes('k')).toBe('x');
});

// assumed: the API reference does not say what becomes of an override that is no header value
test('a header override that cannot be a header is refused', async () => {
  await put('k', 'x');
  await expect(call('GetObject', { Key: 'k', ResponseContentType: 'a\r\nb: c' })).rejects.toMatchObject({
    code: 'InvalidArgument',
  });
});

test('CopyObject copies bytes and metadata, or replaces the metadata', async () => {
  await put('from', 'content', { ContentType: 'text/plain', Metadata: { a: '1' }, Tagging: 't=1' });
  const copied = await call<CopyObjectOutput>('CopyObject', { Key: 'to', CopySource: '/lake/from' });
  expect(copied.CopyObjectResult?.ETag).toBe(`"${createHash('md5').update('content').digest('hex')}"`);
  expect(await call('HeadObject', { Key: 'to' })).toMatchObject({
    ContentType: 'text/plain',
    Metadata: { a: '1' },
    TagCount: 1,
  });
  await call('CopyObject', {
    Key: 'to',
    CopySource: 'lake/from',
    MetadataDirective: 'REPLACE',
    ContentType: 'text/csv',
    TaggingDirective: 'REPLACE',
  });
  await call('DeleteObject', { Key: 'from' });
  expect(await bytes('to')).toBe('content');
  const head = await call<HeadObjectOutput>('HeadObject', { Key: 'to' });
  expect(head).toMatchObject({ ContentType: 'text/csv', Metadata: {} });
  expect(head.TagCount).toBeUndefined();
  await expect(call('CopyObject', { Key: 'to', CopySource: 'lake/to' })).rejects.toMatchObject({
    code: 'InvalidRequest',
  });
  await expect(call('CopyObject', { Key: 'x', CopySource: 'lake/absent' })).rejects.toMatchObject({
    code: 'NoSuchKey',
  });
});

/** Service authorization reference, "Amazon S3". */
test('permissions name the object, the bucket and the conditions of the request', async () => {
  await put('a/k', 'x', { Tagging: 'stage=dev', StorageClass: 'STANDARD_IA' });
  await call('GetObject', { Key: 'a/k' });
  await call('ListObjectsV2', { Prefix: 'a/', Delimiter: '/', MaxKeys: 5 });
  await call('DeleteObjects', { Delete: { Objects: [{ Key: 'a/k' }] } });
  expect(cloud.asked).toMatchObject([
    {
      action: 's3:PutObject',
      resource: 'arn:aws:s3:::lake/a/k',
      conditions: { 's3:x-amz-storage-class': 'STANDARD_IA' },
    },
    {
      action: 's3:PutObjectTagging',
      resource: 'arn:aws:s3:::lake/a/k',
      conditions: { 's3:RequestObjectTag/stage': 'dev' },
    },
    { action: 's3:GetObject', resource: 'arn:aws:s3:::lake/a/k', conditions: { 's3:ExistingObjectTag/stage': 'dev' } },
    {
      action: 's3:ListBucket',
      resource: 'arn:aws:s3:::lake',
      conditions: { 's3:prefix': 'a/', 's3:delimiter': '/', 's3:max-keys': '5' },
    },
    { action: 's3:DeleteObject', resource: 'arn:aws:s3:::lake/a/k' },
  ]);
});

test('objects survive a restart, and files without a record do not', async () => {
  const directory = mkdtempSync(join(tmpdir(), 'fleetwright-s3-'));
  const first = open(directory);
  await first.call('CreateBucket');
  await first.call('PutObject', { Key: 'k', Body: 'kept', Metadata: { a: '1' } });
  await first.cloud.close();
  const [kept] = filesOf(directory) as [string];
  writeFileSync(join(directory, 's3', `${kept}.part`), 'half written');
  const second = open(directory);
  await second.plugin.start?.();
  const { Body, Metadata } = await second.call<GetObjectOutput>('GetObject', { Key: 'k' });
  expect(Buffer.from(Body as unknown as Uint8Array).toString()).toBe('kept');
  expect(Metadata).toEqual({ a: '1' });
  expect(filesOf(directory)).toEqual([kept]);
  await second.cloud.close();
});
