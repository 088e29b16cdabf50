import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ListQueuesResult, Message, ReceiveMessageResult } from '@aws-sdk/client-sqs';
import { ManualClock } from '../../local-cloud/src/core/clock.ts';
import type { Principal } from '../../local-cloud/src/core/iam/principal.ts';
import type { ResourceProvider } from '../../local-cloud/src/core/resources.ts';
import { createSqsPlugin } from '../../local-cloud/src/services/sqs/plugin.ts';
import { ADMINISTRATOR, createTestCloud, type TestCloud, testScope } from '../../local-cloud/src/testing/context.ts';

// source: Amazon SQS API reference, CreateQueue, GetQueueUrl, SetQueueAttributes, ListQueues, DeleteQueue, PurgeQueue, AddPermission; developer guide, "Amazon SQS standard queues"

let directory: string;
let cloud: TestCloud<ManualClock>;
let resources: readonly ResourceProvider[];

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'fleetwright-sqs-'));
  open();
});

afterEach(async () => {
  await cloud.close();
  rmSync(directory, { recursive: true, force: true });
});

function open(clock = new ManualClock()): void {
  cloud = createTestCloud({ clock, directory });
  cloud.ports.provide('endpoints', { apiUrl: 'https://localhost:4566', mqttHost: '', mqttPort: 0, caFile: '' });
  resources = cloud.use(createSqsPlugin).resources ?? [];
}

function call<O>(operation: string, input: object, principal: Principal = ADMINISTRATOR): Promise<O> {
  return cloud.dispatcher.call<O>(principal, 'sqs', operation, input);
}

async function create(QueueName: string, Attributes: Record<string, string> = {}): Promise<string> {
  return (await call<{ QueueUrl: string }>('CreateQueue', { QueueName, Attributes })).QueueUrl;
}

async function attributes(QueueUrl: string): Promise<Record<string, string>> {
  const input = { QueueUrl, AttributeNames: ['All'] };
  return (await call<{ Attributes: Record<string, string> }>('GetQueueAttributes', input)).Attributes;
}

async function receive(QueueUrl: string): Promise<Message[]> {
  const input = { QueueUrl, MaxNumberOfMessages: 10, AttributeNames: ['All'] };
  return (await call<ReceiveMessageResult>('ReceiveMessage', input)).Messages ?? [];
}

const arn = (name: string): string => `arn:aws:sqs:us-east-1:123456789012:${name}`;
const redriveTo = (name: string, maxReceiveCount = 2): string =>
  JSON.stringify({ deadLetterTargetArn: arn(name), maxReceiveCount });

test('a new queue has the defaults of AWS, and is found by name and by any host in its URL', async () => {
  const url = await create('orders');
  expect(url).toBe('https://localhost:4566/123456789012/orders');
  expect(await attributes(url)).toEqual({
    QueueArn: arn('orders'),
    ApproximateNumberOfMessages: '0',
    ApproximateNumberOfMessagesNotVisible: '0',
    ApproximateNumberOfMessagesDelayed: '0',
    CreatedTimestamp: String(Date.UTC(2026, 0, 1) / 1000),
    LastModifiedTimestamp: String(Date.UTC(2026, 0, 1) / 1000),
    DelaySeconds: '0',
    MaximumMessageSize: '1048576',
    MessageRetentionPeriod: '345600',
    ReceiveMessageWaitTimeSeconds: '0',
    SqsManagedSseEnabled: 'true',
    VisibilityTimeout: '30',
  });
  expect(await call('GetQueueUrl', { QueueName: 'orders' })).toEqual({ QueueUrl: url });
  await attributes('http://sqs.us-east-1.amazonaws.com/123456789012/orders');
  const refusal = { code: 'QueueDoesNotExist', message: 'The specified queue does not exist.', statusCode: 400 };
  await expect(attributes('https://localhost:4566/210987654321/orders')).rejects.toMatchObject(refusal);
  await expect(call('GetQueueUrl', { QueueName: 'absent' })).rejects.toMatchObject(refusal);
});

test('creating again answers the same queue, or QueueNameExists when an attribute differs', async () => {
  const url = await create('orders', { DelaySeconds: '1' });
  expect(await create('orders', { DelaySeconds: '1' })).toBe(url);
  await expect(create('orders', { DelaySeconds: '2' })).rejects.toMatchObject({
    code: 'QueueNameExists',
    message: 'A queue already exists with the same name and a different value for attribute DelaySeconds',
  });
});

