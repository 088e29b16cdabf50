import {
  CreateStreamCommand,
  GetRecordsCommand,
  GetShardIteratorCommand,
  KinesisClient,
  ListStreamsCommand,
  PutRecordCommand,
  PutRecordsCommand,
  ResourceNotFoundException,
  waitUntilStreamExists,
} from '@aws-sdk/client-kinesis';
import { createKinesisPlugin } from '../../local-cloud/src/services/kinesis/plugin.ts';
import { type HttpsCloud, startHttpsCloud } from '../../local-cloud/src/testing/https.ts';

// The wire format of Kinesis as the SDK's own client writes and reads it.
// source: Kinesis Data Streams API reference

const StreamName = 'telemetry';
let https: HttpsCloud;
let kinesis: KinesisClient;

beforeAll(async () => {
  https = await startHttpsCloud({ plugins: [createKinesisPlugin] });
  const { requestHandler, ...settings } = https.client();
  // This client speaks HTTP/2 by itself; the cloud's front door speaks HTTP/1.1.
  const { NodeHttpHandler } = await import('@smithy/node-http-handler');
  kinesis = new KinesisClient({ ...settings, requestHandler: new NodeHttpHandler(requestHandler) });
});
afterAll(async () => {
  kinesis.destroy();
  await https.close();
});

test('records go in and come out with their bytes, keys and times', async () => {
  await kinesis.send(new CreateStreamCommand({ StreamName, ShardCount: 1 }));
  await waitUntilStreamExists({ client: kinesis, minDelay: 1, maxWaitTime: 5 }, { StreamName });
  const Data = Uint8Array.of(0, 255, 10);
  const single = await kinesis.send(new PutRecordCommand({ StreamName, Data, PartitionKey: 'ä' }));
  expect(single).toMatchObject({ ShardId: 'shardId-000000000000', EncryptionType: 'NONE' });
  expect(single.SequenceNumber).toMatch(/^49\d{54}$/);
  const Records = ['1', '2'].map((text) => ({ Data: Buffer.from(text), PartitionKey: text }));
  const batch = await kinesis.send(new PutRecordsCommand({ StreamName, Records }));
  expect(batch).toMatchObject({ FailedRecordCount: 0, Records: [{}, {}] });
  const { ShardIterator } = await kinesis.send(
    new GetShardIteratorCommand({ StreamName, ShardId: single.ShardId, ShardIteratorType: 'TRIM_HORIZON' }),
  );
  const read = await kinesis.send(new GetRecordsCommand({ ShardIterator }));
  expect(read.Records?.map(({ PartitionKey }) => PartitionKey)).toEqual(['ä', '1', '2']);
  expect([...(read.Records?.[0]?.Data ?? [])]).toEqual([0, 255, 10]);
  expect(read.Records?.[0]?.ApproximateArrivalTimestamp).toBeInstanceOf(Date);
  expect((await kinesis.send(new ListStreamsCommand({}))).StreamNames).toEqual([StreamName]);
});

test('errors arrive as the classes of the SDK', async () => {
  const put = kinesis.send(new PutRecordCommand({ StreamName: 'absent', Data: Buffer.from('x'), PartitionKey: 'k' }));
  await expect(put).rejects.toBeInstanceOf(ResourceNotFoundException);
});
