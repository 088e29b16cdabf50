import { createHash } from 'node:crypto';
import { Readable } from 'node:stream';
import type {
  CompleteMultipartUploadOutput,
  CreateMultipartUploadOutput,
  GetObjectOutput,
  HeadObjectOutput,
  ListPartsOutput,
  UploadPartOutput,
} from '@aws-sdk/client-s3';
import { createChecksum } from '../../local-cloud/src/core/http/checksums.ts';
import { createS3Plugin } from '../../local-cloud/src/services/s3/plugin.ts';
import { ADMINISTRATOR, createTestCloud } from '../../local-cloud/src/testing/context.ts';

/** Expected values: Amazon S3 API reference, "CompleteMultipartUpload"; user guide, "Checking object integrity". */

function open() {
  const cloud = createTestCloud();
  cloud.use(createS3Plugin);
  return {
    cloud,
    call: <O = unknown>(operation: string, input: object = {}) =>
      cloud.api.call<O>(ADMINISTRATOR, 's3', operation, { Bucket: 'lake', Key: 'k', ...input }),
  };
}

let { cloud, call } = open();
beforeEach(async () => {
  await cloud.close();
  ({ cloud, call } = open());
  await call('CreateBucket');
});
afterAll(() => cloud.close());

const MIB = 1024 * 1024;
const first = Buffer.alloc(5 * MIB, 'a');
const second = Buffer.from('the end');
const md5 = (bytes: Buffer) => createHash('md5').update(bytes).digest();
const crc32 = (bytes: Buffer) => {
  const checksum = createChecksum('crc32');
  checksum.update(bytes);
  return Buffer.from(checksum.value(), 'base64');
};

async function begin(more: object = {}): Promise<string> {
  return (await call<CreateMultipartUploadOutput>('CreateMultipartUpload', more)).UploadId as string;
}

async function part(UploadId: string, PartNumber: number, Body: Buffer) {
  const { ETag, ChecksumCRC32 } = await call<UploadPartOutput>('UploadPart', { UploadId, PartNumber, Body });
  return { PartNumber, ETag, ChecksumCRC32 };
}

const complete = (UploadId: string, Parts: object[]) =>
  call<CompleteMultipartUploadOutput>('CompleteMultipartUpload', { UploadId, MultipartUpload: { Parts } });

test('parts become one object, read whole, by range and by part', async () => {
  const id = await begin({ ContentType: 'text/plain', ChecksumAlgorithm: 'CRC32' });
  const parts = [await part(id, 1, first), await part(id, 7, second)];
  expect((await call<ListPartsOutput>('ListParts', { UploadId: id })).Parts).toMatchObject([
    { PartNumber: 1, Size: first.length },
    { PartNumber: 7, Size: second.length },
  ]);
  const done = await complete(id, parts);
  expect(done.ETag).toBe(
    `"${createHash('md5')
      .update(Buffer.concat([md5(first), md5(second)]))
      .digest('hex')}-2"`,
  );
  const composite = crc32(Buffer.concat([crc32(first), crc32(second)])).toString('base64');
  expect(done).toMatchObject({ ChecksumCRC32: `${composite}-2`, ChecksumType: 'COMPOSITE' });
  expect(await call<HeadObjectOutput>('HeadObject')).toMatchObject({
    ContentLength: first.length + second.length,
    ContentType: 'text/plain',
  });
  const across = await call<GetObjectOutput>('GetObject', { Range: `bytes=${first.length - 2}-${first.length + 2}` });
  expect(Buffer.from(across.Body as unknown as Uint8Array).toString()).toBe('aathe');
  const byPart = await call<GetObjectOutput>('GetObject', { PartNumber: 2 });
  expect(Buffer.from(byPart.Body as unknown as Uint8Array).toString()).toBe('the end');
  expect(byPart.PartsCount).toBe(2);
  await expect(call('ListParts', { UploadId: id })).rejects.toMatchObject({ code: 'NoSuchUpload' });
});

test('without an algorithm the whole object gets a CRC-64/NVME', async () => {
  const id = await begin();
  const done = await complete(id, [await part(id, 1, first), await part(id, 2, second)]);
  const checksum = createChecksum('crc64nvme');
  checksum.update(first);
  checksum.update(second);
  expect(done).toMatchObject({ ChecksumCRC64NVME: checksum.value(), ChecksumType: 'FULL_OBJECT' });
});

test('a part uploaded again replaces the one before', async () => {
  const id = await begin();
  await part(id, 1, Buffer.from('wrong'));
  await complete(id, [await part(id, 1, second)]);
  const { Body } = await call<GetObjectOutput>('GetObject');
  expect(Buffer.from(Body as unknown as Uint8Array).toString()).toBe('the end');
});

test('a copy of a multipart object is one object with an MD5', async () => {
  const id = await begin();
  await complete(id, [await part(id, 1, first), await part(id, 2, second)]);
  await call('CopyObject', { Key: 'copy', CopySource: 'lake/k' });
  const whole = Buffer.concat([first, second]);
  expect(await call('HeadObject', { Key: 'copy' })).toMatchObject({ ETag: `"${md5(whole).toString('hex')}"` });
  const { Body } = await call<GetObjectOutput>('GetObject', { Key: 'copy' });
  const bytes =
    Body instanceof Readable ? Buffer.concat(await Body.toArray()) : Buffer.from(Body as unknown as Uint8Array);
  expect(bytes.equals(whole)).toBe(true);
});

test('wrong lists of parts are refused and leave the upload open', async () => {
  const id = await begin();
  const one = await part(id, 1, second);
  const two = await part(id, 2, second);
  await expect(complete(id, [two, one])).rejects.toMatchObject({ code: 'InvalidPartOrder' });
  await expect(complete(id, [{ PartNumber: 3, ETag: one.ETag }])).rejects.toMatchObject({ code: 'InvalidPart' });
  await expect(complete(id, [{ PartNumber: 1, ETag: '"other"' }])).rejects.toMatchObject({ code: 'InvalidPart' });
  await expect(complete(id, [one, two])).rejects.toMatchObject({ code: 'EntityTooSmall' });
  await expect(complete(id, [])).rejects.toMatchObject({ code: 'MalformedXML' });
  await complete(id, [one]);
});

test('an aborted upload takes no more parts', async () => {
  const id = await begin();
  await part(id, 1, second);
  await call('AbortMultipartUpload', { UploadId: id });
  await expect(part(id, 2, second)).rejects.toMatchObject({ code: 'NoSuchUpload', statusCode: 404 });
  await expect(call('UploadPart', { UploadId: 'x', PartNumber: 0 })).rejects.toMatchObject({ code: 'InvalidArgument' });
});