test('attributes out of range or unknown, and FIFO and KMS, are refused by name', async () => {
  await expect(create('a', { VisibilityTimeout: '43201' })).rejects.toMatchObject({ code: 'InvalidAttributeValue' });
  await expect(create('a', { constructor: 'red' })).rejects.toMatchObject({ code: 'InvalidAttributeName' });
  await expect(create('a', { Colour: 'red' })).rejects.toMatchObject({
    code: 'InvalidAttributeName',
    message: 'Unknown Attribute Colour.',
  });
  await expect(create('a b')).rejects.toMatchObject({ code: 'InvalidParameterValueException' });
  await expect(create('a.fifo', { FifoQueue: 'true' })).rejects.toMatchObject({ code: 'NotImplemented' });
  await expect(create('a', { FifoQueue: 'false' })).rejects.toMatchObject({ message: 'Unknown Attribute FifoQueue.' });
  await expect(create('a', { KmsMasterKeyId: 'alias/a' })).rejects.toMatchObject({ code: 'NotImplemented' });
});

test('a purge empties the queue, and a second one within 60 seconds is refused', async () => {
  const QueueUrl = await create('orders');
  await call('SendMessage', { QueueUrl, MessageBody: 'a' });
  await call('PurgeQueue', { QueueUrl });
  expect(await receive(QueueUrl)).toEqual([]);
  await expect(call('PurgeQueue', { QueueUrl })).rejects.toMatchObject({
    code: 'PurgeQueueInProgress',
    message: 'Only one PurgeQueue operation on orders is allowed every 60 seconds.',
    statusCode: 403,
  });
  await cloud.clock.advance(60_000);
  await call('PurgeQueue', { QueueUrl });
});

test('a deleted queue ends waiting receives, and its name is free after 60 seconds without its messages', async () => {
  const QueueUrl = await create('orders');
  const waiting = call('ReceiveMessage', { QueueUrl, WaitTimeSeconds: 20 });
  const refused = expect(waiting).rejects.toMatchObject({ code: 'QueueDoesNotExist' });
  await new Promise((resolve) => setImmediate(resolve));
  await call('DeleteQueue', { QueueUrl });
  await refused;
  await expect(call('SendMessage', { QueueUrl, MessageBody: 'a' })).rejects.toMatchObject({
    code: 'QueueDoesNotExist',
  });
  await expect(create('orders')).rejects.toMatchObject({ code: 'QueueDeletedRecently' });
  await cloud.clock.advance(60_000);
  expect(await receive(await create('orders'))).toEqual([]);
});

test('a handle of another queue is refused', async () => {
  const [one, two] = [await create('one'), await create('two')];
  await call('SendMessage', { QueueUrl: one, MessageBody: 'a' });
  const [message] = await receive(one);
  await expect(call('DeleteMessage', { QueueUrl: two, ReceiptHandle: message?.ReceiptHandle })).rejects.toMatchObject({
    code: 'ReceiptHandleIsInvalid',
  });
});

test('a message received maxReceiveCount times goes to the dead-letter queue with its id, time of sending and count', async () => {
  const dead = await create('dead');
  const url = await create('orders', { RedrivePolicy: redriveTo('dead'), VisibilityTimeout: '1' });
  await call('SendMessage', { QueueUrl: url, MessageBody: 'poison' });
  const [first] = await receive(url);
  await cloud.clock.advance(1000);
  expect(await receive(url)).toHaveLength(1);
  await cloud.clock.advance(1000);
  expect(await receive(url)).toEqual([]);
  await cloud.store.durable();
  const [moved] = await receive(dead);
  expect(moved).toMatchObject({
    MessageId: first?.MessageId,
    Body: 'poison',
    Attributes: {
      SentTimestamp: first?.Attributes?.SentTimestamp,
      ApproximateReceiveCount: '3',
      DeadLetterQueueSourceArn: arn('orders'),
    },
  });
  expect(cloud.meter.get('sqs.messagesDeadLettered')).toBe(1);
  expect(await call('ListDeadLetterSourceQueues', { QueueUrl: dead })).toMatchObject({ queueUrls: [url] });
});

