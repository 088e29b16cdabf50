import { createHash } from 'node:crypto';
import { NOTHING_PUBLISHED, publishArtifact } from './publish-artifact.ts';

const base = {
  RequestId: 'r1',
  ResponseURL: 'https://answer/here',
  StackId: 'arn:aws:cloudformation:us-east-1:123456789012:stack/edge/1',
  LogicalResourceId: 'Artifact',
};
const sha256 = (text: string) => createHash('sha256').update(text).digest('hex');
const key = 'com.example.Pump/1.0.0/main.cjs';
const properties = (built: string) => ({
  SourceBucket: 'assets',
  SourceKey: 'a.cjs',
  Bucket: 'artifacts',
  Key: key,
  Sha256: sha256(built),
});

function buckets(source: string, there?: string) {
  const objects = new Map([['assets/a.cjs', source]]);
  if (there !== undefined) objects.set(`artifacts/${key}`, there);
  return {
    objects,
    ports: {
      async read(bucket: string, name: string) {
        const text = objects.get(`${bucket}/${name}`);
        if (text === undefined) throw new Error('NoSuchKey');
        return Buffer.from(text);
      },
      async create(bucket: string, name: string, bytes: Uint8Array) {
        if (objects.has(`${bucket}/${name}`)) return false;
        objects.set(`${bucket}/${name}`, Buffer.from(bytes).toString());
        return true;
      },
    },
  };
}

const create = (built: string) => ({
  ...base,
  RequestType: 'Create' as const,
  ResourceProperties: properties(built),
});

test('what was built lies under the name and version of its component', async () => {
  const { objects, ports } = buckets('code');
  const answer = await publishArtifact(create('code'), ports);
  expect(answer).toEqual({ physicalResourceId: `s3://artifacts/${key}` });
  expect(objects.get(`artifacts/${key}`)).toBe('code');
});

test('the same bytes again are fine: a deployment may be repeated, or rolled back and come again', async () => {
  const { ports } = buckets('code', 'code');
  await expect(publishArtifact(create('code'), ports)).resolves.toBeDefined();
});

test('other bytes under a version that is there are refused, and what is there stays', async () => {
  const { objects, ports } = buckets('new', 'old');
  await expect(publishArtifact(create('new'), ports)).rejects.toMatchObject({ code: 'VERSION_IS_TAKEN' });
  expect(objects.get(`artifacts/${key}`)).toBe('old');
});

test('bytes that are not what was built are not published', async () => {
  const { objects, ports } = buckets('changed on the way');
  await expect(publishArtifact(create('code'), ports)).rejects.toMatchObject({ code: 'ARTIFACT_DAMAGED' });
  expect(objects.has(`artifacts/${key}`)).toBe(false);
});

test('an artifact outlives its resource', async () => {
  const { objects, ports } = buckets('code', 'code');
  for (const PhysicalResourceId of [`s3://artifacts/${key}`, NOTHING_PUBLISHED]) {
    await publishArtifact({ ...base, RequestType: 'Delete', PhysicalResourceId }, ports);
  }
  expect(objects.get(`artifacts/${key}`)).toBe('code');
});
