import { createHash } from 'node:crypto';
import type {
  ReceiveMessageRequest,
  ReceiveMessageResult,
  SendMessageBatchResult,
  SendMessageRequest,
  SendMessageResult,
} from '@aws-sdk/client-sqs';
import { ManualClock } from '../../local-cloud/src/core/clock.ts';
import { createSqsPlugin } from '../../local-cloud/src/services/sqs/plugin.ts';
import { ADMINISTRATOR, createTestCloud, type TestCloud } from '../../local-cloud/src/testing/context.ts';

/** Sources: Amazon SQS API Reference and Developer Guide, the pages named at each test. */

let cloud: TestCloud<ManualClock>;
let QueueUrl: string;

beforeEach(async () => {
  cloud = createTestCloud({ clock: new ManualClock() });
  cloud.ports.provide('endpoints', { apiUrl: 'https://localhost:4566', mqttHost: '', mqttPort: 0, caFile: '' });
  cloud.use(createSqsPlugin);
  ({ QueueUrl } = await call<{ QueueUrl: string }>('CreateQueue', { QueueName: 'orders' }));
});

afterEach(() => cloud.close());

function call<O>(operation: string, input: object): Promise<O> {
  return cloud.dispatcher.call<O>(ADMINISTRATOR, 'sqs', operation, input);
}

const send = (MessageBody: string, more: Partial<SendMessageRequest> = {}) =>
  call<SendMessageResult>('SendMessage', { QueueUrl, MessageBody, ...more });

async function receive(more: Partial<ReceiveMessageRequest> = {}) {
  const result = await call<ReceiveMessageResult>('ReceiveMessage', { QueueUrl, MaxNumberOfMessages: 10, ...more });
  return result.Messages ?? [];
}

async function counts(): Promise<number[]> {
  const names = ['', 'NotVisible', 'Delayed'].map((suffix) => `ApproximateNumberOfMessages${suffix}`);
  const { Attributes } = await call<{ Attributes: Record<string, string> }>('GetQueueAttributes', {
    QueueUrl,
    AttributeNames: names,
  });
  return names.map((name) => Number(Attributes[name]));
}

test('a message comes back with its body, digests and system attributes', async () => {
  const sent = await send('hello', { MessageAttributes: { Foo: { DataType: 'String', StringValue: 'Bar' } } });
  const md5 = createHash('md5').update('hello').digest('hex');
  expect(sent.MD5OfMessageBody).toBe(md5);
  // Digest recorded from AWS for the attribute Foo=Bar of type String.
  expect(sent.MD5OfMessageAttributes).toBe('ae7155c6026991b6d54b11589678bf9c');
  await cloud.clock.advance(1500);
  const [message] = await receive({ MessageSystemAttributeNames: ['All'], MessageAttributeNames: ['All'] });
  expect(message).toMatchObject({
    MessageId: sent.MessageId,
    Body: 'hello',
    MD5OfBody: md5,
    MD5OfMessageAttributes: 'ae7155c6026991b6d54b11589678bf9c',
    MessageAttributes: { Foo: { DataType: 'String', StringValue: 'Bar' } },
    Attributes: {
      ApproximateReceiveCount: '1',
      SentTimestamp: String(Date.UTC(2026, 0, 1)),
      ApproximateFirstReceiveTimestamp: String(Date.UTC(2026, 0, 1) + 1500),
      SenderId: '123456789012',
    },
  });
});

test('a binary attribute has the digest that AWS computes for it', async () => {
  const BinaryValue = Buffer.from('traceparent\x1e00-774062d6c37081a5a0b9b5b88e30627c-2d2482211f6489da-01');
  await send('test', { MessageAttributes: { attr1: { DataType: 'Binary', BinaryValue } } });
  const [message] = await receive({ MessageAttributeNames: ['.*'] });
  expect(message?.MD5OfMessageAttributes).toBe('8cbe4db156db8a94db8b801b7addb984');
});

test('attribute names choose by name and by prefix, and the digest is of the chosen ones', async () => {
  const MessageAttributes = Object.fromEntries(
    Object.entries({ Help_Me: 'Me', Hello: 'There', General: 'Kenobi' }).map(([name, StringValue]) => [
      name.replace('_', '.'),
      { DataType: 'String', StringValue },
    ]),
  );
  await send('msg', { MessageAttributes });
  const [some] = await receive({ MessageAttributeNames: ['Hello', 'absent'], VisibilityTimeout: 0 });
  expect(some?.MD5OfMessageAttributes).toBe('a311262e065454b75da111d535b8dacd');
  const [prefixed] = await receive({ MessageAttributeNames: ['Hel.*'], VisibilityTimeout: 0 });
  expect(prefixed?.MD5OfMessageAttributes).toBe('83fee93c1bcd8b9a5a923ffacdc636c7');
  const [none] = await receive();
  expect(none).not.toHaveProperty('MessageAttributes');
});

