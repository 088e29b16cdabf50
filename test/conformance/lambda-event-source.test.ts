import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import type { EventSourceMappingConfiguration } from '@aws-sdk/client-lambda';
import type { Message, ReceiveMessageResult } from '@aws-sdk/client-sqs';
import { LambdaCloud, outlast, until } from './lambda-cloud.ts';

/** Source: Lambda developer guide, "Using Lambda with Amazon SQS" and its pages on configuration and error handling. */

const ORDERS = 'arn:aws:sqs:us-east-1:123456789012:orders';

let cloud: LambdaCloud;
let orders: string;

beforeEach(async () => {
  cloud = await new LambdaCloud().start();
  orders = await cloud.queue('orders', { VisibilityTimeout: '60' });
});

afterEach(() => cloud.close());

/** A function that keeps each event in a file per invocation and answers or throws as its event's bodies say. */
const RECORDER = `const fs = require('node:fs');
exports.handler = async (event) => {
  fs.appendFileSync(process.env.OUTPUT, JSON.stringify(event) + '\\n');
  if (event.Records.some(({ body }) => body === 'throw')) throw new Error('as asked');
  const failed = event.Records.filter(({ body }) => body === 'fail').map(({ messageId }) => ({ itemIdentifier: messageId }));
  if (event.Records.some(({ body }) => body === 'garbage')) return { batchItemFailures: [{ id: 'x' }] };
  return { batchItemFailures: failed };
};`;

interface EventRecord {
  messageId: string;
  body: string;
  attributes: Record<string, string>;
}

function output(): string {
  return `${cloud.directory}/events`;
}

/** Warm, so that the clock may run on while it works. */
async function recorder(properties: object = {}): Promise<void> {
  const Environment = { Variables: { OUTPUT: output() } };
  await cloud.function(RECORDER, { Environment, Timeout: 60, ...properties });
  await cloud.invoke({ Records: [] });
  rmSync(output());
}

async function batches(): Promise<EventRecord[][]> {
  if (!existsSync(output())) return [];
  const lines = readFileSync(output(), 'utf8').split('\n').slice(0, -1);
  return lines.map((line) => (JSON.parse(line) as { Records: EventRecord[] }).Records);
}

const map = (more: object = {}) =>
  cloud.call<EventSourceMappingConfiguration>('CreateEventSourceMapping', {
    FunctionName: 'fn',
    EventSourceArn: ORDERS,
    ...more,
  });

const send = (MessageBody: string, more: object = {}) =>
  cloud.call<{ MessageId: string }>('SendMessage', { QueueUrl: orders, MessageBody, ...more }, 'sqs');

async function count(QueueUrl = orders): Promise<{ visible: number; inFlight: number }> {
  const input = { QueueUrl, AttributeNames: ['All'] };
  const { Attributes: all } = await cloud.call<{ Attributes: Record<string, string> }>(
    'GetQueueAttributes',
    input,
    'sqs',
  );
  return {
    visible: Number(all.ApproximateNumberOfMessages),
    inFlight: Number(all.ApproximateNumberOfMessagesNotVisible),
  };
}

async function empty(): Promise<boolean> {
  const { visible, inFlight } = await count();
  return visible + inFlight === 0;
}

/** Lets the clock run while real processes work. */
async function advanceUntil(check: () => boolean | Promise<boolean>, step = 50): Promise<void> {
  await until(async () => {
    if (await check()) return true;
    await cloud.clock.advance(step);
    return false;
  });
}

