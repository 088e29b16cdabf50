import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import type { ReceiveMessageResult } from '@aws-sdk/client-sqs';
import { LambdaCloud, until } from './lambda-cloud.ts';

/** Source: Lambda developer guide, "How Lambda handles errors and retries with asynchronous invocation". */

let cloud: LambdaCloud;

beforeEach(async () => {
  cloud = await new LambdaCloud().start();
});

afterEach(() => cloud.close());

const RECORDER = `const fs = require('node:fs');
exports.handler = async (event, context) => {
  fs.appendFileSync(process.env.OUTPUT, JSON.stringify({ event, id: context.awsRequestId }) + '\\n');
  if (event.fail) throw new Error('intentional failure');
  return { ok: true };
};`;

async function recorder(properties: object = {}): Promise<void> {
  const Environment = { Variables: { OUTPUT: `${cloud.directory}/events` } };
  await cloud.function(RECORDER, { Environment, ...properties });
}

function attempts(): { event: unknown; id: string }[] {
  const file = `${cloud.directory}/events`;
  if (!existsSync(file)) return [];
  // A line is there once its end is: the function may be writing it.
  const lines = readFileSync(file, 'utf8').split('\n').slice(0, -1);
  return lines.map((line) => JSON.parse(line) as { event: unknown; id: string });
}

const send = (event: unknown) => cloud.invoke(event, { InvocationType: 'Event' });

async function received(QueueUrl: string) {
  const input = { QueueUrl, MessageAttributeNames: ['All'] };
  const { Messages = [] } = await cloud.call<ReceiveMessageResult>('ReceiveMessage', input, 'sqs');
  return Messages[0];
}

async function arrival(QueueUrl: string) {
  let message = await received(QueueUrl);
  await until(async () => {
    message ??= await received(QueueUrl);
    return message !== undefined;
  });
  return message;
}

/** The attempt has been made and its outcome noted. */
async function attempted(count: number): Promise<void> {
  await until(() => attempts().length === count);
  await until(() => cloud.cloud.meter.get('lambda.errors') === count);
  await cloud.cloud.store.durable();
  await new Promise((resolve) => setTimeout(resolve, 20));
}

test('an event is accepted with 202 and run once when it succeeds', async () => {
  await recorder();
  expect((await send({ a: 1 })).response).toEqual({ StatusCode: 202 });
  await until(() => attempts().length === 1);
  await cloud.clock.advance(600_000);
  expect(attempts()).toEqual([{ event: { a: 1 }, id: expect.any(String) }]);
});

test('a failing event is tried again after one and two minutes with its request id, then goes to the dead-letter queue', async () => {
  const dead = await cloud.queue('dead');
  await recorder({ DeadLetterConfig: { TargetArn: 'arn:aws:sqs:us-east-1:123456789012:dead' } });
  await send({ fail: true });
  await attempted(1);
  await cloud.clock.advance(59_999);
  expect(attempts()).toHaveLength(1);
  await cloud.clock.advance(1);
  await attempted(2);
  await cloud.clock.advance(119_999);
  expect(attempts()).toHaveLength(2);
  await cloud.clock.advance(1);
  await attempted(3);
  const [first] = attempts();
  expect(attempts().every(({ id }) => id === first?.id)).toBe(true);
  const message = await arrival(dead);
  expect(JSON.parse(message?.Body ?? '')).toEqual({ fail: true });
  expect(message?.MessageAttributes).toEqual({
    RequestID: { DataType: 'String', StringValue: first?.id },
    ErrorCode: { DataType: 'Number', StringValue: '200' },
    ErrorMessage: { DataType: 'String', StringValue: 'intentional failure' },
  });
});

test('destinations receive invocation records for success and failure', async () => {
  const queue = await cloud.queue('records');
  await recorder();
  const Destination = 'arn:aws:sqs:us-east-1:123456789012:records';
  const config = await cloud.call('PutFunctionEventInvokeConfig', {
    FunctionName: 'fn',
    MaximumRetryAttempts: 0,
    DestinationConfig: { OnSuccess: { Destination }, OnFailure: { Destination } },
  });
  expect(config).toEqual({
    FunctionArn: 'arn:aws:lambda:us-east-1:123456789012:function:fn:$LATEST',
    LastModified: expect.any(Date),
    MaximumRetryAttempts: 0,
    MaximumEventAgeInSeconds: undefined,
    DestinationConfig: { OnSuccess: { Destination }, OnFailure: { Destination } },
  });
  await send({ a: 1 });
  await until(() => attempts().length === 1);
  const id = attempts()[0]?.id;
  expect(JSON.parse((await arrival(queue))?.Body ?? '')).toEqual({
    version: '1.0',
    timestamp: '2026-01-01T00:00:00.000Z',
    requestContext: {
      requestId: id,
      functionArn: 'arn:aws:lambda:us-east-1:123456789012:function:fn:$LATEST',
      condition: 'Success',
      approximateInvokeCount: 1,
    },
    requestPayload: { a: 1 },
    responseContext: { statusCode: 200, executedVersion: '$LATEST' },
    responsePayload: { ok: true },
  });
  await send({ fail: true });
  expect(JSON.parse((await arrival(queue))?.Body ?? '')).toMatchObject({
    requestContext: { condition: 'RetriesExhausted', approximateInvokeCount: 1 },
    requestPayload: { fail: true },
    responseContext: { statusCode: 200, executedVersion: '$LATEST', functionError: 'Unhandled' },
    responsePayload: { errorType: 'Error', errorMessage: 'intentional failure' },
  });
});

