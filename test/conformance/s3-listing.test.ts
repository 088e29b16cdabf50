import type {
  DeleteObjectOutput,
  DeleteObjectsOutput,
  GetObjectOutput,
  ListObjectsOutput,
  ListObjectsV2Output,
  ListObjectVersionsOutput,
  PutObjectOutput,
} from '@aws-sdk/client-s3';
import { createS3Plugin } from '../../local-cloud/src/services/s3/plugin.ts';
import { ADMINISTRATOR, createTestCloud } from '../../local-cloud/src/testing/context.ts';

/** Expected values: Amazon S3 API reference, "ListObjectsV2", "DeleteObjects"; user guide, "Retaining multiple versions of objects". */

function open() {
  const cloud = createTestCloud();
  cloud.use(createS3Plugin);
  return {
    cloud,
    call: <O = unknown>(operation: string, input: object = {}) =>
      cloud.api.call<O>(ADMINISTRATOR, 's3', operation, { Bucket: 'lake', ...input }),
  };
}

let { cloud, call } = open();
beforeEach(async () => {
  await cloud.close();
  ({ cloud, call } = open());
  await call('CreateBucket');
});
afterAll(() => cloud.close());

const put = (Key: string, Body = Key) => call<PutObjectOutput>('PutObject', { Key, Body });
const list = (input: object = {}) => call<ListObjectsV2Output>('ListObjectsV2', input);
const keys = (page: ListObjectsV2Output | ListObjectsOutput) => (page.Contents ?? []).map((object) => object.Key);
const prefixes = (page: ListObjectsV2Output) => (page.CommonPrefixes ?? []).map((common) => common.Prefix);

describe('listing', () => {
  beforeEach(async () => {
    for (const key of ['sample.jpg', 'photos/2006/January/a.jpg', 'photos/2006/February/b.jpg', 'photos/c d.jpg', 'z'])
      await put(key);
  });

  test('keys come in order of their bytes', async () => {
    await put('Z');
    await put('ä');
    expect(keys(await list())).toEqual([
      'Z',
      'photos/2006/February/b.jpg',
      'photos/2006/January/a.jpg',
      'photos/c d.jpg',
      'sample.jpg',
      'z',
      'ä',
    ]);
  });

  test('a delimiter rolls keys up into common prefixes', async () => {
    const top = await list({ Delimiter: '/' });
    expect(keys(top)).toEqual(['sample.jpg', 'z']);
    expect(prefixes(top)).toEqual(['photos/']);
    expect(top).toMatchObject({ KeyCount: 3, IsTruncated: false, Name: 'lake', MaxKeys: 1000 });
    const below = await list({ Prefix: 'photos/2006/', Delimiter: '/' });
    expect(prefixes(below)).toEqual(['photos/2006/February/', 'photos/2006/January/']);
    expect(keys(below)).toEqual([]);
  });

  test('pages cover everything once, keys and prefixes alike', async () => {
    for (const Delimiter of [undefined, '/']) {
      const seen: (string | undefined)[] = [];
      let token: string | undefined;
      do {
        const page = await list({ MaxKeys: 1, Delimiter, ContinuationToken: token });
        seen.push(...keys(page), ...prefixes(page));
        token = page.NextContinuationToken;
        expect(page.IsTruncated).toBe(token !== undefined);
      } while (token !== undefined);
      expect(seen).toEqual(
        Delimiter === undefined
          ? ['photos/2006/February/b.jpg', 'photos/2006/January/a.jpg', 'photos/c d.jpg', 'sample.jpg', 'z']
          : ['photos/', 'sample.jpg', 'z'],
      );
    }
  });

  test('StartAfter is exclusive, and MaxKeys 0 answers nothing', async () => {
    expect(keys(await list({ StartAfter: 'photos/c d.jpg' }))).toEqual(['sample.jpg', 'z']);
    expect(await list({ MaxKeys: 0 })).toMatchObject({ KeyCount: 0, IsTruncated: false });
  });

  test('url encoding, a foreign token, an unknown encoding', async () => {
    expect(keys(await list({ Prefix: 'photos/c', EncodingType: 'url' }))).toEqual(['photos/c+d.jpg']);
    await expect(list({ ContinuationToken: 'foreign' })).rejects.toMatchObject({ code: 'InvalidArgument' });
    await expect(list({ EncodingType: 'html' })).rejects.toMatchObject({ code: 'InvalidArgument' });
  });

  test('the older listing names the next marker only with a delimiter', async () => {
    const plain = await call<ListObjectsOutput>('ListObjects', { MaxKeys: 1 });
    expect(plain).toMatchObject({ IsTruncated: true });
    expect(plain.NextMarker).toBeUndefined();
    const rolled = await call<ListObjectsOutput>('ListObjects', { MaxKeys: 1, Delimiter: '/' });
    expect(rolled.NextMarker).toBe('photos/');
    expect(keys(await call<ListObjectsOutput>('ListObjects', { Delimiter: '/', Marker: 'photos/' }))).toEqual([
      'sample.jpg',
      'z',
    ]);
  });
});