test('a message reaches the function as a record of the documented shape and is then deleted', async () => {
  await recorder();
  const mapping = await map();
  expect(mapping).toEqual({
    UUID: expect.any(String),
    BatchSize: 10,
    MaximumBatchingWindowInSeconds: 0,
    EventSourceArn: ORDERS,
    FunctionArn: 'arn:aws:lambda:us-east-1:123456789012:function:fn',
    LastModified: expect.any(Date),
    State: 'Creating',
    StateTransitionReason: 'USER_INITIATED',
    FunctionResponseTypes: [],
    EventSourceMappingArn: `arn:aws:lambda:us-east-1:123456789012:event-source-mapping:${mapping.UUID}`,
  });
  const { MessageId } = await send('Test message.', {
    MessageAttributes: {
      text: { DataType: 'String', StringValue: 'a' },
      bytes: { DataType: 'Binary', BinaryValue: Buffer.from('b') },
    },
  });
  await until(empty);
  const now = String(Date.UTC(2026, 0, 1));
  expect(await batches()).toEqual([
    [
      {
        messageId: MessageId,
        receiptHandle: expect.any(String),
        body: 'Test message.',
        attributes: {
          ApproximateReceiveCount: '1',
          SentTimestamp: now,
          SenderId: '123456789012',
          ApproximateFirstReceiveTimestamp: now,
        },
        messageAttributes: {
          text: { stringValue: 'a', stringListValues: [], binaryListValues: [], dataType: 'String' },
          bytes: { binaryValue: 'Yg==', stringListValues: [], binaryListValues: [], dataType: 'Binary' },
        },
        md5OfMessageAttributes: expect.any(String),
        md5OfBody: 'e4e68fb7bd0e697a0ae8f1bb342846b3',
        eventSource: 'aws:sqs',
        eventSourceARN: ORDERS,
        awsRegion: 'us-east-1',
      },
    ],
  ]);
  expect(cloud.cloud.meter.get('sqs.messagesDeleted')).toBe(1);
});

test('without a window a batch holds at most ten messages', async () => {
  await recorder();
  await Promise.all(Array.from({ length: 25 }, (_, index) => send(String(index))));
  await map();
  await until(empty);
  const sizes = (await batches()).map((batch) => batch.length);
  expect(Math.max(...sizes)).toBeLessThanOrEqual(10);
  expect(sizes.reduce((sum, size) => sum + size)).toBe(25);
});

test('with a window a batch gathers until it is full or the window ends', async () => {
  await recorder();
  await map({ BatchSize: 30, MaximumBatchingWindowInSeconds: 5 });
  await Promise.all(Array.from({ length: 40 }, (_, index) => send(String(index))));
  // The first thirty go at once; the other ten wait for their window.
  await advanceUntil(async () => (await batches()).length === 1);
  await cloud.clock.advance(4500);
  expect((await batches()).map((batch) => batch.length)).toEqual([30]);
  await advanceUntil(empty);
  expect((await batches()).map((batch) => batch.length)).toEqual([30, 10]);
});

test('an event stays within 6 MB', async () => {
  await recorder({ MemorySize: 512, Timeout: 30 });
  const body = 'x'.repeat(1_000_000);
  await Promise.all(Array.from({ length: 9 }, () => send(body)));
  await map();
  await until(empty);
  // Batches run side by side and end in any order.
  expect((await batches()).map((batch) => batch.length).sort()).toEqual([3, 6]);
}, 60_000);

test('a batch whose function throws comes back whole after the visibility timeout, and goes to the dead-letter queue', async () => {
  const dead = await cloud.queue('dead');
  const RedrivePolicy = JSON.stringify({ deadLetterTargetArn: ORDERS.replace('orders', 'dead'), maxReceiveCount: 2 });
  await cloud.call('SetQueueAttributes', { QueueUrl: orders, Attributes: { RedrivePolicy } }, 'sqs');
  await recorder();
  await Promise.all([send('good'), send('throw')]);
  await map();
  await until(() => cloud.cloud.meter.get('lambda.errors') === 1);
  expect(await count()).toEqual({ visible: 0, inFlight: 2 });
  await cloud.clock.advance(59_000);
  expect(await batches()).toHaveLength(1);
  await cloud.clock.advance(1000);
  await until(() => cloud.cloud.meter.get('lambda.errors') === 2);
  expect((await batches())[1]?.map((record) => record.attributes.ApproximateReceiveCount)).toEqual(['2', '2']);
  await cloud.clock.advance(60_000);
  await until(async () => (await count(dead)).visible === 2);
  expect(await empty()).toBe(true);
});

