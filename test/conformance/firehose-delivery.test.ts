import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { gunzipSync } from 'node:zlib';
import type { GetLogEventsResponse } from '@aws-sdk/client-cloudwatch-logs';
import type { PutRecordBatchOutput, PutRecordOutput } from '@aws-sdk/client-firehose';
import type { GetObjectOutput, ListObjectsV2Output } from '@aws-sdk/client-s3';
import { ManualClock } from '../../local-cloud/src/core/clock.ts';
import { seededEntropy } from '../../local-cloud/src/core/entropy.ts';
import { createCloudwatchLogsPlugin } from '../../local-cloud/src/services/cloudwatch-logs/plugin.ts';
import { createFirehosePlugin } from '../../local-cloud/src/services/firehose/plugin.ts';
import { createS3Plugin } from '../../local-cloud/src/services/s3/plugin.ts';
import { ADMINISTRATOR, createTestCloud } from '../../local-cloud/src/testing/context.ts';

/** Expected values: Firehose API reference; developer guide, "Configure Amazon S3 object name format", "Handle data delivery failures". */

const MIB = 1024 * 1024;
const HOUR = 3_600_000;

async function open(directory?: string, clock = new ManualClock()) {
  const cloud = createTestCloud<ManualClock>(directory === undefined ? { clock } : { clock, directory });
  for (const factory of [createCloudwatchLogsPlugin, createS3Plugin, createFirehosePlugin]) {
    await cloud.use(factory).start?.();
  }
  return cloud;
}

let cloud: Awaited<ReturnType<typeof open>>;

beforeEach(async () => {
  cloud = await open();
  await s3('CreateBucket');
});
afterEach(() => cloud.close());

const s3 = <O = unknown>(operation: string, input: object = {}) =>
  cloud.api.call<O>(ADMINISTRATOR, 's3', operation, { Bucket: 'lake', ...input });
const firehose = <O = unknown>(operation: string, input: object = {}) =>
  cloud.api.call<O>(ADMINISTRATOR, 'firehose', operation, { DeliveryStreamName: 'raw', ...input });

const create = (more: object = {}) =>
  firehose('CreateDeliveryStream', {
    ExtendedS3DestinationConfiguration: {
      RoleARN: 'arn:aws:iam::123456789012:role/delivery',
      BucketARN: 'arn:aws:s3:::lake',
      BufferingHints: { SizeInMBs: 1, IntervalInSeconds: 60 },
      ...more,
    },
  });
const put = (data: string) => firehose<PutRecordOutput>('PutRecord', { Record: { Data: Buffer.from(data) } });