test('a received message is hidden for the visibility timeout, then visible again with a higher receive count', async () => {
  await send('once');
  expect(await receive()).toHaveLength(1);
  expect(await counts()).toEqual([0, 1, 0]);
  await cloud.clock.advance(29_999);
  expect(await receive()).toEqual([]);
  await cloud.clock.advance(1);
  expect(await counts()).toEqual([1, 0, 0]);
  const [again] = await receive({ AttributeNames: ['All'] });
  expect(again?.Attributes?.ApproximateReceiveCount).toBe('2');
});

test('a deleted message is gone; a handle that a later receive replaced deletes nothing', async () => {
  await send('a');
  const [first] = await receive({ VisibilityTimeout: 1 });
  await cloud.clock.advance(1000);
  const [second] = await receive({ VisibilityTimeout: 1 });
  await call('DeleteMessage', { QueueUrl, ReceiptHandle: first?.ReceiptHandle });
  await cloud.clock.advance(1000);
  expect(await counts()).toEqual([1, 0, 0]);
  // The latest handle still deletes after its visibility timeout.
  await call('DeleteMessage', { QueueUrl, ReceiptHandle: second?.ReceiptHandle });
  expect(await counts()).toEqual([0, 0, 0]);
  expect(await receive()).toEqual([]);
  // Deleting twice is no error (API reference, DeleteMessage).
  await call('DeleteMessage', { QueueUrl, ReceiptHandle: second?.ReceiptHandle });
});

test('ChangeMessageVisibility extends, shows at once, and counts from the first receive up to 12 hours', async () => {
  await send('a');
  const [message] = await receive();
  const change = (VisibilityTimeout: number, ReceiptHandle = message?.ReceiptHandle) =>
    call('ChangeMessageVisibility', { QueueUrl, ReceiptHandle, VisibilityTimeout });
  await change(60);
  await cloud.clock.advance(59_000);
  expect(await receive()).toEqual([]);
  await expect(change(43_200)).rejects.toMatchObject({ code: 'InvalidParameterValueException' });
  await change(0);
  const [second] = await receive();
  expect(second).toBeDefined();
  await expect(change(10)).rejects.toMatchObject({ code: 'MessageNotInflight' });
  await expect(change(10, 'nonsense')).rejects.toMatchObject({ code: 'ReceiptHandleIsInvalid', statusCode: 404 });
  await call('DeleteMessage', { QueueUrl, ReceiptHandle: second?.ReceiptHandle });
  await expect(change(10, second?.ReceiptHandle)).rejects.toMatchObject({
    code: 'InvalidParameterValueException',
    message: expect.stringContaining('Message does not exist or is not available for visibility timeout change.'),
  });
});

test('a delayed message is counted apart and becomes visible when its delay ends', async () => {
  await send('later', { DelaySeconds: 5 });
  expect(await counts()).toEqual([0, 0, 1]);
  await cloud.clock.advance(4999);
  expect(await receive()).toEqual([]);
  await cloud.clock.advance(1);
  expect(await receive()).toHaveLength(1);
});

test('a message is dropped when its retention period ends, also while nobody looks', async () => {
  await call('SetQueueAttributes', { QueueUrl, Attributes: { MessageRetentionPeriod: '60' } });
  await send('old');
  await cloud.clock.advance(30_000);
  await send('new');
  await cloud.clock.advance(30_000);
  expect(await counts()).toEqual([1, 0, 0]);
  expect((await receive())[0]?.Body).toBe('new');
});

test('a long poll returns when a message arrives, together with those of the same turn, and empty when time is up', async () => {
  const waiting = receive({ WaitTimeSeconds: 20 });
  await Promise.all([send('a'), send('b')]);
  expect((await waiting).map((message) => message.Body)).toEqual(['a', 'b']);
  const empty = receive({ WaitTimeSeconds: 2 });
  let done = false;
  void empty.then(() => {
    done = true;
  });
  await cloud.clock.advance(1999);
  expect(done).toBe(false);
  await cloud.clock.advance(1);
  expect(await empty).toEqual([]);
});

test('a long poll sees a message whose visibility timeout ends while it waits', async () => {
  await send('a');
  await receive({ VisibilityTimeout: 3 });
  const waiting = receive({ WaitTimeSeconds: 20 });
  await cloud.clock.advance(3000);
  expect(await waiting).toHaveLength(1);
});

