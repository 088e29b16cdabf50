import { InvokeCommand, type LambdaClient } from '@aws-sdk/client-lambda';
import { Failure } from '../failure.ts';

type Answer = { readonly ok: true } | { readonly ok: false; readonly message: string };

/** Invokes a function of the stage. @throws Failure when it fails or refuses */
export async function invoke<Result extends Answer>(
  client: LambdaClient,
  FunctionName: string,
  request: unknown,
): Promise<Extract<Result, { ok: true }>> {
  const { FunctionError: failed, Payload } = await client.send(
    new InvokeCommand({ FunctionName, Payload: JSON.stringify(request) }),
  );
  const text = Buffer.from(Payload ?? []).toString('utf8');
  if (failed !== undefined) throw new Failure(`${FunctionName} failed: ${text}`);
  const result = JSON.parse(text) as Result;
  if (!result.ok) throw new Failure(result.message);
  return result as Extract<Result, { ok: true }>;
}
