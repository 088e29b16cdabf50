import { parseArn } from '../../core/account.ts';
import { AwsError } from '../../core/errors.ts';
import type { AsyncEvent } from './async-event.ts';
import type { FunctionDirectory } from './function-directory.ts';
import type { FunctionRecord } from './function-record.ts';
import type { InvocationResult } from './function-runner.ts';
import { queueUrlOf } from './queue-url.ts';

/** How an asynchronous event has ended. */
export interface EventVerdict {
  readonly condition: 'Success' | 'RetriesExhausted' | 'EventAgeExceeded' | 'ZeroReservedConcurrency';
  /** Of the last attempt, where there was one. */
  readonly result?: InvocationResult;
}

/** Sends an invocation record to a queue or function, as the function's role (developer guide, "Capturing records"). */
export async function sendToDestination(
  functions: FunctionDirectory,
  record: FunctionRecord,
  event: AsyncEvent,
  verdict: EventVerdict,
  destination: string,
): Promise<void> {
  const { api, account, clock } = functions.context;
  const principal = functions.factory.assumeRole(record);
  const body = JSON.stringify({
    version: '1.0',
    timestamp: new Date(clock.now()).toISOString(),
    requestContext: {
      requestId: event.requestId,
      functionArn: `${record.arn}:$LATEST`,
      condition: verdict.condition,
      approximateInvokeCount: event.attempts,
    },
    requestPayload: JSON.parse(event.payload) as unknown,
    ...responseOf(verdict.result),
  });
  const target = parseArn(destination);
  if (target?.service === 'sqs') {
    await api.call(principal, 'sqs', 'SendMessage', { QueueUrl: queueUrlOf(account, destination), MessageBody: body });
  } else if (target?.service === 'lambda') {
    const input = { FunctionName: destination, InvocationType: 'Event', Payload: Buffer.from(body) };
    await api.call(principal, 'lambda', 'Invoke', input);
  } else throw new AwsError('InvalidParameterValueException', `destination ${destination} is not supported`, 400);
}

/** The event itself, with the error in message attributes (developer guide, "Adding a dead-letter queue"). */
export async function sendToDeadLetterQueue(
  functions: FunctionDirectory,
  record: FunctionRecord,
  event: AsyncEvent,
  verdict: EventVerdict,
): Promise<void> {
  const { api, account } = functions.context;
  await api.call(functions.factory.assumeRole(record), 'sqs', 'SendMessage', {
    QueueUrl: queueUrlOf(account, record.deadLetterArn as string),
    MessageBody: event.payload,
    MessageAttributes: {
      RequestID: { DataType: 'String', StringValue: event.requestId },
      ErrorCode: { DataType: 'Number', StringValue: verdict.result === undefined ? '429' : '200' },
      ErrorMessage: { DataType: 'String', StringValue: errorMessage(verdict).slice(0, 1024) },
    },
  });
}

function responseOf(result: InvocationResult | undefined): object {
  if (result === undefined) return {};
  const functionError = result.functionError === undefined ? {} : { functionError: result.functionError };
  return {
    responseContext: { statusCode: 200, executedVersion: '$LATEST', ...functionError },
    responsePayload: JSON.parse(result.payload) as unknown,
  };
}

function errorMessage(verdict: EventVerdict): string {
  if (verdict.result === undefined) return verdict.condition;
  const payload = JSON.parse(verdict.result.payload) as { errorMessage?: unknown } | null;
  return String(payload?.errorMessage ?? '') || verdict.condition;
}
