import { AwsError, messageOf, NotImplementedError } from '../../core/errors.ts';
import type { CloudContext } from '../../core/plugin.ts';
import { StateError } from './asl/state-error.ts';
import { lambdaOf } from './asl/validate.ts';

const PARAMETERS = ['FunctionName', 'Payload', 'Qualifier', 'InvocationType'];

/**
 * Runs a Task's function as the machine's role: by ARN with the input as event and the answer as result, or through the
 * optimized integration (developer guide, "Invoke Lambda with Step Functions").
 * @throws StateError named as the function's error type, `Lambda.<code>` for what Lambda refuses
 */
export async function lambdaTask(
  context: CloudContext,
  roleArn: string,
  executionArn: string,
  resource: string,
  input: unknown,
): Promise<unknown> {
  const integration = lambdaOf(resource) === 'integration';
  const call = integration ? parametersOf(input) : { FunctionName: resource, Payload: input };
  let answer: { Payload?: Uint8Array; FunctionError?: string; StatusCode?: number; ExecutedVersion?: string };
  try {
    const role = context.ports.get('authorizer').assumeRole(
      {
        kind: 'service',
        service: 'states.amazonaws.com',
        sourceArn: executionArn,
        sourceAccount: context.account.accountId,
      },
      roleArn,
      executionArn.split(':').at(-1)?.slice(0, 32) ?? 'execution',
    );
    answer = await context.api.call(role, 'lambda', 'Invoke', {
      ...call,
      Payload: Buffer.from(JSON.stringify(call.Payload ?? {})),
    });
  } catch (error) {
    if (error instanceof AwsError) throw new StateError(`Lambda.${error.code}`, error.message);
    throw new StateError('States.TaskFailed', messageOf(error));
  }
  const text = Buffer.from(answer.Payload ?? []).toString('utf8');
  const payload = text === '' ? null : (JSON.parse(text) as unknown);
  if (answer.FunctionError !== undefined) {
    const { errorType } = (payload ?? {}) as { errorType?: unknown };
    throw new StateError(typeof errorType === 'string' && errorType !== '' ? errorType : 'States.TaskFailed', text);
  }
  return integration
    ? { ExecutedVersion: answer.ExecutedVersion ?? '$LATEST', Payload: payload, StatusCode: answer.StatusCode ?? 200 }
    : payload;
}

function parametersOf(input: unknown): { FunctionName: string; Payload: unknown; Qualifier?: string } {
  const parameters = (input ?? {}) as Record<string, unknown>;
  for (const name of Object.keys(parameters)) {
    if (!PARAMETERS.includes(name))
      throw new StateError('States.Runtime', new NotImplementedError(`lambda:invoke ${name}`).message);
  }
  const { FunctionName, Payload, Qualifier, InvocationType } = parameters;
  if (InvocationType !== undefined && InvocationType !== 'RequestResponse') {
    throw new StateError(
      'States.Runtime',
      new NotImplementedError(`lambda:invoke InvocationType ${String(InvocationType)}`).message,
    );
  }
  if (typeof FunctionName !== 'string') throw new StateError('States.Runtime', "The field 'FunctionName' is required");
  return { FunctionName, Payload, ...(typeof Qualifier === 'string' ? { Qualifier } : {}) };
}
