import { EventBridgeClient, PutRuleCommand, PutTargetsCommand } from '@aws-sdk/client-eventbridge';
import {
  CreateBucketCommand,
  DeleteObjectCommand,
  GetBucketNotificationConfigurationCommand,
  PutBucketNotificationConfigurationCommand,
  PutObjectCommand,
  S3Client,
} from '@aws-sdk/client-s3';
import { CreateQueueCommand, ReceiveMessageCommand, SetQueueAttributesCommand, SQSClient } from '@aws-sdk/client-sqs';
import { createEventbridgePlugin } from '../../local-cloud/src/services/eventbridge/plugin.ts';
import { createS3Plugin } from '../../local-cloud/src/services/s3/plugin.ts';
import { createSqsPlugin } from '../../local-cloud/src/services/sqs/plugin.ts';
import { testScope } from '../../local-cloud/src/testing/context.ts';
import { type HttpsCloud, startHttpsCloud } from '../../local-cloud/src/testing/https.ts';

const QUEUE = 'arn:aws:sqs:us-east-1:123456789012:told';
const Bucket = 'firmware';
let https: HttpsCloud;
let s3: S3Client;
let sqs: SQSClient;
let QueueUrl: string | undefined;

beforeEach(async () => {
  https = await startHttpsCloud({ plugins: [createSqsPlugin, createEventbridgePlugin, createS3Plugin] });
  const apiUrl = `https://localhost:${https.port}`;
  https.cloud.ports.provide('endpoints', { apiUrl, mqttHost: 'localhost', mqttPort: 0, caFile: '' });
  s3 = new S3Client({ ...https.client(), forcePathStyle: true });
  sqs = new SQSClient(https.client());
  await s3.send(new CreateBucketCommand({ Bucket }));
  ({ QueueUrl } = await sqs.send(new CreateQueueCommand({ QueueName: 'told' })));
  const allow = (service: string, sourceArn: string) => ({
    Effect: 'Allow',
    Principal: { Service: service },
    Action: 'sqs:SendMessage',
    Resource: QUEUE,
    Condition: { ArnLike: { 'aws:SourceArn': sourceArn } },
  });
  const Statement = [
    allow('s3.amazonaws.com', 'arn:aws:s3:::firmware'),
    allow('events.amazonaws.com', 'arn:aws:events:*:*:rule/*'),
  ];
  const Policy = JSON.stringify({ Version: '2012-10-17', Statement });
  await sqs.send(new SetQueueAttributesCommand({ QueueUrl, Attributes: { Policy } }));
});
afterEach(() => https.close());

async function told(): Promise<Record<string, never>[]> {
  const input = { QueueUrl, WaitTimeSeconds: 5, MaxNumberOfMessages: 10 };
  const { Messages } = await sqs.send(new ReceiveMessageCommand(input));
  return (Messages ?? []).map(({ Body }) => JSON.parse(Body as string));
}

const configure = (NotificationConfiguration: object) =>
  s3.send(new PutBucketNotificationConfigurationCommand({ Bucket, NotificationConfiguration }));
const put = (Key: string) => s3.send(new PutObjectCommand({ Bucket, Key, Body: 'image' }));

const Filter = {
  Key: {
    FilterRules: [
      { Name: 'prefix' as const, Value: 'uploads/' },
      { Name: 'suffix' as const, Value: '.json' },
    ],
  },
};

// source: Amazon S3 user guide, "Event message structure" and "Configuring event notifications using object key name filtering"
test('a queue is told of new objects whose names fit the filter', async () => {
  await configure({ QueueConfigurations: [{ Id: 'new', QueueArn: QUEUE, Events: ['s3:ObjectCreated:*'], Filter }] });
  await put('uploads/image.bin');
  await put('uploads/the manifest+1.json');
  const [message] = await told();
  expect(message).toMatchObject({
    Records: [
      {
        eventVersion: '2.1',
        eventSource: 'aws:s3',
        awsRegion: 'us-east-1',
        eventName: 'ObjectCreated:Put',
        s3: {
          configurationId: 'new',
          bucket: { name: 'firmware', arn: 'arn:aws:s3:::firmware' },
          object: { key: 'uploads/the+manifest%2B1.json', size: 5, eTag: '78805a221a988e79ef3f42d7c5bfd418' },
        },
      },
    ],
  });
});

