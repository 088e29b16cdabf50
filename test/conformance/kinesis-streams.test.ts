import type {
  DescribeStreamOutput,
  GetRecordsOutput,
  GetShardIteratorOutput,
  ListShardsOutput,
  PutRecordOutput,
  PutRecordsOutput,
} from '@aws-sdk/client-kinesis';
import type { ManualClock } from '../../local-cloud/src/core/clock.ts';
import { createKinesisPlugin } from '../../local-cloud/src/services/kinesis/plugin.ts';
import { ADMINISTRATOR, createTestCloud, type TestCloud, testScope } from '../../local-cloud/src/testing/context.ts';

const HOUR = 3_600_000;
const StreamName = 'telemetry';
const TOP = (2n ** 128n - 1n).toString();

let cloud: TestCloud<ManualClock>;
const kinesis = <O = object>(operation: string, input: object = {}, on: TestCloud<ManualClock> = cloud) =>
  on.api.call<O>(ADMINISTRATOR, 'kinesis', operation, { StreamName, ...input });
const put = (text: string, PartitionKey = 'key', more: object = {}) =>
  kinesis<PutRecordOutput>('PutRecord', { Data: Buffer.from(text), PartitionKey, ...more });
const iterator = async (type: string, more: object = {}, ShardId = 'shardId-000000000000', on = cloud) =>
  (await kinesis<GetShardIteratorOutput>('GetShardIterator', { ShardId, ShardIteratorType: type, ...more }, on))
    .ShardIterator as string;
const get = (ShardIterator: string, more: object = {}, on = cloud) =>
  on.api.call<GetRecordsOutput>(ADMINISTRATOR, 'kinesis', 'GetRecords', { ShardIterator, ...more });
const texts = ({ Records }: GetRecordsOutput) => Records?.map(({ Data }) => Buffer.from(Data as Uint8Array).toString());
const shards = async (more: object = {}) => (await kinesis<ListShardsOutput>('ListShards', more)).Shards ?? [];

beforeEach(async () => {
  cloud = createTestCloud();
  await cloud.use(createKinesisPlugin).start?.();
});
afterEach(() => cloud.close());

// source: CreateStream, DescribeStream
test('shards of a new stream share the hash keys evenly', async () => {
  await kinesis('CreateStream', { ShardCount: 2 });
  const { StreamDescription } = await kinesis<DescribeStreamOutput>('DescribeStream');
  expect(StreamDescription).toMatchObject({
    StreamARN: 'arn:aws:kinesis:us-east-1:123456789012:stream/telemetry',
    StreamStatus: 'ACTIVE',
    RetentionPeriodHours: 24,
    StreamModeDetails: { StreamMode: 'PROVISIONED' },
    Shards: [
      {
        ShardId: 'shardId-000000000000',
        HashKeyRange: { StartingHashKey: '0', EndingHashKey: (2n ** 127n - 1n).toString() },
      },
      {
        ShardId: 'shardId-000000000001',
        HashKeyRange: { StartingHashKey: (2n ** 127n).toString(), EndingHashKey: TOP },
      },
    ],
    HasMoreShards: false,
  });
  await expect(kinesis('CreateStream', { ShardCount: 2 })).rejects.toMatchObject({ code: 'ResourceInUseException' });
});

// source: CreateStream, StreamModeDetails
test('a stream on demand begins with four shards, and takes no count of them', async () => {
  const StreamModeDetails = { StreamMode: 'ON_DEMAND' };
  await expect(kinesis('CreateStream', { ShardCount: 1, StreamModeDetails })).rejects.toMatchObject({
    code: 'InvalidArgumentException',
  });
  await kinesis('CreateStream', { StreamModeDetails });
  expect(await shards()).toHaveLength(4);
  await expect(
    kinesis('SplitShard', { ShardToSplit: 'shardId-000000000000', NewStartingHashKey: '9' }),
  ).rejects.toMatchObject({
    code: 'ValidationException',
  });
});

// source: PutRecord, PartitionKey and ExplicitHashKey
test('a record goes to the shard of the MD5 of its key, or of the hash key it states', async () => {
  await kinesis('CreateStream', { ShardCount: 2 });
  // MD5 of `a` begins with 0c, that of `b` with 92: below and above one half.
  expect((await put('1', 'a')).ShardId).toBe('shardId-000000000000');
  expect((await put('2', 'b')).ShardId).toBe('shardId-000000000001');
  expect((await put('3', 'b', { ExplicitHashKey: '0' })).ShardId).toBe('shardId-000000000000');
  expect((await put('4', 'a', { ExplicitHashKey: TOP })).ShardId).toBe('shardId-000000000001');
  await expect(put('5', 'a', { ExplicitHashKey: (2n ** 128n).toString() })).rejects.toMatchObject({
    code: 'InvalidArgumentException',
  });
});