describe('deleting', () => {
  test('deleting what is not there succeeds', async () => {
    await put('k');
    expect(await call('DeleteObject', { Key: 'k' })).toEqual({});
    expect(await call('DeleteObject', { Key: 'k' })).toEqual({});
  });

  test('many keys at once, each with its own answer', async () => {
    await put('a');
    await put('b');
    const answer = await call<DeleteObjectsOutput>('DeleteObjects', {
      Delete: { Objects: [{ Key: 'a' }, { Key: 'absent' }, { Key: 'b', ETag: '"other"' }] },
    });
    expect(answer.Deleted).toEqual([{ Key: 'a' }, { Key: 'absent' }]);
    expect(answer.Errors).toMatchObject([{ Key: 'b', Code: 'PreconditionFailed' }]);
    expect(keys(await list())).toEqual(['b']);
    expect(await call('DeleteObjects', { Delete: { Quiet: true, Objects: [{ Key: 'b' }] } })).toEqual({});
    await expect(call('DeleteObjects', { Delete: { Objects: [] } })).rejects.toMatchObject({ code: 'MalformedXML' });
  });

  test('a key that the caller may not delete is an error of its own', async () => {
    await put('a');
    cloud.denied.add('s3:DeleteObject');
    const answer = await call<DeleteObjectsOutput>('DeleteObjects', { Delete: { Objects: [{ Key: 'a' }] } });
    expect(answer.Errors).toMatchObject([{ Key: 'a', Code: 'AccessDenied' }]);
    expect(keys(await list())).toEqual(['a']);
  });
});

describe('versions', () => {
  const text = async (input: object) =>
    Buffer.from(
      (await call<GetObjectOutput>('GetObject', { Key: 'k', ...input })).Body as unknown as Uint8Array,
    ).toString();
  const setVersioning = (Status: string) => call('PutBucketVersioning', { VersioningConfiguration: { Status } });

  test('each write keeps the one before, and a deletion marks', async () => {
    await put('k', 'before versioning');
    await setVersioning('Enabled');
    const first = await put('k', 'first');
    await put('k', 'second');
    expect(await text({})).toBe('second');
    expect(await text({ VersionId: first.VersionId })).toBe('first');
    expect(await text({ VersionId: 'null' })).toBe('before versioning');
    const deletion = await call<DeleteObjectOutput>('DeleteObject', { Key: 'k' });
    expect(deletion).toMatchObject({ DeleteMarker: true });
    await expect(text({})).rejects.toMatchObject({ code: 'NoSuchKey', fields: { DeleteMarker: true } });
    await expect(text({ VersionId: deletion.VersionId })).rejects.toMatchObject({
      code: 'MethodNotAllowed',
      statusCode: 405,
    });
    expect(keys(await list())).toEqual([]);
    const all = await call<ListObjectVersionsOutput>('ListObjectVersions');
    expect(all.Versions).toHaveLength(3);
    expect(all.DeleteMarkers).toMatchObject([{ Key: 'k', IsLatest: true }]);
    await call('DeleteObject', { Key: 'k', VersionId: deletion.VersionId });
    expect(await text({})).toBe('second');
    await expect(text({ VersionId: 'none' })).rejects.toMatchObject({ code: 'NoSuchVersion' });
  });

  test('suspended, writes and deletions replace the null version only', async () => {
    await setVersioning('Enabled');
    const { VersionId } = await put('k', 'kept');
    await setVersioning('Suspended');
    expect(await put('k', 'one')).toMatchObject({ VersionId: 'null' });
    await put('k', 'two');
    await call('DeleteObject', { Key: 'k' });
    const all = await call<ListObjectVersionsOutput>('ListObjectVersions');
    expect(all.Versions?.map((version) => version.VersionId)).toEqual([VersionId]);
    expect(all.DeleteMarkers?.map((marker) => marker.VersionId)).toEqual(['null']);
  });

  test('versions are listed in pages, newest first', async () => {
    await setVersioning('Enabled');
    for (const key of ['a', 'a', 'b/1', 'b/2', 'c']) await put(key);
    const seen: string[] = [];
    let marker: object = {};
    for (;;) {
      const page = await call<ListObjectVersionsOutput>('ListObjectVersions', {
        MaxKeys: 1,
        Delimiter: '/',
        ...marker,
      });
      seen.push(
        ...(page.Versions ?? []).map((version) => `${version.Key} ${version.IsLatest}`),
        ...(page.CommonPrefixes ?? []).map((common) => String(common.Prefix)),
      );
      if (page.IsTruncated !== true) break;
      marker = { KeyMarker: page.NextKeyMarker, VersionIdMarker: page.NextVersionIdMarker };
    }
    expect(seen).toEqual(['a true', 'a false', 'b/', 'c true']);
  });
});
