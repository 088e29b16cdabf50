import { ConstraintViolations } from '../../core/constraint-violations.ts';
import { validation } from './errors.ts';
import { MAX_LISTED } from './limits.ts';

/** A token names the last item given out. @throws AwsError ValidationException */
export function pageOf<T>(
  items: readonly T[],
  keyOf: (item: T) => string,
  request: { readonly maxResults?: number | undefined; readonly nextToken?: string | undefined },
  size = MAX_LISTED,
): { items: T[]; token: { nextToken?: string } } {
  new ConstraintViolations().range('maxResults', request.maxResults, 1, MAX_LISTED).throwIfAny();
  let start = 0;
  if (request.nextToken !== undefined) {
    const last = Buffer.from(request.nextToken, 'base64url').toString();
    start = items.findIndex((item) => keyOf(item) === last) + 1;
    if (start === 0) throw validation('The nextToken is not valid.');
  }
  const found = items.slice(start, start + (request.maxResults ?? size));
  const last = found.at(-1);
  if (last === undefined || start + found.length >= items.length) return { items: found, token: {} };
  return { items: found, token: { nextToken: Buffer.from(keyOf(last)).toString('base64url') } };
}
