import { gunzipSync } from 'node:zlib';
import {
  CloudWatchLogsClient,
  CreateLogGroupCommand,
  CreateLogStreamCommand,
  FilterLogEventsCommand,
} from '@aws-sdk/client-cloudwatch-logs';
import {
  CreateDeliveryStreamCommand,
  DescribeDeliveryStreamCommand,
  FirehoseClient,
  PutRecordBatchCommand,
  PutRecordCommand,
  ResourceNotFoundException,
} from '@aws-sdk/client-firehose';
import { CreateRoleCommand, IAMClient, PutRolePolicyCommand } from '@aws-sdk/client-iam';
import { CreateBucketCommand, GetObjectCommand, ListObjectsV2Command, S3Client } from '@aws-sdk/client-s3';
import { createCloudwatchLogsPlugin } from '../../local-cloud/src/services/cloudwatch-logs/plugin.ts';
import { createFirehosePlugin } from '../../local-cloud/src/services/firehose/plugin.ts';
import { createS3Plugin } from '../../local-cloud/src/services/s3/plugin.ts';
import { type HttpsCloud, startHttpsCloud } from '../../local-cloud/src/testing/https.ts';
import { eventually } from '../support/eventually.ts';

/** The real clients against the real front door and IAM. Expected values: Firehose API reference and developer guide. */

const DeliveryStreamName = 'raw';
let https: HttpsCloud;
let firehose: FirehoseClient;
let s3: S3Client;
let iam: IAMClient;
let logs: CloudWatchLogsClient;

beforeAll(async () => {
  https = await startHttpsCloud({ plugins: [createCloudwatchLogsPlugin, createS3Plugin, createFirehosePlugin] });
  firehose = new FirehoseClient(https.client());
  s3 = new S3Client({ ...https.client(), forcePathStyle: true });
  iam = new IAMClient(https.client());
  logs = new CloudWatchLogsClient(https.client());
  await s3.send(new CreateBucketCommand({ Bucket: 'lake' }));
  await logs.send(new CreateLogGroupCommand({ logGroupName: '/firehose' }));
  await logs.send(new CreateLogStreamCommand({ logGroupName: '/firehose', logStreamName: 'raw' }));
});
afterAll(() => https.close());

const document = (Statement: object) => JSON.stringify({ Version: '2012-10-17', Statement });

async function role(RoleName: string, service: string, statement: object): Promise<string> {
  const { Role } = await iam.send(
    new CreateRoleCommand({
      RoleName,
      AssumeRolePolicyDocument: document({
        Effect: 'Allow',
        Principal: { Service: service },
        Action: 'sts:AssumeRole',
        Condition: { StringEquals: { 'aws:SourceAccount': '123456789012' } },
      }),
    }),
  );
  await iam.send(new PutRolePolicyCommand({ RoleName, PolicyName: 'p', PolicyDocument: document(statement) }));
  return Role?.Arn as string;
}

const create = (name: string, RoleARN: string) =>
  firehose.send(
    new CreateDeliveryStreamCommand({
      DeliveryStreamName: name,
      ExtendedS3DestinationConfiguration: {
        RoleARN,
        BucketARN: 'arn:aws:s3:::lake',
        Prefix: `${name}/`,
        CompressionFormat: 'GZIP',
        BufferingHints: { SizeInMBs: 1, IntervalInSeconds: 0 },
        CloudWatchLoggingOptions: { Enabled: true, LogGroupName: '/firehose', LogStreamName: 'raw' },
      },
    }),
  );

test('records travel from the client to the bucket as the role of the stream', async () => {
  const allowed = [
    { Effect: 'Allow', Action: 's3:PutObject', Resource: 'arn:aws:s3:::lake/raw/*' },
    {
      Effect: 'Allow',
      Action: 'logs:PutLogEvents',
      Resource: 'arn:aws:logs:us-east-1:123456789012:log-group:/firehose:*',
    },
  ];
  await create(DeliveryStreamName, await role('delivery', 'firehose.amazonaws.com', allowed));
  const { DeliveryStreamDescription } = await firehose.send(new DescribeDeliveryStreamCommand({ DeliveryStreamName }));
  expect(DeliveryStreamDescription?.CreateTimestamp).toBeInstanceOf(Date);
  const answer = await firehose.send(
    new PutRecordBatchCommand({
      DeliveryStreamName,
      Records: ['a\n', 'b\n'].map((text) => ({ Data: Buffer.from(text) })),
    }),
  );
  expect(answer).toMatchObject({ FailedPutCount: 0, RequestResponses: [{}, {}] });
  const Key = await eventually('the object', async () => {
    const { Contents } = await s3.send(new ListObjectsV2Command({ Bucket: 'lake', Prefix: 'raw/' }));
    return Contents?.[0]?.Key;
  });
  expect(Key).toMatch(/^raw\/\d{4}\/\d\d\/\d\d\/\d\d\/raw-1-[-0-9a-f]+\.gz$/);
  const { Body } = await s3.send(new GetObjectCommand({ Bucket: 'lake', Key }));
  expect(gunzipSync((await Body?.transformToByteArray()) as Uint8Array).toString()).toBe('a\nb\n');
});

test('a stream whose role may not write says so in its log', async () => {
  const allowed = {
    Effect: 'Allow',
    Action: 'logs:PutLogEvents',
    Resource: 'arn:aws:logs:us-east-1:123456789012:log-group:/firehose:*',
  };
  await create('denied', await role('powerless', 'firehose.amazonaws.com', allowed));
  await firehose.send(new PutRecordCommand({ DeliveryStreamName: 'denied', Record: { Data: Buffer.from('x') } }));
  const message = await eventually('the log', async () => {
    const { events } = await logs.send(
      new FilterLogEventsCommand({ logGroupName: '/firehose', filterPattern: '"S3.AccessDenied"' }),
    );
    return events?.[0]?.message;
  });
  expect(JSON.parse(message)).toMatchObject({
    deliveryStreamARN: 'arn:aws:firehose:us-east-1:123456789012:deliverystream/denied',
    message: expect.stringMatching(/assumed-role\/powerless\/AWSFirehose.*s3:PutObject/),
  });
});

test('a role that trusts another service is refused, and a missing stream is named', async () => {
  const stranger = await role('stranger', 'lambda.amazonaws.com', { Effect: 'Allow', Action: 's3:*', Resource: '*' });
  await expect(create('other', stranger)).rejects.toMatchObject({ name: 'InvalidArgumentException' });
  await expect(
    firehose.send(new PutRecordCommand({ DeliveryStreamName: 'absent', Record: { Data: Buffer.from('x') } })),
  ).rejects.toBeInstanceOf(ResourceNotFoundException);
});
