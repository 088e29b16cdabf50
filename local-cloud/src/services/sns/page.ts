import { invalidParameter } from './errors.ts';
import { PAGE_SIZE } from './limits.ts';

/**
 * A page of what is sorted by key. The token names the last key given out, so that a page stays right while members
 * come and go.
 * @throws AwsError `InvalidParameter` for a token of no list
 */
export function page<T>(
  sorted: readonly T[],
  keyOf: (member: T) => string,
  token: string | undefined,
): { members: T[]; NextToken: string | undefined } {
  const after = token === undefined ? '' : Buffer.from(token, 'base64url').toString('utf8');
  if (token !== undefined && !after.startsWith('arn:')) throw invalidParameter('NextToken');
  const rest = sorted.filter((member) => keyOf(member) > after);
  const members = rest.slice(0, PAGE_SIZE);
  const last = members.at(-1);
  const more = rest.length > members.length && last !== undefined;
  return { members, NextToken: more ? Buffer.from(keyOf(last)).toString('base64url') : undefined };
}