test('limits of a receive and of a message are refused with the words of AWS', async () => {
  await expect(receive({ MaxNumberOfMessages: 11 })).rejects.toMatchObject({
    code: 'InvalidParameterValueException',
    message: 'Value 11 for parameter MaxNumberOfMessages is invalid. Reason: Must be between 1 and 10, if provided.',
  });
  await expect(receive({ WaitTimeSeconds: 21 })).rejects.toMatchObject({
    message: 'Value 21 for parameter WaitTimeSeconds is invalid. Reason: Must be >= 0 and <= 20, if provided.',
  });
  // No name of an attribute, though every JavaScript object has it.
  await expect(receive({ AttributeNames: ['constructor'] as never })).rejects.toMatchObject({
    code: 'InvalidAttributeName',
    message: 'Unknown Attribute constructor.',
  });
  await expect(send('')).rejects.toMatchObject({
    code: 'MissingRequiredParameterException',
    message: 'The request must contain the parameter MessageBody.',
  });
  await expect(send('\u0001')).rejects.toMatchObject({ code: 'InvalidMessageContents' });
  await expect(send('\ud800')).rejects.toMatchObject({ code: 'InvalidMessageContents' });
  // 1 MiB: API reference, SendMessage.
  await send('x'.repeat(1_048_576));
  await expect(send('x'.repeat(1_048_577))).rejects.toMatchObject({
    message: 'One or more parameters are invalid. Reason: Message must be shorter than 1048576 bytes.',
  });
  await expect(
    send('x', { MessageAttributes: { ErrorDetails: { DataType: 'String', StringValue: '' } } }),
  ).rejects.toMatchObject({
    message: "Message (user) attribute 'ErrorDetails' must contain a non-empty value of type 'String'.",
  });
  await expect(send('x', { MessageGroupId: 'g' })).rejects.toMatchObject({ code: 'NotImplemented', statusCode: 501 });
});

test('a batch answers per entry, and is refused whole when it is empty, too long, or its ids clash', async () => {
  const batch = (Entries: object[]) => call<SendMessageBatchResult>('SendMessageBatch', { QueueUrl, Entries });
  const result = await batch([
    { Id: 'good', MessageBody: 'a' },
    { Id: 'bad', MessageBody: 'b', DelaySeconds: 901 },
  ]);
  expect(result.Successful).toEqual([
    { Id: 'good', MessageId: expect.any(String), MD5OfMessageBody: '0cc175b9c0f1b6a831c399e269772661' },
  ]);
  expect(result.Failed).toEqual([
    { Id: 'bad', SenderFault: true, Code: 'InvalidParameterValue', Message: expect.stringContaining('DelaySeconds') },
  ]);
  expect(await counts()).toEqual([1, 0, 0]);
  await expect(batch([])).rejects.toMatchObject({ code: 'EmptyBatchRequest' });
  await expect(
    batch(Array.from({ length: 20 }, (_, index) => ({ Id: `${index}`, MessageBody: 'a' }))),
  ).rejects.toMatchObject({
    code: 'TooManyEntriesInBatchRequest',
    message: 'Maximum number of entries per request are 10. You have sent 20.',
  });
  const twice = { Id: 'a', MessageBody: 'a' };
  await expect(batch([twice, twice])).rejects.toMatchObject({ code: 'BatchEntryIdsNotDistinct' });
  await expect(batch([{ Id: 'invalid:id', MessageBody: 'a' }])).rejects.toMatchObject({ code: 'InvalidBatchEntryId' });
  await expect(
    batch([
      { Id: '1', MessageBody: 'a'.repeat(1_048_576) },
      { Id: '2', MessageBody: 'a' },
    ]),
  ).rejects.toMatchObject({
    code: 'BatchRequestTooLong',
    message: 'Batch requests cannot be longer than 1048576 bytes. You have sent 1048577 bytes.',
  });
});

test('batches of deletions and visibility changes name the entries that failed', async () => {
  await Promise.all([send('a'), send('b')]);
  const [a, b] = await receive();
  expect(
    await call('ChangeMessageVisibilityBatch', {
      QueueUrl,
      Entries: [
        { Id: 'a', ReceiptHandle: a?.ReceiptHandle, VisibilityTimeout: 0 },
        { Id: 'x', ReceiptHandle: 'no', VisibilityTimeout: 0 },
      ],
    }),
  ).toMatchObject({ Successful: [{ Id: 'a' }], Failed: [{ Id: 'x', Code: 'ReceiptHandleIsInvalid' }] });
  expect(await counts()).toEqual([1, 1, 0]);
  expect(
    await call('DeleteMessageBatch', {
      QueueUrl,
      Entries: [a, b].map((message, index) => ({ Id: `${index}`, ReceiptHandle: message?.ReceiptHandle })),
    }),
  ).toMatchObject({ Successful: [{ Id: '0' }, { Id: '1' }], Failed: [] });
  expect(await counts()).toEqual([0, 0, 0]);
});