test('an event that would be too old for its next attempt is given up', async () => {
  const queue = await cloud.queue('records');
  await recorder();
  await cloud.call('PutFunctionEventInvokeConfig', {
    FunctionName: 'fn',
    MaximumEventAgeInSeconds: 90,
    DestinationConfig: { OnFailure: { Destination: 'arn:aws:sqs:us-east-1:123456789012:records' } },
  });
  await send({ fail: true });
  await attempted(1);
  await cloud.clock.advance(60_000);
  await attempted(2);
  expect(JSON.parse((await arrival(queue))?.Body ?? '')).toMatchObject({
    requestContext: { condition: 'EventAgeExceeded', approximateInvokeCount: 2 },
  });
});

test('a throttled event waits and is tried again without counting as an attempt', async () => {
  const gate = `${cloud.directory}/gate`;
  const source = `const fs = require('node:fs');
    exports.handler = async (event) => {
      while (event.wait && !fs.existsSync(process.env.GATE)) await new Promise((resolve) => setTimeout(resolve, 5));
      fs.appendFileSync(process.env.OUTPUT, JSON.stringify({ event }) + '\\n');
    };`;
  const Environment = { Variables: { OUTPUT: `${cloud.directory}/events`, GATE: gate } };
  await cloud.function(source, { Environment, ReservedConcurrentExecutions: 1, Timeout: 300 });
  const blocking = cloud.invoke({ wait: true });
  await send({ a: 1 });
  await cloud.clock.advance(500);
  writeFileSync(gate, '');
  await blocking;
  expect(attempts()).toHaveLength(1);
  await until(async () => {
    await cloud.clock.advance(500);
    return attempts().length === 2;
  });
});

test('without any concurrency an event goes to the destination at once', async () => {
  const queue = await cloud.queue('records');
  await recorder({ ReservedConcurrentExecutions: 0 });
  await cloud.call('PutFunctionEventInvokeConfig', {
    FunctionName: 'fn',
    DestinationConfig: { OnFailure: { Destination: 'arn:aws:sqs:us-east-1:123456789012:records' } },
  });
  await send({ a: 1 });
  expect(JSON.parse((await arrival(queue))?.Body ?? '')).toMatchObject({ requestPayload: { a: 1 } });
  expect(attempts()).toEqual([]);
});

test('accepted events and the attempts they had survive a restart', async () => {
  await recorder();
  await send({ fail: true });
  await attempted(1);
  await cloud.close(true);
  cloud = new LambdaCloud({ directory: cloud.directory });
  await cloud.start();
  await cloud.clock.advance(60_000);
  await until(() => attempts().length === 2);
  await until(() => cloud.cloud.meter.get('lambda.errors') === 1);
  await new Promise((resolve) => setTimeout(resolve, 20));
  await cloud.clock.advance(120_000);
  await until(() => attempts().length === 3);
  await until(() => cloud.reports.some(({ message }) => message.includes('no destination for failures')));
});

test('an event over 1 MB is refused', async () => {
  await recorder();
  await expect(send('x'.repeat(1_048_576))).rejects.toMatchObject({
    code: 'RequestTooLargeException',
    statusCode: 413,
  });
});

test('settings are updated, shown, removed and checked', async () => {
  await recorder();
  const put = (more: object) => cloud.call('PutFunctionEventInvokeConfig', { FunctionName: 'fn', ...more });
  await expect(put({})).rejects.toMatchObject({
    message: 'You must specify at least one of error handling or destination setting.',
  });
  await expect(put({ MaximumRetryAttempts: 3 })).rejects.toMatchObject({ code: 'ValidationException' });
  await put({ MaximumEventAgeInSeconds: 60 });
  await cloud.call('UpdateFunctionEventInvokeConfig', { FunctionName: 'fn', MaximumRetryAttempts: 1 });
  expect(await cloud.call('GetFunctionEventInvokeConfig', { FunctionName: 'fn' })).toMatchObject({
    MaximumEventAgeInSeconds: 60,
    MaximumRetryAttempts: 1,
  });
  await cloud.call('DeleteFunctionEventInvokeConfig', { FunctionName: 'fn' });
  await expect(cloud.call('GetFunctionEventInvokeConfig', { FunctionName: 'fn' })).rejects.toMatchObject({
    message: "The function arn:aws:lambda:us-east-1:123456789012:function:fn:$LATEST doesn't have an EventInvokeConfig",
  });
});
