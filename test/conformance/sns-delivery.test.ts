import type { GetQueueAttributesResult, Message, ReceiveMessageResult } from '@aws-sdk/client-sqs';
import type { ManualClock } from '../../local-cloud/src/core/clock.ts';
import { createSnsPlugin } from '../../local-cloud/src/services/sns/plugin.ts';
import { createSqsPlugin } from '../../local-cloud/src/services/sqs/plugin.ts';
import { ADMINISTRATOR, createTestCloud, type TestCloud } from '../../local-cloud/src/testing/context.ts';

const TOPIC = 'arn:aws:sns:us-east-1:123456789012:orders';
const QUEUE = 'arn:aws:sqs:us-east-1:123456789012:orders';
const DEAD = 'arn:aws:sqs:us-east-1:123456789012:dead';
const URL_OF = (arn: string) => `https://sqs.us-east-1.amazonaws.com/123456789012/${arn.split(':').at(-1)}`;

let cloud: TestCloud<ManualClock>;
const call = <O = object>(service: 'sns' | 'sqs', operation: string, input: object) =>
  cloud.api.call<O>(ADMINISTRATOR, service, operation, input);
const subscribe = (Attributes: Record<string, string> = {}) =>
  call<{ SubscriptionArn: string }>('sns', 'Subscribe', {
    TopicArn: TOPIC,
    Protocol: 'sqs',
    Endpoint: QUEUE,
    Attributes,
  });

function open(): TestCloud<ManualClock> {
  const opened = createTestCloud();
  opened.ports.provide('endpoints', { apiUrl: 'https://localhost:4566', mqttHost: '', mqttPort: 0, caFile: '' });
  opened.ports.provide('frontDoor', { route: () => {}, upgrade: () => {}, serve: () => {} });
  return opened;
}

