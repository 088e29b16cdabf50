import type * as z from 'zod';
import { IpcServiceError } from './operation.ts';

/** @throws IpcServiceError `InvalidArgumentsError` naming each place */
export function readRequest<S extends z.ZodType>(schema: S, request: unknown): z.output<S> {
  const read = schema.safeParse(request);
  if (read.success) return read.data;
  const problems = read.error.issues.map(({ message, path }) => `${path.join('.') || 'the request'}: ${message}`);
  throw new IpcServiceError('InvalidArgumentsError', problems.join('; '));
}
