import * as z from 'zod';
import { FunctionError } from './errors.ts';

/** A whole number in an environment variable. */
export const wholeNumber = z
  .string()
  .regex(/^\d+$/, 'must be a whole number')
  .transform((text) => Number(text));

/** Names separated by commas; the empty string is no names. */
export const nameList = z.string().transform((text) => new Set(text === '' ? [] : text.split(',')));

/**
 * Reads the function's configuration once, when the module loads, so that a wrong one fails the first invocation.
 * @throws FunctionError `ENVIRONMENT_INVALID` with every problem
 */
export function readEnvironment<T>(schema: z.ZodType<T>): T {
  const parsed = schema.safeParse(process.env);
  if (!parsed.success) throw new FunctionError('ENVIRONMENT_INVALID', z.prettifyError(parsed.error));
  return parsed.data;
}

/** The endpoint of all services, where the environment names one (SDKs and tools reference, `AWS_ENDPOINT_URL`). */
export function namedEndpoint(): string | undefined {
  return process.env.AWS_ENDPOINT_URL;
}