/** Delivery writes and syncs files, which takes longer than turns of the event loop. */
async function keys(atLeast = 0): Promise<string[]> {
  for (let attempt = 0; ; attempt++) {
    const { Contents } = await s3<ListObjectsV2Output>('ListObjectsV2');
    const found = (Contents ?? []).map((object) => object.Key as string);
    if (found.length >= atLeast || attempt === 200) return found;
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

const quiet = () => new Promise((resolve) => setTimeout(resolve, 60));

async function read(Key: string): Promise<Buffer> {
  const { Body } = await s3<GetObjectOutput>('GetObject', { Key });
  return Body instanceof Readable ? Buffer.concat(await Body.toArray()) : Buffer.from(Body as unknown as Uint8Array);
}

test('records are gathered and written when their time has come, under the default prefix', async () => {
  await create();
  await put('one');
  await put('two');
  await cloud.clock.advance(59_000);
  expect(await keys()).toEqual([]);
  await cloud.clock.advance(1000);
  const [key] = (await keys(1)) as [string];
  expect(key).toMatch(/^2026\/01\/01\/00\/raw-1-2026-01-01-00-00-00-[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/);
  expect((await read(key)).toString()).toBe('onetwo');
  expect(await s3('HeadObject', { Key: key })).toMatchObject({ ContentType: 'application/octet-stream' });
  expect(cloud.meter.get('firehose.records')).toBe(2);
});

test('a full buffer is written at once', async () => {
  await create();
  for (let n = 0; n < 3; n++) await put('x'.repeat(MIB / 2));
  const [key] = (await keys(1)) as [string];
  expect((await read(key)).length).toBe(MIB);
  await quiet();
  expect(await keys()).toHaveLength(1);
  await cloud.clock.advance(60_000);
  expect(await keys(2)).toHaveLength(2);
});

test('compression, extension, custom prefix and delimiter', async () => {
  await create({
    CompressionFormat: 'GZIP',
    FileExtension: '.jsonl.gz',
    Prefix: 'raw/date=!{timestamp:yyyy-MM-dd}/hour=!{timestamp:HH}/',
    ErrorOutputPrefix: 'errors/!{firehose:error-output-type}/',
    ProcessingConfiguration: {
      Enabled: true,
      Processors: [
        { Type: 'AppendDelimiterToRecord', Parameters: [{ ParameterName: 'Delimiter', ParameterValue: '\\n' }] },
      ],
    },
  });
  await cloud.clock.advance(5 * HOUR);
  await put('{"a":1}');
  await put('{"a":2}');
  await cloud.clock.advance(60_000);
  const [key] = (await keys(1)) as [string];
  expect(key).toMatch(/^raw\/date=2026-01-01\/hour=05\/raw-1-2026-01-01-05-00-00-.*\.jsonl\.gz$/);
  expect(gunzipSync(await read(key)).toString()).toBe('{"a":1}\n{"a":2}\n');
  expect(await s3('HeadObject', { Key: key })).toMatchObject({ ContentEncoding: 'gzip' });
});

test('thousands of records in one turn keep their order', async () => {
  await create();
  await Promise.all(Array.from({ length: 5000 }, (_, n) => put(`${n}\n`)));
  await cloud.clock.advance(60_000);
  const [key] = (await keys(1)) as [string];
  const lines = (await read(key)).toString().trimEnd().split('\n');
  expect(lines).toEqual(Array.from({ length: 5000 }, (_, n) => String(n)));
});

test('the stream writes as its role', async () => {
  await create();
  await put('x');
  cloud.asked.length = 0;
  await cloud.clock.advance(60_000);
  const [key] = (await keys(1)) as [string];
  expect(cloud.asked).toContainEqual(
    expect.objectContaining({ action: 's3:PutObject', resource: `arn:aws:s3:::lake/${key}` }),
  );
});

describe('when the bucket refuses', () => {
  const logging = { Enabled: true, LogGroupName: '/firehose', LogStreamName: 'raw' };
  const logs = <O = unknown>(operation: string, input: object = {}) =>
    cloud.api.call<O>(ADMINISTRATOR, 'cloudwatch-logs', operation, {
      logGroupName: '/firehose',
      logStreamName: 'raw',
      ...input,
    });

  beforeEach(async () => {
    await logs('CreateLogGroup');
    await logs('CreateLogStream');
  });

  test('it tries again, writes its log, and delivers once allowed', async () => {
    await create({ CloudWatchLoggingOptions: logging });
    cloud.denied.add('s3:PutObject');
    await put('kept');
    await cloud.clock.advance(60_000);
    await quiet();
    const { events } = await logs<GetLogEventsResponse>('GetLogEvents');
    expect(JSON.parse(events?.[0]?.message as string)).toMatchObject({
      deliveryStreamARN: 'arn:aws:firehose:us-east-1:123456789012:deliverystream/raw',
      destination: 'arn:aws:s3:::lake',
      deliveryStreamVersionId: 1,
      errorCode: 'S3.AccessDenied',
    });
    cloud.denied.clear();
    await cloud.clock.advance(5_000);
    const [key] = (await keys(1)) as [string];
    expect((await read(key)).toString()).toBe('kept');
  });

  test('after 24 hours the data is lost, and newer data is not', async () => {
    await create({ CloudWatchLoggingOptions: logging });
    cloud.denied.add('s3:PutObject');
    await put('old');
    for (let hour = 0; hour < 24; hour++) {
      if (hour === 12) await put('new');
      await cloud.clock.advance(HOUR);
      await quiet();
    }
    await cloud.clock.advance(300_000);
    await quiet();
    cloud.denied.clear();
    await cloud.clock.advance(300_000);
    const [key] = (await keys(1)) as [string];
    expect((await read(key)).toString()).toBe('new');
  }, 20_000);
});

test('acknowledged records survive a restart and are delivered after it', async () => {
  await cloud.close();
  const directory = mkdtempSync(join(tmpdir(), 'fleetwright-firehose-'));
  const clock = new ManualClock();
  cloud = await open(directory, clock);
  await s3('CreateBucket');
  await create();
  await put('before ');
  await cloud.close();
  cloud = await open(directory, clock);
  await put('after');
  await clock.advance(60_000);
  const [key] = (await keys(1)) as [string];
  expect((await read(key)).toString()).toBe('before after');
});

test('records delivered twice after a crash go to the same key', async () => {
  await cloud.close();
  const directory = mkdtempSync(join(tmpdir(), 'fleetwright-firehose-'));
  const clock = new ManualClock();
  cloud = await open(directory, clock);
  await s3('CreateBucket');
  await create();
  await put('once');
  const log = cloud.store.log('firehose/stream-1');
  const [[id, entry]] = [...log.entries()] as [[number, Buffer]];
  await clock.advance(60_000);
  const first = await keys(1);
  await cloud.close();
  // The state of the disk had the process died between the delivery and the removal of the record.
  // Randomness of its own, or it would give the object's file the name that it has already.
  cloud = createTestCloud<ManualClock>({ clock, directory, entropy: seededEntropy('after the crash') });
  const kept = cloud.store.log('firehose/stream-1');
  expect([...kept.entries()]).toEqual([]);
  const original = kept.entries.bind(kept);
  kept.entries = (from = 0) => (from <= id ? [[id, entry] as [number, Buffer]] : original(from));
  for (const factory of [createS3Plugin, createFirehosePlugin]) await cloud.use(factory).start?.();
  await quiet();
  expect(cloud.meter.get('s3.puts')).toBe(1);
  expect(await keys()).toEqual(first);
});

describe('requests', () => {
  beforeEach(() => create());

  test('a record holds at most 1,000 KiB', async () => {
    expect((await put('x'.repeat(1_024_000))).RecordId).toBeDefined();
    await expect(put('x'.repeat(1_024_001))).rejects.toMatchObject({ code: 'ValidationException' });
    await expect(firehose('PutRecord', { Record: {} })).rejects.toMatchObject({ code: 'ValidationException' });
  });

  test('a batch holds at most 500 records and 4 MiB, and answers each in order', async () => {
    const batch = (sizes: number[]) =>
      firehose<PutRecordBatchOutput>('PutRecordBatch', {
        Records: sizes.map((size) => ({ Data: Buffer.alloc(size) })),
      });
    const answer = await batch([1, 2, 3]);
    expect(answer.FailedPutCount).toBe(0);
    expect(new Set(answer.RequestResponses?.map((entry) => entry.RecordId)).size).toBe(3);
    await expect(batch(Array(501).fill(1))).rejects.toMatchObject({ code: 'ValidationException' });
    await expect(batch([])).rejects.toMatchObject({ code: 'ValidationException' });
    await expect(batch([MIB - 30_000, MIB - 30_000, MIB - 30_000, MIB - 30_000, 130_000])).rejects.toMatchObject({
      code: 'InvalidArgumentException',
    });
  });

  test('records that cannot be kept fail one by one', async () => {
    const durable = cloud.store.durable;
    cloud.store.durable = () => Promise.reject(new Error('no space left on device'));
    const answer = await firehose<PutRecordBatchOutput>('PutRecordBatch', { Records: [{ Data: Buffer.from('x') }] });
    expect(answer).toMatchObject({
      FailedPutCount: 1,
      RequestResponses: [{ ErrorCode: 'ServiceUnavailableException' }],
    });
    await expect(put('x')).rejects.toMatchObject({ code: 'ServiceUnavailableException', statusCode: 503 });
    cloud.store.durable = durable;
  });

  test('a missing stream is named', async () => {
    await expect(
      firehose('PutRecord', { DeliveryStreamName: 'absent', Record: { Data: Buffer.from('x') } }),
    ).rejects.toMatchObject({
      code: 'ResourceNotFoundException',
      message: 'Firehose absent under account 123456789012 not found.',
    });
  });
});