// source: GetShardIterator, GetRecords
test('every kind of iterator begins where it says', async () => {
  await kinesis('CreateStream', { ShardCount: 1 });
  const first = await put('1');
  await cloud.clock.advance(1000);
  const second = await put('2');
  const latest = await iterator('LATEST');
  await cloud.clock.advance(1000);
  await put('3');
  const SequenceOf = ({ SequenceNumber }: PutRecordOutput) => ({ StartingSequenceNumber: SequenceNumber });
  expect(BigInt(second.SequenceNumber as string)).toBeGreaterThan(BigInt(first.SequenceNumber as string));
  expect(texts(await get(await iterator('TRIM_HORIZON')))).toEqual(['1', '2', '3']);
  expect(texts(await get(latest))).toEqual(['3']);
  expect(texts(await get(await iterator('AT_SEQUENCE_NUMBER', SequenceOf(second))))).toEqual(['2', '3']);
  expect(texts(await get(await iterator('AFTER_SEQUENCE_NUMBER', SequenceOf(first))))).toEqual(['2', '3']);
  const Timestamp = new Date(cloud.clock.now() - 1500);
  expect(texts(await get(await iterator('AT_TIMESTAMP', { Timestamp })))).toEqual(['2', '3']);
  await expect(iterator('AT_SEQUENCE_NUMBER', { StartingSequenceNumber: '1' })).rejects.toMatchObject({
    code: 'InvalidArgumentException',
  });
});

// source: GetRecords
test('a reader goes on with NextShardIterator, by its limit, and learns how far behind it is', async () => {
  await kinesis('CreateStream', { ShardCount: 1 });
  for (const text of ['1', '2', '3']) await put(text);
  await cloud.clock.advance(5000);
  const page = await get(await iterator('TRIM_HORIZON'), { Limit: 2 });
  expect(texts(page)).toEqual(['1', '2']);
  expect(page.MillisBehindLatest).toBe(5000);
  const rest = await get(page.NextShardIterator as string);
  expect(texts(rest)).toEqual(['3']);
  expect(rest.MillisBehindLatest).toBe(0);
  await put('4');
  expect(texts(await get(rest.NextShardIterator as string))).toEqual(['4']);
  const old = await iterator('LATEST');
  await cloud.clock.advance(300_000);
  await expect(get(old)).rejects.toMatchObject({ code: 'ExpiredIteratorException' });
  await expect(get('nonsense')).rejects.toMatchObject({ code: 'InvalidArgumentException' });
});

// source: developer guide, "Quotas and limits"
test('a shard takes 1,000 records and one megabyte a second, and five reads', async () => {
  await kinesis('CreateStream', { ShardCount: 1 });
  const Records = Array.from({ length: 500 }, () => ({ Data: Buffer.from('x'), PartitionKey: 'k' }));
  const batch = () => kinesis<PutRecordsOutput>('PutRecords', { Records });
  expect((await batch()).FailedRecordCount).toBe(0);
  expect((await batch()).FailedRecordCount).toBe(0);
  const third = await batch();
  expect(third.FailedRecordCount).toBe(500);
  expect(third.Records?.[0]).toEqual({
    ErrorCode: 'ProvisionedThroughputExceededException',
    ErrorMessage: 'Rate exceeded for shard shardId-000000000000 in stream telemetry under account 123456789012.',
  });
  await cloud.clock.advance(1000);
  const large = 'x'.repeat(1_048_576 - 3);
  await put(large);
  await expect(put('more')).rejects.toMatchObject({ code: 'ProvisionedThroughputExceededException' });
  await expect(put(`${large}four`)).rejects.toMatchObject({ code: 'ValidationException' });
  const position = await iterator('LATEST');
  for (let read = 0; read < 5; read++) await get(position);
  await expect(get(position)).rejects.toMatchObject({ code: 'ProvisionedThroughputExceededException' });
  await cloud.clock.advance(1000);
  await get(position);
});