test('a redrive policy needs an existing target that allows the source', async () => {
  await expect(create('orders', { RedrivePolicy: redriveTo('absent') })).rejects.toMatchObject({
    message: expect.stringContaining('Dead letter target does not exist.'),
  });
  await expect(
    create('orders', { RedrivePolicy: '{"deadLetterTargetArn": "dummy", "maxReceiveCount": 42}' }),
  ).rejects.toMatchObject({
    message:
      'Value {"deadLetterTargetArn": "dummy", "maxReceiveCount": 42} for parameter RedrivePolicy is invalid. Reason: Invalid value for deadLetterTargetArn.',
  });
  await create('closed', { RedriveAllowPolicy: '{"redrivePermission":"denyAll"}' });
  await expect(create('orders', { RedrivePolicy: redriveTo('closed') })).rejects.toMatchObject({
    code: 'InvalidParameterValueException',
  });
  const byQueue = JSON.stringify({ redrivePermission: 'byQueue', sourceQueueArns: [arn('friend')] });
  await create('chosen', { RedriveAllowPolicy: byQueue });
  await expect(create('orders', { RedrivePolicy: redriveTo('chosen') })).rejects.toMatchObject({
    code: 'InvalidParameterValueException',
  });
  await create('friend', { RedrivePolicy: redriveTo('chosen') });
});

test('a move task sends dead letters back to where they came from as new messages', async () => {
  const dead = await create('dead');
  const url = await create('orders', { RedrivePolicy: redriveTo('dead', 1), VisibilityTimeout: '0' });
  await call('SendMessage', { QueueUrl: url, MessageBody: 'again' });
  const received = await receive(url);
  expect(received).toHaveLength(1);
  const [first] = received;
  expect(await receive(url)).toEqual([]);
  await cloud.store.durable();
  await call('StartMessageMoveTask', { SourceArn: arn('dead') });
  await cloud.store.durable();
  const [back] = await receive(url);
  expect(back?.Body).toBe('again');
  expect(back?.MessageId).not.toBe(first?.MessageId);
  expect(back?.Attributes?.ApproximateReceiveCount).toBe('1');
  expect(await call('ListMessageMoveTasks', { SourceArn: arn('dead') })).toMatchObject({
    Results: [{ Status: 'COMPLETED', ApproximateNumberOfMessagesMoved: 1, ApproximateNumberOfMessagesToMove: 1 }],
  });
  await expect(call('StartMessageMoveTask', { SourceArn: arn('orders') })).rejects.toMatchObject({
    message: 'Source queue must be configured as a Dead Letter Queue.',
  });
  expect(await attributes(dead)).toMatchObject({ ApproximateNumberOfMessages: '0' });
});

test('queues are listed by prefix and in pages, and carry tags', async () => {
  for (const name of ['a-1', 'a-2', 'b-1']) await create(name);
  const list = (input: object) => call<ListQueuesResult>('ListQueues', input);
  expect((await list({ QueueNamePrefix: 'a-' })).QueueUrls).toHaveLength(2);
  const first = await list({ MaxResults: 2 });
  const second = await list({ MaxResults: 2, NextToken: first.NextToken });
  expect([...(first.QueueUrls ?? []), ...(second.QueueUrls ?? [])].map((url) => url.split('/').at(-1))).toEqual([
    'a-1',
    'a-2',
    'b-1',
  ]);
  expect(second.NextToken).toBeUndefined();
  const QueueUrl = (await list({})).QueueUrls?.[0];
  await call('TagQueue', { QueueUrl, Tags: { team: 'fleet', stage: 'dev' } });
  await call('UntagQueue', { QueueUrl, TagKeys: ['stage'] });
  expect(await call('ListQueueTags', { QueueUrl })).toEqual({ Tags: { team: 'fleet' } });
});

