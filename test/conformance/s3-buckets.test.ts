import type {
  GetBucketLifecycleConfigurationOutput,
  GetBucketPolicyOutput,
  HeadObjectOutput,
  ListBucketsOutput,
  ListMultipartUploadsOutput,
  ListObjectsV2Output,
  ListObjectVersionsOutput,
} from '@aws-sdk/client-s3';
import type { Principal } from '../../local-cloud/src/core/iam/principal.ts';
import type { ResourceProvider } from '../../local-cloud/src/core/resources.ts';
import { createS3Plugin } from '../../local-cloud/src/services/s3/plugin.ts';
import { ADMINISTRATOR, createTestCloud, testScope } from '../../local-cloud/src/testing/context.ts';
import { eventually } from '../support/eventually.ts';

/** Expected values: Amazon S3 API reference; user guide, "Managing the lifecycle of objects", "Blocking public access". */

const DAY = 24 * 3_600_000;

function open() {
  const cloud = createTestCloud();
  const plugin = cloud.use(createS3Plugin);
  return {
    cloud,
    plugin,
    provider: (type: string) => plugin.resources?.find((one) => one.type === type) as ResourceProvider,
    call: <O = unknown>(operation: string, input: object = {}, principal: Principal = ADMINISTRATOR) =>
      cloud.api.call<O>(principal, 's3', operation, { Bucket: 'lake', ...input }),
  };
}

let { cloud, plugin, provider, call } = open();
beforeEach(async () => {
  await cloud.close();
  ({ cloud, plugin, provider, call } = open());
  await plugin.start?.();
});
afterAll(() => cloud.close());

const put = (Key: string, more: object = {}) => call('PutObject', { Key, Body: Key, ...more });
const keys = async () =>
  ((await call<ListObjectsV2Output>('ListObjectsV2')).Contents ?? []).map((object) => object.Key);

/** Lets the sweep that the clock has just begun come to its end on the disk. */
async function advance(milliseconds: number): Promise<void> {
  await cloud.clock.advance(milliseconds);
  await new Promise((resolve) => setTimeout(resolve, 100));
}

test('a bucket is made, found, listed and deleted', async () => {
  expect(await call('CreateBucket')).toMatchObject({ Location: '/lake' });
  // In us-east-1 making it again succeeds, for legacy compatibility.
  await call('CreateBucket');
  expect(await call('HeadBucket')).toMatchObject({ BucketRegion: 'us-east-1' });
  expect(await call('GetBucketLocation')).toEqual({});
  expect((await call<ListBucketsOutput>('ListBuckets')).Buckets).toMatchObject([{ Name: 'lake' }]);
  await put('k');
  await expect(call('DeleteBucket')).rejects.toMatchObject({ code: 'BucketNotEmpty', statusCode: 409 });
  await call('DeleteObject', { Key: 'k' });
  await call('DeleteBucket');
  await expect(call('HeadBucket')).rejects.toMatchObject({ code: 'NotFound', statusCode: 404 });
  await expect(call('DeleteBucket')).rejects.toMatchObject({ code: 'NoSuchBucket', statusCode: 404 });
});

test.each(['ab', 'Upper', 'a..b', '-a-', '192.168.0.1', '..', 'a/b', 'xn--abc', 'x'.repeat(64)])(
  'the bucket name %j is refused',
  async (Bucket) => {
    await expect(call('CreateBucket', { Bucket })).rejects.toMatchObject({ code: 'InvalidBucketName' });
  },
);

test('a location constraint other than the region is refused', async () => {
  await expect(
    call('CreateBucket', { CreateBucketConfiguration: { LocationConstraint: 'eu-west-1' } }),
  ).rejects.toMatchObject({ code: 'IllegalLocationConstraintException' });
});

