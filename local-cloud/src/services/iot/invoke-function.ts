import type { InvocationResponse } from '@aws-sdk/client-lambda';
import { messageOf } from '../../core/errors.ts';
import type { CloudContext } from '../../core/plugin.ts';

/** Why a function gave no answer that AWS IoT can use. */
export class FunctionFailure extends Error {
  override readonly name = 'FunctionFailure';
}

type Outcome = { readonly answer: InvocationResponse } | { readonly late: true };

/**
 * Invokes a function as AWS IoT does, on behalf of `sourceArn`, whose resource policy must allow it.
 * @returns what the function returned, an object
 * @throws FunctionFailure when it cannot be invoked, fails, takes longer than `timeout` ms, or returns no object
 */
export async function invokeFunction(
  context: CloudContext,
  functionArn: string,
  sourceArn: string,
  event: object,
  timeout: number,
): Promise<Readonly<Record<string, unknown>>> {
  const outcome = await invoke(context, functionArn, sourceArn, event, timeout).catch((cause: unknown) => {
    throw new FunctionFailure(`it could not be invoked: ${messageOf(cause)}`, { cause });
  });
  if ('late' in outcome) throw new FunctionFailure(`it took longer than ${timeout} ms`);
  const { answer } = outcome;
  if (answer.FunctionError !== undefined) throw new FunctionFailure(`it failed: ${answer.FunctionError}`);
  const result = parse(answer.Payload);
  if (result === undefined) throw new FunctionFailure('it did not return a JSON object');
  return result;
}

function invoke(
  context: CloudContext,
  functionArn: string,
  sourceArn: string,
  event: object,
  timeout: number,
): Promise<Outcome> {
  const principal = {
    kind: 'service',
    service: 'iot.amazonaws.com',
    sourceArn,
    sourceAccount: context.account.accountId,
  } as const;
  const invocation = context.api.call<InvocationResponse>(principal, 'lambda', 'Invoke', {
    FunctionName: functionArn,
    InvocationType: 'RequestResponse',
    Payload: Buffer.from(JSON.stringify(event)),
  });
  return new Promise((resolve, reject) => {
    const timer = context.clock.after(timeout, () => resolve({ late: true }));
    invocation.then(
      (answer) => {
        timer.cancel();
        resolve({ answer });
      },
      (error: unknown) => {
        timer.cancel();
        reject(error);
      },
    );
  });
}

function parse(payload: Uint8Array | undefined): Record<string, unknown> | undefined {
  try {
    const result: unknown = JSON.parse(Buffer.from(payload ?? []).toString('utf8'));
    if (typeof result !== 'object' || result === null || Array.isArray(result)) return undefined;
    return result as Record<string, unknown>;
  } catch {
    return undefined;
  }
}
