import type { DescribeDeliveryStreamOutput } from '@aws-sdk/client-firehose';
import { AwsError } from '../../local-cloud/src/core/errors.ts';
import type { ResourceProvider } from '../../local-cloud/src/core/resources.ts';
import { createFirehosePlugin } from '../../local-cloud/src/services/firehose/plugin.ts';
import { ADMINISTRATOR, createTestCloud, testScope } from '../../local-cloud/src/testing/context.ts';

/** Expected values: Firehose API reference; CloudFormation template reference, "AWS::KinesisFirehose::DeliveryStream". */

function open() {
  const cloud = createTestCloud();
  const plugin = cloud.use(createFirehosePlugin);
  return {
    cloud,
    provider: plugin.resources?.[0] as ResourceProvider,
    call: <O = unknown>(operation: string, input: object = {}) =>
      cloud.api.call<O>(ADMINISTRATOR, 'firehose', operation, { DeliveryStreamName: 'raw', ...input }),
  };
}

let { cloud, provider, call } = open();
beforeEach(async () => {
  await cloud.close();
  ({ cloud, provider, call } = open());
});
afterAll(() => cloud.close());

const ROLE = 'arn:aws:iam::123456789012:role/delivery';
const destination = (more: object = {}) => ({ RoleARN: ROLE, BucketARN: 'arn:aws:s3:::lake', ...more });
const create = (more: object = {}) =>
  call('CreateDeliveryStream', { ExtendedS3DestinationConfiguration: destination(more) });
const describe1 = async (DeliveryStreamName = 'raw') =>
  (await call<DescribeDeliveryStreamOutput>('DescribeDeliveryStream', { DeliveryStreamName }))
    .DeliveryStreamDescription;

test('a stream has the documented defaults', async () => {
  expect(await create()).toEqual({ DeliveryStreamARN: 'arn:aws:firehose:us-east-1:123456789012:deliverystream/raw' });
  expect(await describe1()).toMatchObject({
    DeliveryStreamStatus: 'ACTIVE',
    DeliveryStreamType: 'DirectPut',
    VersionId: '1',
    DeliveryStreamEncryptionConfiguration: { Status: 'DISABLED' },
    Destinations: [
      {
        DestinationId: 'destinationId-000000000001',
        ExtendedS3DestinationDescription: {
          BufferingHints: { SizeInMBs: 5, IntervalInSeconds: 300 },
          CompressionFormat: 'UNCOMPRESSED',
          S3BackupMode: 'Disabled',
          CloudWatchLoggingOptions: { Enabled: false },
        },
      },
    ],
  });
  await expect(create()).rejects.toMatchObject({ code: 'ResourceInUseException' });
});

test.each([
  ['a buffer beyond 128 MiB', { BufferingHints: { SizeInMBs: 129, IntervalInSeconds: 60 } }, 'ValidationException'],
  ['a buffer beyond 900 s', { BufferingHints: { SizeInMBs: 1, IntervalInSeconds: 901 } }, 'ValidationException'],
  ['half a buffering hint', { BufferingHints: { SizeInMBs: 1 } }, 'InvalidArgumentException'],
  ['a role that is none', { RoleARN: 'delivery' }, 'ValidationException'],
  ['a file extension without a dot', { FileExtension: 'gz' }, 'ValidationException'],
  ['an unknown time zone', { CustomTimeZone: 'Mars/Olympus' }, 'InvalidArgumentException'],
  ['a prefix without its error prefix', { Prefix: '!{timestamp:yyyy}/' }, 'InvalidArgumentException'],
  ['logging without a group', { CloudWatchLoggingOptions: { Enabled: true } }, 'InvalidArgumentException'],
  ['Snappy', { CompressionFormat: 'Snappy' }, 'NotImplemented'],
  [
    'a conversion without its parts',
    { DataFormatConversionConfiguration: { Enabled: true } },
    'InvalidArgumentException',
  ],
  [
    'dynamic partitioning without its processor',
    { DynamicPartitioningConfiguration: { Enabled: true } },
    'InvalidArgumentException',
  ],
  ['a backup', { S3BackupMode: 'Enabled' }, 'NotImplemented'],
  [
    'a Lambda processor',
    { ProcessingConfiguration: { Enabled: true, Processors: [{ Type: 'Lambda' }] } },
    'NotImplemented',
  ],
])('%s is refused', async (_title, more, code) => {
  await expect(create(more)).rejects.toMatchObject({ code });
  expect(await call('ListDeliveryStreams')).toEqual({ DeliveryStreamNames: [], HasMoreDeliveryStreams: false });
});

test.each([
  ['another source', { DeliveryStreamType: 'KinesisStreamAsSource' }, 'NotImplemented'],
  ['another destination', { SplunkDestinationConfiguration: {} }, 'NotImplemented'],
  [
    'a customer managed key',
    { DeliveryStreamEncryptionConfigurationInput: { KeyType: 'CUSTOMER_MANAGED_CMK' } },
    'NotImplemented',
  ],
  ['a name with a space', { DeliveryStreamName: 'a b' }, 'ValidationException'],
])('%s is refused', async (_title, more, code) => {
  await expect(
    call('CreateDeliveryStream', { ExtendedS3DestinationConfiguration: destination(), ...more }),
  ).rejects.toMatchObject({ code });
});