test('with ReportBatchItemFailures only the failed messages come back', async () => {
  await recorder();
  await Promise.all([send('good'), send('fail'), send('also good')]);
  await map({ FunctionResponseTypes: ['ReportBatchItemFailures'] });
  await until(async () => (await count()).inFlight === 1);
  await cloud.clock.advance(60_000);
  await until(async () => (await batches()).length === 2);
  expect((await batches()).map((batch) => batch.map((record) => record.body))).toEqual([
    ['good', 'fail', 'also good'],
    ['fail'],
  ]);
});

test('a malformed report fails the whole batch, loudly', async () => {
  await recorder();
  await Promise.all([send('good'), send('garbage')]);
  await map({ FunctionResponseTypes: ['ReportBatchItemFailures'] });
  await until(() => cloud.reports.some((report) => report.message.includes('batch item failures')));
  expect(await count()).toEqual({ visible: 0, inFlight: 2 });
});

test('without ReportBatchItemFailures the answer is not looked at', async () => {
  await recorder();
  await send('fail');
  await map();
  await until(empty);
});

test('MaximumConcurrency bounds the batches that run at the same time', async () => {
  await cloud.function(
    `const fs = require('node:fs');
    exports.handler = async () => { fs.appendFileSync(process.env.OUTPUT, 'x'); while (!fs.existsSync(process.env.GATE)) await new Promise((r) => setTimeout(r, 5)); };`,
    { Environment: { Variables: { OUTPUT: output(), GATE: `${output()}.gate` } }, Timeout: 60 },
  );
  await Promise.all(Array.from({ length: 5 }, () => send('a')));
  await map({ BatchSize: 1, ScalingConfig: { MaximumConcurrency: 2 } });
  await until(() => existsSync(output()) && readFileSync(output(), 'utf8') === 'xx');
  await new Promise((resolve) => setTimeout(resolve, 100));
  // What cannot run yet stays visible in the queue.
  expect(await count()).toEqual({ visible: 3, inFlight: 2 });
  writeFileSync(`${output()}.gate`, '');
  await until(empty);
});

test('a disabled mapping receives nothing; enabling and deleting take effect', async () => {
  await recorder();
  await send('a');
  const { UUID } = await map({ Enabled: false });
  expect(await cloud.call('GetEventSourceMapping', { UUID })).toMatchObject({ State: 'Disabled' });
  await cloud.clock.advance(1000);
  expect(await count()).toEqual({ visible: 1, inFlight: 0 });
  await cloud.call('UpdateEventSourceMapping', { UUID, Enabled: true });
  await until(empty);
  await cloud.call('DeleteEventSourceMapping', { UUID });
  await cloud.clock.advance(20_000);
  await send('b');
  await cloud.clock.advance(1000);
  expect(await count()).toEqual({ visible: 1, inFlight: 0 });
  await expect(cloud.call('GetEventSourceMapping', { UUID })).rejects.toMatchObject({
    code: 'ResourceNotFoundException',
  });
});

test('a throttled batch is tried again while its messages are hidden', async () => {
  await recorder();
  await cloud.call('PutFunctionConcurrency', { FunctionName: 'fn', ReservedConcurrentExecutions: 0 });
  await send('a');
  await map();
  await until(async () => (await count()).inFlight === 1);
  await cloud.call('DeleteFunctionConcurrency', { FunctionName: 'fn' });
  await advanceUntil(empty, 200);
  expect((await batches())[0]?.[0]?.attributes.ApproximateReceiveCount).toBe('1');
});

test('a mapping is refused as on AWS when the queue, the permission or the visibility timeout is missing', async () => {
  await recorder({ Timeout: 61 });
  await expect(map()).rejects.toMatchObject({
    code: 'InvalidParameterValueException',
    message: 'Queue visibility timeout: 60 seconds is less than Function timeout: 61 seconds',
  });
  await expect(map({ EventSourceArn: ORDERS.replace('orders', 'absent') })).rejects.toMatchObject({
    message:
      'Error occurred while ReceiveMessage. SQS Error Code: AWS.SimpleQueueService.NonExistentQueue. SQS Error Message: The specified queue does not exist.',
  });
  cloud.cloud.denied.add('sqs:ReceiveMessage');
  await expect(map()).rejects.toMatchObject({
    message: expect.stringContaining('role does not have permissions to call ReceiveMessage on SQS'),
  });
  await expect(map({ BatchSize: 11 })).rejects.toMatchObject({
    message: 'Maximum batch window in seconds must be greater than 0 if maximum batch size is greater than 10',
  });
  await expect(map({ ScalingConfig: { MaximumConcurrency: 1 } })).rejects.toMatchObject({
    code: 'ValidationException',
  });
  await expect(map({ FilterCriteria: { Filters: [{ Pattern: '{}' }] } })).rejects.toMatchObject({
    code: 'NotImplemented',
  });
  await expect(map({ EventSourceArn: 'arn:aws:kinesis:us-east-1:123456789012:stream/s' })).rejects.toMatchObject({
    code: 'NotImplemented',
  });
});

