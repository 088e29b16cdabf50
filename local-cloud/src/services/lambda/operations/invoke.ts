import type { InvocationResponse, InvocationRequest as InvokeInput } from '@aws-sdk/client-lambda';
import type { Operation } from '../../../core/api.ts';
import { AwsError, messageOf, NotImplementedError } from '../../../core/errors.ts';
import type { AsyncQueue } from '../async-queue.ts';
import { validationError } from '../errors.ts';
import type { FunctionDirectory } from '../function-directory.ts';
import { MAX_ASYNC_PAYLOAD_BYTES, MAX_CLIENT_CONTEXT_BYTES, MAX_SYNC_PAYLOAD_BYTES } from '../limits.ts';

export function invoke(functions: FunctionDirectory, events: AsyncQueue): Operation<InvokeInput, InvocationResponse> {
  return {
    name: 'Invoke',
    authorize: (input) => functions.permissions('lambda:InvokeFunction', input.FunctionName),
    async handle(input, call) {
      const runner = functions.require(input.FunctionName, input.Qualifier);
      const type = input.InvocationType ?? 'RequestResponse';
      if (type !== 'RequestResponse' && type !== 'Event' && type !== 'DryRun') {
        throw validationError(
          type,
          'invocationType',
          'Member must satisfy enum value set: [Event, RequestResponse, DryRun]',
        );
      }
      for (const name of ['DurableExecutionName', 'TenantId'] as const) {
        if (input[name] !== undefined) throw new NotImplementedError(`Lambda Invoke with ${name}`);
      }
      if (type === 'DryRun') return { StatusCode: 204 };
      const event = payloadOf(input.Payload, type === 'Event' ? MAX_ASYNC_PAYLOAD_BYTES : MAX_SYNC_PAYLOAD_BYTES);
      if (type === 'Event') {
        await events.accept(runner.record.name, call.requestId, event);
        return { StatusCode: 202 };
      }
      const result = await runner.invoke({
        event,
        requestId: call.requestId,
        clientContext: clientContextOf(input.ClientContext),
        tail: input.LogType === 'Tail',
      });
      return {
        StatusCode: 200,
        ExecutedVersion: '$LATEST',
        FunctionError: result.functionError,
        LogResult: result.logTail === undefined ? undefined : Buffer.from(result.logTail).toString('base64'),
        // The SDK reads a blob with conversions of its own on it; the bytes are all there is here.
        Payload: Buffer.from(result.payload) as unknown as InvocationResponse['Payload'],
      };
    },
  };
}

/** @throws AwsError `RequestTooLargeException`, `InvalidRequestContentException` */
function payloadOf(payload: Uint8Array | string | undefined, most: number): string {
  if (payload === undefined || payload.length === 0) return '{}';
  const bytes = Buffer.from(payload as Uint8Array);
  if (bytes.length > most) {
    throw new AwsError(
      'RequestTooLargeException',
      `${bytes.length} byte payload is too large for the invocation (limit ${most} bytes)`,
      413,
      { fields: { Type: 'User' } },
    );
  }
  try {
    const text = new TextDecoder('utf-8', { fatal: true }).decode(bytes);
    JSON.parse(text);
    return text;
  } catch (error) {
    throw new AwsError(
      'InvalidRequestContentException',
      `Could not parse request body into json: Could not parse payload into json: ${messageOf(error)}`,
      400,
      { fields: { Type: 'User' } },
    );
  }
}

function clientContextOf(encoded: string | undefined): string | undefined {
  if (encoded === undefined) return undefined;
  if (encoded.length > MAX_CLIENT_CONTEXT_BYTES) {
    throw validationError(
      encoded.length,
      'clientContext',
      `Member must have length less than or equal to ${MAX_CLIENT_CONTEXT_BYTES}`,
    );
  }
  const text = Buffer.from(encoded, 'base64').toString();
  try {
    JSON.parse(text);
    return text;
  } catch (error) {
    throw new AwsError(
      'InvalidRequestContentException',
      'Client context must be a valid Base64-encoded JSON object.',
      400,
      {
        cause: error,
        fields: { Type: 'User' },
      },
    );
  }
}