test('each operation asks for its action on the queue, with the queue policy', async () => {
  const QueueUrl = await create('orders');
  const Policy = JSON.stringify({
    Version: '2012-10-17',
    Statement: [
      { Effect: 'Allow', Principal: { Service: 's3.amazonaws.com' }, Action: 'sqs:SendMessage', Resource: '*' },
    ],
  });
  await call('SetQueueAttributes', { QueueUrl, Attributes: { Policy } });
  cloud.asked.length = 0;
  await call('SendMessageBatch', { QueueUrl, Entries: [{ Id: 'a', MessageBody: 'a' }] });
  const [message] = await receive(QueueUrl);
  await call('DeleteMessage', { QueueUrl, ReceiptHandle: message?.ReceiptHandle });
  const resourcePolicy = JSON.parse(Policy);
  expect(cloud.asked).toEqual(
    ['sqs:SendMessage', 'sqs:ReceiveMessage', 'sqs:DeleteMessage'].map((action) => ({
      action,
      resource: arn('orders'),
      resourcePolicy,
      lasting: true,
    })),
  );
  cloud.denied.add('sqs:SendMessage');
  await expect(call('SendMessage', { QueueUrl, MessageBody: 'a' })).rejects.toMatchObject({ statusCode: 403 });
});

test('after a restart queues and messages are there, those in flight are visible again and poison is still counted', async () => {
  const dead = await create('dead');
  const url = await create('orders', { RedrivePolicy: redriveTo('dead', 3), VisibilityTimeout: '0' });
  for (const MessageBody of ['poison', 'deleted']) await call('SendMessage', { QueueUrl: url, MessageBody });
  const [, second, ...more] = await receive(url);
  expect(more).toEqual([]);
  await call('DeleteMessage', { QueueUrl: url, ReceiptHandle: second?.ReceiptHandle });
  await receive(url);
  await call('ReceiveMessage', { QueueUrl: url, VisibilityTimeout: 600 });
  expect(await attributes(url)).toMatchObject({ ApproximateNumberOfMessagesNotVisible: '1' });
  const delayed = { QueueUrl: dead, MessageBody: 'later', DelaySeconds: 100 };
  await call('SendMessage', delayed);
  await cloud.close();

  open(new ManualClock(Date.UTC(2026, 0, 1) + 50_000));
  expect(await attributes(url)).toMatchObject({
    ApproximateNumberOfMessages: '1',
    ApproximateNumberOfMessagesNotVisible: '0',
  });
  expect(await attributes(dead)).toMatchObject({ ApproximateNumberOfMessagesDelayed: '1' });
  // Received three times before the restart: the next receive moves it.
  expect(await receive(url)).toEqual([]);
  await cloud.store.durable();
  const [moved] = await receive(dead);
  expect(moved).toMatchObject({ Body: 'poison', Attributes: { ApproximateReceiveCount: '4' } });
  await cloud.clock.advance(50_000);
  expect((await receive(dead)).map((message) => message.Body)).toContain('later');
});

test('the CloudFormation types create, update and delete through the same code', async () => {
  const provider = (type: string) => resources.find((each) => each.type === type) as ResourceProvider;
  const queue = provider('AWS::SQS::Queue');
  const scope = testScope('Orders');
  const properties = { VisibilityTimeout: 90, SqsManagedSseEnabled: true, Tags: [{ Key: 'a', Value: 'b' }] };
  const state = await queue.create(properties, scope);
  expect(state.attributes).toEqual({
    Arn: arn('test-stack-Orders-ABCDEFGHIJKL'),
    QueueName: 'test-stack-Orders-ABCDEFGHIJKL',
    QueueUrl: state.physicalId,
  });
  expect(await attributes(state.physicalId)).toMatchObject({ VisibilityTimeout: '90' });
  await queue.update({}, properties, state, scope);
  expect(await attributes(state.physicalId)).toMatchObject({ VisibilityTimeout: '30' });

  const policy = provider('AWS::SQS::QueuePolicy');
  const document = { Version: '2012-10-17', Statement: [{ Effect: 'Deny', Principal: '*', Action: 'sqs:*' }] };
  const policyProperties = { PolicyDocument: document, Queues: [state.physicalId] };
  const policyState = await policy.create(policyProperties, scope);
  expect(JSON.parse((await attributes(state.physicalId)).Policy as string)).toEqual(document);
  await policy.delete(policyState, policyProperties, scope);
  expect(await attributes(state.physicalId)).not.toHaveProperty('Policy');
  await queue.delete(state, {}, scope);
  await expect(attributes(state.physicalId)).rejects.toMatchObject({ code: 'QueueDoesNotExist' });
  expect(queue.properties).not.toContain('FifoQueue');
});