describe('bucket policies', () => {
  const statement = {
    Effect: 'Allow',
    Principal: { AWS: 'arn:aws:iam::123456789012:role/reader' },
    Action: 's3:GetObject',
    Resource: 'arn:aws:s3:::lake/*',
  };
  const policy = (...Statement: object[]) => JSON.stringify({ Version: '2012-10-17', Statement });
  const everybody = { ...statement, Principal: '*' };

  beforeEach(() => call('CreateBucket'));

  test('the policy is evaluated with every call on the bucket', async () => {
    await expect(call('GetBucketPolicy')).rejects.toMatchObject({ code: 'NoSuchBucketPolicy', statusCode: 404 });
    await call('PutBucketPolicy', { Policy: policy(statement) });
    expect(JSON.parse((await call<GetBucketPolicyOutput>('GetBucketPolicy')).Policy as string).Statement).toEqual([
      statement,
    ]);
    cloud.asked.length = 0;
    await put('k');
    expect(cloud.asked[0]?.resourcePolicy?.Statement).toEqual([statement]);
    await call('DeleteBucketPolicy');
    cloud.asked.length = 0;
    await put('k');
    expect(cloud.asked[0]?.resourcePolicy).toBeUndefined();
  });

  test.each([
    ['text that is no JSON', '{'],
    ['a policy without statements', '{"Version":"2012-10-17"}'],
    ['the objects of another bucket', policy({ ...statement, Resource: 'arn:aws:s3:::other/*' })],
  ])('%s is refused', async (_title, Policy) => {
    await expect(call('PutBucketPolicy', { Policy })).rejects.toMatchObject({ code: 'MalformedPolicy' });
  });

  test('public policies are blocked, unless pinned or allowed', async () => {
    await expect(call('PutBucketPolicy', { Policy: policy(everybody) })).rejects.toMatchObject({
      code: 'AccessDenied',
    });
    const pinned = { ...everybody, Condition: { IpAddress: { 'aws:SourceIp': '203.0.113.0/24' } } };
    await call('PutBucketPolicy', { Policy: policy(pinned) });
    await call('PutPublicAccessBlock', {
      PublicAccessBlockConfiguration: { BlockPublicPolicy: false, RestrictPublicBuckets: true },
    });
    await call('PutBucketPolicy', { Policy: policy(everybody) });
    await put('k');
    cloud.asked.length = 0;
    await call('GetObject', { Key: 'k' }, { kind: 'anonymous' });
    expect(cloud.asked[0]?.resourcePolicy).toBeUndefined();
    await call('DeletePublicAccessBlock');
    cloud.asked.length = 0;
    await call('GetObject', { Key: 'k' }, { kind: 'anonymous' });
    expect(cloud.asked[0]?.resourcePolicy).toBeDefined();
  });
});