// source: Amazon S3 user guide, "EventBridge event message structure"
test('EventBridge is told of new and deleted objects when the bucket says so', async () => {
  const events = new EventBridgeClient(https.client());
  const EventPattern = JSON.stringify({ source: ['aws.s3'], detail: { bucket: { name: [Bucket] } } });
  await events.send(new PutRuleCommand({ Name: 'uploads', EventPattern }));
  await events.send(new PutTargetsCommand({ Rule: 'uploads', Targets: [{ Id: 'q', Arn: QUEUE }] }));
  await put('before');
  await configure({ EventBridgeConfiguration: {} });
  await put('a b.json');
  expect(await told()).toMatchObject([
    {
      source: 'aws.s3',
      'detail-type': 'Object Created',
      resources: ['arn:aws:s3:::firmware'],
      detail: { object: { key: 'a b.json', size: 5 }, reason: 'PutObject' },
    },
  ]);
  await s3.send(new DeleteObjectCommand({ Bucket, Key: 'a b.json' }));
  expect(await told()).toMatchObject([
    {
      'detail-type': 'Object Deleted',
      detail: { object: { key: 'a b.json' }, 'deletion-type': 'Permanently Deleted' },
    },
  ]);
});

// source: Amazon S3 API reference, PutBucketNotificationConfiguration and GetBucketNotificationConfiguration
test('a configuration is answered as it was put, and overlapping ones are refused', async () => {
  const one = { Id: 'one', QueueArn: QUEUE, Events: ['s3:ObjectCreated:*' as const], Filter };
  await configure({ QueueConfigurations: [one], EventBridgeConfiguration: {} });
  const answer = await s3.send(new GetBucketNotificationConfigurationCommand({ Bucket }));
  expect(answer).toMatchObject({ QueueConfigurations: [one], EventBridgeConfiguration: {} });
  await expect(
    configure({ QueueConfigurations: [one, { ...one, Id: 'two', Filter: undefined }] }),
  ).rejects.toMatchObject({
    name: 'InvalidArgument',
  });
  await expect(
    configure({ QueueConfigurations: [{ QueueArn: QUEUE, Events: ['s3:ObjectRestore:*'] }] }),
  ).rejects.toMatchObject({ name: 'NotImplemented' });
});

// source: AWS CloudFormation template reference, AWS::S3::Bucket, NotificationConfiguration
test('buckets of stacks tell as their template says', async () => {
  const provider = https.cloud.use(createS3Plugin).resources?.find(({ type }) => type === 'AWS::S3::Bucket');
  const properties = {
    BucketName: 'stacked',
    NotificationConfiguration: {
      EventBridgeConfiguration: { EventBridgeEnabled: 'true' },
      QueueConfigurations: [
        {
          Queue: QUEUE,
          Event: 's3:ObjectCreated:*',
          Filter: { S3Key: { Rules: [{ Name: 'suffix', Value: '.json' }] } },
        },
      ],
    },
  };
  await provider?.create(properties, testScope());
  const answer = await s3
    .send(new GetBucketNotificationConfigurationCommand({ Bucket: 'stacked' }))
    .catch(() => undefined);
  const held =
    answer ??
    (await https.cloud.api.call(
      { kind: 'account', arn: 'arn:aws:iam::123456789012:root', accountId: '123456789012', userId: '123456789012' },
      's3',
      'GetBucketNotificationConfiguration',
      { Bucket: 'stacked' },
    ));
  expect(held).toMatchObject({
    QueueConfigurations: [{ QueueArn: QUEUE, Events: ['s3:ObjectCreated:*'] }],
    EventBridgeConfiguration: {},
  });
});
