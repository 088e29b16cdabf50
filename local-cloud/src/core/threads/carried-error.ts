import { AwsError, CloudError, type CloudErrorCode, messageOf } from '../errors.ts';
import type { CarriedError, Outcome } from './messages.ts';

export function carryError(error: unknown): CarriedError {
  const stack = error instanceof Error ? error.stack : undefined;
  if (error instanceof AwsError) {
    const { code, fields, message, statusCode } = error;
    return { name: 'AwsError', code, message, statusCode, fields, stack };
  }
  const code = error instanceof CloudError ? error.code : '';
  const name = error instanceof CloudError ? 'CloudError' : 'Error';
  return { name, code, message: messageOf(error), statusCode: 500, fields: {}, stack };
}

export function restoreError({ code, fields, message, name, stack, statusCode }: CarriedError): Error {
  if (name === 'AwsError') return new AwsError(code, message, statusCode, { fields });
  const error = name === 'CloudError' ? new CloudError(code as CloudErrorCode, message) : new Error(message);
  if (stack !== undefined) error.stack = stack;
  return error;
}

/** Never rejects. */
export async function outcomeOf(work: () => unknown): Promise<Outcome> {
  try {
    return { ok: true, value: await work() };
  } catch (error) {
    return { ok: false, error: carryError(error) };
  }
}