describe('lifecycle', () => {
  const rules = (...Rules: object[]) => call('PutBucketLifecycleConfiguration', { LifecycleConfiguration: { Rules } });
  const days = (ID: string, Days: number, Prefix = '') => ({
    ID,
    Status: 'Enabled',
    Filter: { Prefix },
    Expiration: { Days },
  });

  beforeEach(() => call('CreateBucket'));

  test('an object expires at the midnight after its days', async () => {
    await rules(days('raw', 2, 'raw/'));
    await cloud.clock.advance(3 * 3_600_000);
    await put('raw/old');
    await put('kept/old');
    await advance(2 * DAY + 20 * 3_600_000);
    expect(await keys()).toEqual(['kept/old', 'raw/old']);
    await advance(2 * 3_600_000);
    await eventually('the sweep', async () => (await keys()).length === 1, 10_000, 10);
    expect(await keys()).toEqual(['kept/old']);
  });

  test('filters by size and tag decide; a transition is recorded as the storage class', async () => {
    await rules(
      {
        ID: 'cold',
        Status: 'Enabled',
        Filter: { And: { Prefix: '', ObjectSizeGreaterThan: 3, Tags: [{ Key: 'keep', Value: 'cold' }] } },
        Transitions: [{ Days: 30, StorageClass: 'GLACIER' }],
      },
      { ...days('off', 1), Status: 'Disabled' },
    );
    await put('cold', { Tagging: 'keep=cold' });
    await put('warm');
    await put('tiny', { Body: 'x', Tagging: 'keep=cold' });
    await advance(31 * DAY);
    const storageClass = async (Key: string) => (await call<HeadObjectOutput>('HeadObject', { Key })).StorageClass;
    await eventually('the transition', async () => (await storageClass('cold')) === 'GLACIER', 10_000, 10);
    expect(await storageClass('warm')).toBeUndefined();
    expect(await storageClass('tiny')).toBeUndefined();
    await expect(call('GetObject', { Key: 'cold' })).rejects.toMatchObject({
      code: 'InvalidObjectState',
      statusCode: 403,
    });
  });

  test('with versions, expiration marks and old versions go by their own rule', async () => {
    await call('PutBucketVersioning', { VersioningConfiguration: { Status: 'Enabled' } });
    await rules({
      ID: 'versions',
      Status: 'Enabled',
      Filter: { Prefix: '' },
      Expiration: { Days: 10 },
      NoncurrentVersionExpiration: { NoncurrentDays: 5, NewerNoncurrentVersions: 1 },
    });
    await put('k');
    await put('k');
    await put('k');
    const count = async () => {
      const all = await call<ListObjectVersionsOutput>('ListObjectVersions');
      return [all.Versions?.length, all.DeleteMarkers?.length];
    };
    await advance(6 * DAY);
    await eventually('the first sweep', async () => (await count())[0] === 2, 10_000, 10);
    expect(await count()).toEqual([2, 0]);
    await advance(5 * DAY);
    await eventually('the second sweep', async () => (await count())[0] === 1, 10_000, 10);
    // The marker made the last version noncurrent: it is the one to keep now.
    expect(await count()).toEqual([1, 1]);
  });

  test('unfinished uploads are aborted', async () => {
    await rules({
      ID: 'uploads',
      Status: 'Enabled',
      Filter: { Prefix: '' },
      AbortIncompleteMultipartUpload: { DaysAfterInitiation: 7 },
    });
    await call('CreateMultipartUpload', { Key: 'k' });
    await advance(6 * DAY);
    const uploads = async () => (await call<ListMultipartUploadsOutput>('ListMultipartUploads')).Uploads ?? [];
    expect(await uploads()).toHaveLength(1);
    await advance(2 * DAY);
    await eventually('the sweep', async () => (await uploads()).length === 0, 10_000, 10);
  });

  test('rules come back as they were given', async () => {
    const given = [
      days('a', 3, 'a/'),
      {
        ID: 'b',
        Status: 'Disabled',
        Filter: { Tag: { Key: 'k', Value: 'v' } },
        Transitions: [{ Days: 1, StorageClass: 'STANDARD_IA' }],
        NoncurrentVersionExpiration: { NoncurrentDays: 4 },
      },
    ];
    await expect(call('GetBucketLifecycleConfiguration')).rejects.toMatchObject({
      code: 'NoSuchLifecycleConfiguration',
    });
    await rules(...given);
    expect((await call<GetBucketLifecycleConfigurationOutput>('GetBucketLifecycleConfiguration')).Rules).toEqual(given);
  });

  test.each([
    ['no action', { Status: 'Enabled', Filter: {} }, 'InvalidRequest'],
    ['no filter', { Status: 'Enabled', Expiration: { Days: 1 } }, 'MalformedXML'],
    ['an unknown status', { ...days('a', 1), Status: 'On' }, 'MalformedXML'],
    ['zero days', days('a', 0), 'InvalidArgument'],
    [
      'a transition after the expiration',
      { ...days('a', 3), Transitions: [{ Days: 3, StorageClass: 'GLACIER' }] },
      'InvalidArgument',
    ],
    ['two filters', { ...days('a', 3), Filter: { Prefix: 'a', Tag: { Key: 'k', Value: 'v' } } }, 'MalformedXML'],
  ])('a rule with %s is refused', async (_title, rule, code) => {
    await expect(rules(rule)).rejects.toMatchObject({ code });
  });
});

