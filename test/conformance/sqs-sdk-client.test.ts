import {
  CreateQueueCommand,
  DeleteMessageBatchCommand,
  DeleteMessageCommand,
  GetQueueAttributesCommand,
  GetQueueUrlCommand,
  QueueDoesNotExist,
  ReceiptHandleIsInvalid,
  ReceiveMessageCommand,
  SendMessageBatchCommand,
  SendMessageCommand,
  SQSClient,
} from '@aws-sdk/client-sqs';
import { createSqsPlugin } from '../../local-cloud/src/services/sqs/plugin.ts';
import { type HttpsCloud, startHttpsCloud } from '../../local-cloud/src/testing/https.ts';

// source: Amazon SQS API reference; service model of the SDK client

// The wire format of SQS, as the SDK's own client writes and reads it; it verifies the digests of bodies by itself.

let https: HttpsCloud;
let sqs: SQSClient;
let QueueUrl: string | undefined;

beforeAll(async () => {
  https = await startHttpsCloud({ plugins: [createSqsPlugin] });
  const { endpoint } = https.client();
  https.cloud.ports.provide('endpoints', { apiUrl: endpoint, mqttHost: '', mqttPort: 0, caFile: '' });
  sqs = new SQSClient(https.client());
  ({ QueueUrl } = await sqs.send(new CreateQueueCommand({ QueueName: 'orders', tags: { stage: 'dev' } })));
});

afterAll(async () => {
  sqs.destroy();
  await https.close();
});

test('messages with attributes go through whole, text and bytes', async () => {
  const MessageBody = 'grüße 🚚 <&>';
  const MessageAttributes = {
    text: { DataType: 'String.label', StringValue: 'ä' },
    bytes: { DataType: 'Binary', BinaryValue: Uint8Array.of(0, 255) },
  };
  const sent = await sqs.send(new SendMessageCommand({ QueueUrl, MessageBody, MessageAttributes }));
  const { Messages } = await sqs.send(
    new ReceiveMessageCommand({
      QueueUrl,
      MessageAttributeNames: ['All'],
      MessageSystemAttributeNames: ['SentTimestamp'],
    }),
  );
  expect(Messages).toHaveLength(1);
  const [message] = Messages ?? [];
  expect(message).toMatchObject({ MessageId: sent.MessageId, Body: MessageBody });
  expect(message?.MessageAttributes?.text).toEqual(MessageAttributes.text);
  expect([...(message?.MessageAttributes?.bytes?.BinaryValue ?? [])]).toEqual([0, 255]);
  expect(Object.keys(message?.Attributes ?? {})).toEqual(['SentTimestamp']);
  await sqs.send(new DeleteMessageCommand({ QueueUrl, ReceiptHandle: message?.ReceiptHandle }));
});

test('batches and attributes come back as the client expects them', async () => {
  const Entries = ['a', 'b'].map((Id) => ({ Id, MessageBody: Id }));
  const { Successful, Failed } = await sqs.send(new SendMessageBatchCommand({ QueueUrl, Entries }));
  expect(Successful?.map(({ Id }) => Id)).toEqual(['a', 'b']);
  expect(Failed ?? []).toEqual([]);
  const { Attributes } = await sqs.send(new GetQueueAttributesCommand({ QueueUrl, AttributeNames: ['All'] }));
  expect(Attributes).toMatchObject({ ApproximateNumberOfMessages: '2', VisibilityTimeout: '30' });
  const { Messages = [] } = await sqs.send(new ReceiveMessageCommand({ QueueUrl, MaxNumberOfMessages: 10 }));
  const deletions = Messages.map(({ ReceiptHandle }, index) => ({ Id: String(index), ReceiptHandle }));
  const deleted = await sqs.send(new DeleteMessageBatchCommand({ QueueUrl, Entries: deletions }));
  expect(deleted.Successful).toHaveLength(2);
});

test('errors arrive as the classes of the SDK, with the codes of the query protocol', async () => {
  const absent = sqs.send(new GetQueueUrlCommand({ QueueName: 'absent' }));
  await expect(absent).rejects.toBeInstanceOf(QueueDoesNotExist);
  await expect(absent).rejects.toMatchObject({ Code: 'AWS.SimpleQueueService.NonExistentQueue' });
  await expect(sqs.send(new DeleteMessageCommand({ QueueUrl, ReceiptHandle: 'none' }))).rejects.toBeInstanceOf(
    ReceiptHandleIsInvalid,
  );
  await expect(sqs.send(new ReceiveMessageCommand({ QueueUrl, MaxNumberOfMessages: 11 }))).rejects.toMatchObject({
    name: 'InvalidParameterValue',
    Code: 'InvalidParameterValue',
  });
  await expect(sqs.send(new SendMessageCommand({ QueueUrl, MessageBody: '' }))).rejects.toMatchObject({
    name: 'MissingParameter',
    Code: 'MissingParameter',
  });
});