/** Messages of a queue, once there are as many as asked for. */
async function receive(arn: string, count: number): Promise<Message[]> {
  const found: Message[] = [];
  for (let round = 0; found.length < count && round < 400; round++) {
    const input = { QueueUrl: URL_OF(arn), MaxNumberOfMessages: 10, MessageAttributeNames: ['All'] };
    found.push(...((await call<ReceiveMessageResult>('sqs', 'ReceiveMessage', input)).Messages ?? []));
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
  return found;
}

beforeEach(async () => {
  cloud = open();
  cloud.use(createSqsPlugin);
  const sns = cloud.use(createSnsPlugin);
  await sns.start?.();
  await call('sqs', 'CreateQueue', { QueueName: 'orders' });
  await call('sqs', 'CreateQueue', { QueueName: 'dead' });
  await call('sns', 'CreateTopic', { Name: 'orders' });
});
afterEach(() => cloud.close());

// source: developer guide, "Parsing Amazon SNS message formats"
test('a queue receives the JSON envelope with subject and attributes', async () => {
  const { SubscriptionArn } = await subscribe();
  const { MessageId } = await call<{ MessageId: string }>('sns', 'Publish', {
    TopicArn: TOPIC,
    Message: 'paid ✓',
    Subject: 'Order 1',
    MessageAttributes: {
      store: { DataType: 'String', StringValue: 'north' },
      bytes: { DataType: 'Binary', BinaryValue: Uint8Array.of(1, 2) },
    },
  });
  const [message] = await receive(QUEUE, 1);
  expect(JSON.parse(message?.Body ?? '')).toEqual({
    Type: 'Notification',
    MessageId,
    TopicArn: TOPIC,
    Subject: 'Order 1',
    Message: 'paid ✓',
    Timestamp: '2026-01-01T00:00:00.000Z',
    SignatureVersion: '1',
    Signature: expect.stringMatching(/^[A-Za-z0-9+/]{342}==$/),
    SigningCertURL: expect.stringMatching(
      /^https:\/\/localhost:4566\/_sns\/SimpleNotificationService-[0-9a-f]{32}\.pem$/,
    ),
    UnsubscribeURL: `https://localhost:4566/_sns/?${new URLSearchParams({ Action: 'Unsubscribe', SubscriptionArn })}`,
    MessageAttributes: { store: { Type: 'String', Value: 'north' }, bytes: { Type: 'Binary', Value: 'AQI=' } },
  });
  expect(message?.MessageAttributes).toBeUndefined();
});

// source: developer guide, "Amazon SNS raw message delivery"
test('raw delivery hands over the body alone, with its attributes as those of the queue', async () => {
  await subscribe({ RawMessageDelivery: 'true' });
  const MessageAttributes = { store: { DataType: 'String', StringValue: 'north' } };
  await call('sns', 'Publish', { TopicArn: TOPIC, Message: 'paid', MessageAttributes });
  const [message] = await receive(QUEUE, 1);
  expect(message).toMatchObject({ Body: 'paid', MessageAttributes });
});

// source: developer guide, "Amazon SNS raw message delivery"
test('a raw message with more than ten attributes reaches no queue', async () => {
  await subscribe({ RawMessageDelivery: 'true' });
  const MessageAttributes = Object.fromEntries(
    Array.from({ length: 11 }, (_, index) => [`a${index}`, { DataType: 'String', StringValue: 'x' }]),
  );
  await call('sns', 'Publish', { TopicArn: TOPIC, Message: 'wide', MessageAttributes });
  await call('sns', 'Publish', { TopicArn: TOPIC, Message: 'narrow' });
  expect((await receive(QUEUE, 1)).map(({ Body }) => Body)).toEqual(['narrow']);
});

// source: Publish, MessageStructure
test('MessageStructure json picks the text of the protocol, and needs a default', async () => {
  await subscribe({ RawMessageDelivery: 'true' });
  const publish = (body: object) =>
    call('sns', 'Publish', { TopicArn: TOPIC, MessageStructure: 'json', Message: JSON.stringify(body) });
  await publish({ default: 'all', sqs: 'for queues' });
  await publish({ default: 'all', email: 'for people' });
  const bodies = (await receive(QUEUE, 2)).map(({ Body }) => Body);
  expect(bodies.sort()).toEqual(['all', 'for queues']);
  await expect(publish({ sqs: 'x' })).rejects.toMatchObject({
    message: 'Invalid parameter: Message Structure - No default entry in JSON message body',
  });
});

// source: developer guide, "Amazon SNS message filtering"
test('a filter policy on attributes, and one on the body, choose messages', async () => {
  const { SubscriptionArn } = await subscribe({
    RawMessageDelivery: 'true',
    FilterPolicy: JSON.stringify({ price: [{ numeric: ['>=', 100] }], tags: ['new'] }),
  });
  const publish = (Message: string, price: string, tags: string) =>
    call('sns', 'Publish', {
      TopicArn: TOPIC,
      Message,
      MessageAttributes: {
        price: { DataType: 'Number', StringValue: price },
        tags: { DataType: 'String.Array', StringValue: tags },
      },
    });
  await publish('cheap', '99.9', '["new"]');
  await publish('old', '100', '["used"]');
  await publish('right', '1e2', '["used","new"]');
  expect((await receive(QUEUE, 1)).map(({ Body }) => Body)).toEqual(['right']);

  const set = (AttributeName: string, AttributeValue: string) =>
    call('sns', 'SetSubscriptionAttributes', { SubscriptionArn, AttributeName, AttributeValue });
  await set('FilterPolicyScope', 'MessageBody');
  await set('FilterPolicy', JSON.stringify({ order: { state: ['paid'] } }));
  for (const Message of ['no JSON', '[1]', '{"order":{"state":"open"}}', '{"order":{"state":"paid"}}']) {
    await call('sns', 'Publish', { TopicArn: TOPIC, Message });
  }
  expect((await receive(QUEUE, 1)).map(({ Body }) => Body)).toEqual(['{"order":{"state":"paid"}}']);
});

// source: Publish
describe('Publish refuses', () => {
  const cases: [string, object, string][] = [
    ['an empty message', { Message: '' }, 'Empty message'],
    ['256 KB and a byte', { Message: 'x'.repeat(262_145) }, 'Message too long'],
    ['a subject of more than one line', { Message: 'x', Subject: 'a\nb' }, 'Subject'],
    ['a subject beyond 100 characters', { Message: 'x', Subject: 'a'.repeat(101) }, 'Subject'],
    [
      'a number that is none',
      { Message: 'x', MessageAttributes: { n: { DataType: 'Number', StringValue: 'x' } } },
      'Could not cast',
    ],
    [
      'an unknown type',
      { Message: 'x', MessageAttributes: { n: { DataType: 'Date', StringValue: 'x' } } },
      'invalid message attribute type',
    ],
    ['a deduplication id', { Message: 'x', MessageDeduplicationId: '1' }, 'MessageDeduplicationId'],
  ];
  test.each(cases)('%s', async (_name, input, reason) => {
    await expect(call('sns', 'Publish', { TopicArn: TOPIC, ...input })).rejects.toMatchObject({
      code: 'InvalidParameterException',
      message: expect.stringContaining(reason),
    });
  });
});

// source: PublishBatch
test('PublishBatch answers entry by entry, and refuses a batch that is no batch', async () => {
  await subscribe({ RawMessageDelivery: 'true' });
  const batch = (PublishBatchRequestEntries: object[]) =>
    call<{ Successful: object[]; Failed: object[] }>('sns', 'PublishBatch', {
      TopicArn: TOPIC,
      PublishBatchRequestEntries,
    });
  const { Successful, Failed } = await batch([
    { Id: 'a', Message: '1' },
    { Id: 'b', Message: '' },
  ]);
  expect(Successful).toEqual([{ Id: 'a', MessageId: expect.any(String) }]);
  expect(Failed).toEqual([
    { Id: 'b', Code: 'InvalidParameter', Message: 'Invalid parameter: Empty message', SenderFault: true },
  ]);
  expect((await receive(QUEUE, 1)).map(({ Body }) => Body)).toEqual(['1']);
  await expect(batch([])).rejects.toMatchObject({ code: 'EmptyBatchRequestException' });
  await expect(
    batch([
      { Id: 'a', Message: '1' },
      { Id: 'a', Message: '2' },
    ]),
  ).rejects.toMatchObject({
    code: 'BatchEntryIdsNotDistinctException',
  });
  const large = { Message: 'x'.repeat(131_073) };
  await expect(
    batch([
      { Id: 'a', ...large },
      { Id: 'b', ...large },
    ]),
  ).rejects.toMatchObject({
    code: 'BatchRequestTooLongException',
  });
});

// source: developer guide, "Amazon SNS dead-letter queues", client-side errors
test('a delivery that the queue refuses goes to the dead-letter queue without retries', async () => {
  const RedrivePolicy = JSON.stringify({ deadLetterTargetArn: DEAD });
  await subscribe({ RedrivePolicy, RawMessageDelivery: 'true' });
  await call('sqs', 'DeleteQueue', { QueueUrl: URL_OF(QUEUE) });
  await call('sns', 'Publish', { TopicArn: TOPIC, Message: 'stranded' });
  expect((await receive(DEAD, 1)).map(({ Body }) => Body)).toEqual(['stranded']);
});

test('what was published and not yet delivered is delivered after a restart', async () => {
  await subscribe({ RawMessageDelivery: 'true' });
  const log = cloud.store.log('sns/deliveries');
  const [subscription] = [...cloud.store.collection<{ arn: string }>('sns/subscriptions').values()];
  log.append(Buffer.from(JSON.stringify({ s: subscription?.arn, m: { id: '1', time: 0, text: 'late' } })));
  await cloud.use(createSnsPlugin).start?.();
  expect((await receive(QUEUE, 1)).map(({ Body }) => Body)).toEqual(['late']);
  expect([...log.entries()]).toEqual([]);
  const { Attributes } = await call<GetQueueAttributesResult>('sqs', 'GetQueueAttributes', {
    QueueUrl: URL_OF(QUEUE),
    AttributeNames: ['All'],
  });
  expect(Attributes?.ApproximateNumberOfMessagesNotVisible).toBe('1');
});