describe('CloudFormation', () => {
  const properties = {
    BucketEncryption: {
      ServerSideEncryptionConfiguration: [{ ServerSideEncryptionByDefault: { SSEAlgorithm: 'AES256' } }],
    },
    LifecycleConfiguration: {
      Rules: [
        {
          Id: 'archive',
          Status: 'Enabled',
          Prefix: 'raw/',
          ExpirationInDays: 365,
          Transitions: [{ StorageClass: 'GLACIER_IR', TransitionInDays: 30 }],
        },
        { Id: 'uploads', Status: 'Enabled', AbortIncompleteMultipartUpload: { DaysAfterInitiation: 7 } },
      ],
    },
    OwnershipControls: { Rules: [{ ObjectOwnership: 'BucketOwnerEnforced' }] },
    PublicAccessBlockConfiguration: {
      BlockPublicAcls: true,
      BlockPublicPolicy: true,
      IgnorePublicAcls: true,
      RestrictPublicBuckets: true,
    },
    Tags: [{ Key: 'stage', Value: 'dev' }],
    VersioningConfiguration: { Status: 'Enabled' },
  };

  test('makes a bucket with everything the CDK emits, changes it, and refuses to delete it while it holds objects', async () => {
    const provided = provider('AWS::S3::Bucket');
    const state = await provided.create(properties, testScope('Lake'));
    const Bucket = 'test-stack-lake-abcdefghijkl';
    expect(state).toMatchObject({
      physicalId: Bucket,
      attributes: { Arn: `arn:aws:s3:::${Bucket}`, RegionalDomainName: `${Bucket}.s3.us-east-1.amazonaws.com` },
    });
    const lifecycle = await call<GetBucketLifecycleConfigurationOutput>('GetBucketLifecycleConfiguration', { Bucket });
    expect(lifecycle.Rules).toMatchObject([
      {
        ID: 'archive',
        Filter: { Prefix: 'raw/' },
        Expiration: { Days: 365 },
        Transitions: [{ Days: 30, StorageClass: 'GLACIER_IR' }],
      },
      { ID: 'uploads', AbortIncompleteMultipartUpload: { DaysAfterInitiation: 7 } },
    ]);
    expect(await call('GetBucketVersioning', { Bucket })).toEqual({ Status: 'Enabled' });
    await provided.update({ Tags: properties.Tags }, properties, state, testScope('Lake'));
    expect(await call('GetBucketVersioning', { Bucket })).toEqual({ Status: 'Suspended' });
    await expect(call('GetBucketLifecycleConfiguration', { Bucket })).rejects.toMatchObject({ statusCode: 404 });
    await put('k', { Bucket });
    await expect(provided.delete(state, {}, testScope('Lake'))).rejects.toMatchObject({ code: 'BucketNotEmpty' });
    await call('DeleteObject', { Bucket, Key: 'k', VersionId: 'null' });
    await provided.delete(state, {}, testScope('Lake'));
    await expect(call('HeadBucket', { Bucket })).rejects.toMatchObject({ statusCode: 404 });
  });

  test.each([
    [
      'encryption by a KMS key',
      {
        BucketEncryption: {
          ServerSideEncryptionConfiguration: [{ ServerSideEncryptionByDefault: { SSEAlgorithm: 'aws:kms' } }],
        },
      },
    ],
    ['another ownership', { OwnershipControls: { Rules: [{ ObjectOwnership: 'ObjectWriter' }] } }],
    ['a public ACL', { AccessControl: 'PublicRead' }],
  ])('refuses %s and leaves no bucket behind', async (_title, more) => {
    await expect(
      provider('AWS::S3::Bucket').create({ BucketName: 'lake', ...more }, testScope()),
    ).rejects.toMatchObject({
      code: 'NotImplemented',
    });
    await expect(call('HeadBucket')).rejects.toMatchObject({ statusCode: 404 });
  });

  test("attaches the CDK's enforceSSL policy", async () => {
    await call('CreateBucket');
    const deny = {
      Version: '2012-10-17',
      Statement: [
        {
          Action: 's3:*',
          Condition: { Bool: { 'aws:SecureTransport': 'false' } },
          Effect: 'Deny',
          Principal: { AWS: '*' },
          Resource: ['arn:aws:s3:::lake', 'arn:aws:s3:::lake/*'],
        },
      ],
    };
    const policies = provider('AWS::S3::BucketPolicy');
    const state = await policies.create({ Bucket: 'lake', PolicyDocument: deny }, testScope());
    cloud.asked.length = 0;
    await put('k');
    expect(cloud.asked[0]?.resourcePolicy).toEqual(deny);
    await policies.delete(state, { Bucket: 'lake', PolicyDocument: deny }, testScope());
    await expect(call('GetBucketPolicy')).rejects.toMatchObject({ code: 'NoSuchBucketPolicy' });
  });
});