test('a role that does not trust the service is refused when the stream is made', async () => {
  const authorizer = cloud.ports.get('authorizer');
  cloud.ports.provide('authorizer', {
    ...authorizer,
    assumeRole(service) {
      expect(service).toEqual({
        kind: 'service',
        service: 'firehose.amazonaws.com',
        sourceArn: 'arn:aws:firehose:us-east-1:123456789012:deliverystream/raw',
        sourceAccount: '123456789012',
      });
      throw new AwsError('AccessDenied', 'no trust', 403);
    },
  });
  await expect(create()).rejects.toMatchObject({
    code: 'InvalidArgumentException',
    message: `Firehose is unable to assume role ${ROLE}. Please check the role provided.`,
  });
});

test('an update needs the current version and makes the next', async () => {
  await create();
  const update = (CurrentDeliveryStreamVersionId: string) =>
    call('UpdateDestination', {
      CurrentDeliveryStreamVersionId,
      DestinationId: 'destinationId-000000000001',
      ExtendedS3DestinationUpdate: { CompressionFormat: 'GZIP' },
    });
  await expect(update('2')).rejects.toMatchObject({ code: 'ConcurrentModificationException' });
  await update('1');
  expect(await describe1()).toMatchObject({
    VersionId: '2',
    Destinations: [{ ExtendedS3DestinationDescription: { CompressionFormat: 'GZIP', RoleARN: ROLE } }],
  });
});

test('streams are listed in pages and deleted', async () => {
  for (const DeliveryStreamName of ['a', 'b', 'c']) {
    await call('CreateDeliveryStream', { DeliveryStreamName, ExtendedS3DestinationConfiguration: destination() });
  }
  expect(await call('ListDeliveryStreams', { Limit: 2 })).toEqual({
    DeliveryStreamNames: ['a', 'b'],
    HasMoreDeliveryStreams: true,
  });
  expect(await call('ListDeliveryStreams', { ExclusiveStartDeliveryStreamName: 'b' })).toEqual({
    DeliveryStreamNames: ['c'],
    HasMoreDeliveryStreams: false,
  });
  await call('DeleteDeliveryStream', { DeliveryStreamName: 'a' });
  await expect(describe1('a')).rejects.toMatchObject({ code: 'ResourceNotFoundException' });
});

test('whoever makes a stream must be allowed to pass its role', async () => {
  await create();
  expect(cloud.asked).toEqual([
    { action: 'firehose:CreateDeliveryStream', resource: 'arn:aws:firehose:us-east-1:123456789012:deliverystream/raw' },
    { action: 'iam:PassRole', resource: ROLE, conditions: { 'iam:PassedToService': 'firehose.amazonaws.com' } },
  ]);
});

test('CloudFormation makes a stream, changes it in place and deletes it', async () => {
  const properties = {
    DeliveryStreamType: 'DirectPut',
    DeliveryStreamEncryptionConfigurationInput: { KeyType: 'AWS_OWNED_CMK' },
    ExtendedS3DestinationConfiguration: destination({ BufferingHints: { SizeInMBs: '1', IntervalInSeconds: '60' } }),
    Tags: [{ Key: 'stage', Value: 'dev' }],
  };
  const state = await provider.create(properties, testScope('Raw'));
  const name = 'test-stack-Raw-ABCDEFGHIJKL';
  expect(state).toEqual({
    physicalId: name,
    attributes: { Arn: `arn:aws:firehose:us-east-1:123456789012:deliverystream/${name}` },
  });
  expect(await describe1(name)).toMatchObject({
    VersionId: '1',
    DeliveryStreamEncryptionConfiguration: { Status: 'ENABLED', KeyType: 'AWS_OWNED_CMK' },
    Destinations: [{ ExtendedS3DestinationDescription: { BufferingHints: { SizeInMBs: 1, IntervalInSeconds: 60 } } }],
  });
  const changed = { ...properties, ExtendedS3DestinationConfiguration: destination({ Prefix: 'new/' }) };
  await provider.update(changed, properties, state, testScope('Raw'));
  await provider.update(changed, changed, state, testScope('Raw'));
  expect(await describe1(name)).toMatchObject({
    VersionId: '2',
    Destinations: [{ ExtendedS3DestinationDescription: { Prefix: 'new/', BufferingHints: { SizeInMBs: 5 } } }],
  });
  await expect(
    provider.create({ ExtendedS3DestinationConfiguration: destination({ Novelty: 1 }) }, testScope('Other')),
  ).rejects.toMatchObject({ code: 'NotImplemented', message: expect.stringContaining('Novelty') });
  await provider.delete(state, changed, testScope('Raw'));
  expect(await call('ListDeliveryStreams')).toMatchObject({ DeliveryStreamNames: [] });
});
