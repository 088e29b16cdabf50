import type { AwsError } from '../../../core/errors.ts';
import { invalidRequest } from '../errors.ts';

/** A template, or the values given for it, from which nothing can be registered. */
export function invalidTemplate(reason: string): AwsError {
  return invalidRequest(`Invalid registration template. ${reason.charAt(0).toUpperCase()}${reason.slice(1)}`);
}