test('a permission taken away later is reported loudly, and reading goes on when it is back', async () => {
  await recorder();
  await map();
  await send('a');
  await until(empty);
  cloud.cloud.denied.add('sqs:ReceiveMessage');
  await cloud.clock.advance(20_000);
  await until(() =>
    cloud.reports.some(({ level, message }) => level === 'error' && message.includes('sqs:ReceiveMessage')),
  );
  await send('b');
  cloud.cloud.denied.delete('sqs:ReceiveMessage');
  await advanceUntil(empty, 200);
});

test('the poller acts as the function`s role', async () => {
  await recorder();
  await map();
  cloud.cloud.asked.length = 0;
  await send('a');
  await until(empty);
  const actions = cloud.cloud.asked.filter(({ resource }) => resource === ORDERS).map(({ action }) => action);
  expect(actions).toEqual(expect.arrayContaining(['sqs:ReceiveMessage', 'sqs:DeleteMessage']));
});

test('mappings are there after a restart and go on with what is in the queue', async () => {
  await recorder();
  await map();
  await cloud.close(true);
  cloud = new LambdaCloud({ directory: cloud.directory });
  await send('after');
  expect(await batches()).toEqual([]);
  await cloud.start();
  await until(empty);
  expect((await batches())[0]?.[0]?.body).toBe('after');
});

test('the template resource maps a queue with text numbers as well, and is taken down', async () => {
  await recorder();
  const provider = cloud.provider('AWS::Lambda::EventSourceMapping');
  const properties = {
    FunctionName: 'fn',
    EventSourceArn: ORDERS,
    BatchSize: '100',
    MaximumBatchingWindowInSeconds: 1,
    FunctionResponseTypes: ['ReportBatchItemFailures'],
    ScalingConfig: { MaximumConcurrency: 2 },
  };
  const scope = { logicalId: 'Mapping' } as never;
  const state = await provider.create(properties, scope);
  const { EventSourceMappings } = await cloud.call<{ EventSourceMappings: EventSourceMappingConfiguration[] }>(
    'ListEventSourceMappings',
    { FunctionName: 'fn' },
  );
  expect(EventSourceMappings).toMatchObject([
    { UUID: state.physicalId, BatchSize: 100, ScalingConfig: { MaximumConcurrency: 2 }, State: 'Enabled' },
  ]);
  await provider.update({ ...properties, BatchSize: 200 }, properties, state, scope);
  expect(await cloud.call('GetEventSourceMapping', { UUID: state.physicalId })).toMatchObject({ BatchSize: 200 });
  await provider.delete(state, properties, scope);
  expect(await cloud.call('ListEventSourceMappings', {})).toMatchObject({ EventSourceMappings: [] });
});

test('a stop in the middle of a batch leaves its messages in the queue', async () => {
  await cloud.function('exports.handler = async () => { await new Promise((r) => setTimeout(r, 60_000)); };', {
    Timeout: 60,
  });
  await send('a');
  await map();
  await until(() => cloud.cloud.meter.get('lambda.invocations') === 1);
  await outlast(cloud.clock, cloud.lambda.stop?.() as Promise<void>);
  const received = await cloud.call<ReceiveMessageResult>('ReceiveMessage', { QueueUrl: orders }, 'sqs');
  expect(received.Messages ?? ([] as Message[])).toEqual([]);
  expect(await count()).toEqual({ visible: 0, inFlight: 1 });
});
