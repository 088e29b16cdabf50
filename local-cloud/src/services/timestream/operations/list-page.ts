import { Constraints } from '../constraints.ts';
import { validationError } from '../faults.ts';
import { MAX_LIST_PAGE } from '../limits.ts';

/**
 * One page of a list in a stable order. The token is the key of the last entry sent.
 * @throws AwsError `ValidationException`
 */
export function listPage<T>(
  entries: readonly T[],
  keyOf: (entry: T) => string,
  input: { NextToken?: string | undefined; MaxResults?: number | undefined },
): { page: readonly T[]; NextToken: string | undefined } {
  const constraints = new Constraints();
  constraints.range(input.MaxResults, 'maxResults', 1, MAX_LIST_PAGE);
  constraints.check();
  let start = 0;
  if (input.NextToken !== undefined) {
    const last = Buffer.from(input.NextToken, 'base64url').toString();
    if (Buffer.from(last).toString('base64url') !== input.NextToken) {
      throw validationError('The NextToken is not valid.');
    }
    start = entries.findIndex((entry) => keyOf(entry) > last);
    if (start === -1) start = entries.length;
  }
  const page = entries.slice(start, start + (input.MaxResults ?? MAX_LIST_PAGE));
  const last = page.at(-1);
  const more = last !== undefined && start + page.length < entries.length;
  return { page, NextToken: more ? Buffer.from(keyOf(last)).toString('base64url') : undefined };
}