// source: SplitShard, MergeShards
test('split shards end, name their children and take no more records; merged ones have one child', async () => {
  await kinesis('CreateStream', { ShardCount: 1 });
  await put('before', 'a');
  await kinesis('SplitShard', { ShardToSplit: 'shardId-000000000000', NewStartingHashKey: (2n ** 127n).toString() });
  expect(await put('after', 'a')).toMatchObject({ ShardId: 'shardId-000000000001' });
  const page = await get(await iterator('TRIM_HORIZON'));
  expect(texts(page)).toEqual(['before']);
  expect(page.NextShardIterator).toBeUndefined();
  expect(page.ChildShards?.map(({ ShardId }) => ShardId)).toEqual(['shardId-000000000001', 'shardId-000000000002']);
  expect(await shards({ ShardFilter: { Type: 'AT_LATEST' } })).toMatchObject([
    { ShardId: 'shardId-000000000001', ParentShardId: 'shardId-000000000000' },
    { ShardId: 'shardId-000000000002', ParentShardId: 'shardId-000000000000' },
  ]);
  await expect(
    kinesis('SplitShard', { ShardToSplit: 'shardId-000000000000', NewStartingHashKey: '5' }),
  ).rejects.toMatchObject({ code: 'InvalidArgumentException' });
  await kinesis('MergeShards', { ShardToMerge: 'shardId-000000000002', AdjacentShardToMerge: 'shardId-000000000001' });
  expect(await shards({ ShardFilter: { Type: 'AT_LATEST' } })).toMatchObject([
    { ShardId: 'shardId-000000000003', HashKeyRange: { StartingHashKey: '0', EndingHashKey: TOP } },
  ]);
  // Closed shards go when all of their records have gone.
  await cloud.clock.advance(25 * HOUR);
  expect(await shards()).toMatchObject([{ ShardId: 'shardId-000000000003' }]);
});

// source: IncreaseStreamRetentionPeriod, DecreaseStreamRetentionPeriod
test('records are kept for the retention period, and each operation goes its own way only', async () => {
  await kinesis('CreateStream', { ShardCount: 1 });
  await kinesis('IncreaseStreamRetentionPeriod', { RetentionPeriodHours: 48 });
  await put('1');
  await cloud.clock.advance(47 * HOUR);
  expect(texts(await get(await iterator('TRIM_HORIZON')))).toEqual(['1']);
  await cloud.clock.advance(HOUR + 60_000);
  expect(texts(await get(await iterator('TRIM_HORIZON')))).toEqual([]);
  expect([...cloud.store.log('kinesis/records').entries()]).toEqual([]);
  for (const [operation, RetentionPeriodHours] of [
    ['IncreaseStreamRetentionPeriod', 24],
    ['DecreaseStreamRetentionPeriod', 72],
    ['DecreaseStreamRetentionPeriod', 23],
    ['IncreaseStreamRetentionPeriod', 8761],
  ] as const) {
    await expect(kinesis(operation, { RetentionPeriodHours })).rejects.toMatchObject({
      code: 'InvalidArgumentException',
    });
  }
});

test('acknowledged records are there again after a restart, and later ones come after them', async () => {
  await kinesis('CreateStream', { ShardCount: 1, Tags: { stage: 'dev' } });
  const receipt = await put('1');
  const again = createTestCloud({ directory: cloud.dataDirectory, clock: cloud.clock });
  again.use(createKinesisPlugin);
  const Data = Buffer.from('2');
  const second = await kinesis<PutRecordOutput>('PutRecord', { Data, PartitionKey: 'k' }, again);
  expect(BigInt(second.SequenceNumber as string)).toBeGreaterThan(BigInt(receipt.SequenceNumber as string));
  expect(texts(await get(await iterator('TRIM_HORIZON', {}, undefined, again), {}, again))).toEqual(['1', '2']);
  expect(await kinesis('ListTagsForStream', {}, again)).toEqual({
    Tags: [{ Key: 'stage', Value: 'dev' }],
    HasMoreTags: false,
  });
  await again.store.close();
});

// source: CloudFormation template reference, "AWS::Kinesis::Stream"
test('a stream of a template is created, changed and deleted', async () => {
  const provider = cloud.use(createKinesisPlugin).resources?.[0];
  const properties = { Name: StreamName, ShardCount: '1', Tags: [{ Key: 'a', Value: 'b' }] };
  const state = await provider?.create(properties, testScope());
  expect(state).toEqual({
    physicalId: StreamName,
    attributes: { Arn: 'arn:aws:kinesis:us-east-1:123456789012:stream/telemetry' },
  });
  if (state === undefined) throw new Error('no state');
  await provider?.update({ ...properties, RetentionPeriodHours: 48 }, properties, state, testScope());
  expect(await kinesis('DescribeStreamSummary')).toMatchObject({
    StreamDescriptionSummary: { RetentionPeriodHours: 48, OpenShardCount: 1 },
  });
  const foreign = { ...properties, Name: 'other', StreamEncryption: { EncryptionType: 'KMS', KeyId: 'alias/mine' } };
  await expect(provider?.create(foreign, testScope())).rejects.toMatchObject({ code: 'NotImplemented' });
  await provider?.delete(state, properties, testScope());
  await expect(kinesis('DescribeStreamSummary')).rejects.toMatchObject({ code: 'ResourceNotFoundException' });
});
