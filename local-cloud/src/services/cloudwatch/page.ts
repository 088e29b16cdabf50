import { AwsError } from '../../core/errors.ts';
import { validationError } from './errors.ts';
import { DEFAULT_RECORDS, MAX_RECORDS } from './limits.ts';

/** A page of what is sorted by key; the token names the last key given out. @throws AwsError `InvalidNextToken` */
export function page<T>(
  sorted: readonly T[],
  keyOf: (member: T) => string,
  asked: { readonly MaxRecords?: number | undefined; readonly NextToken?: string | undefined },
): { members: T[]; NextToken: string | undefined } {
  const most = asked.MaxRecords ?? DEFAULT_RECORDS;
  if (!Number.isInteger(most) || most < 1 || most > MAX_RECORDS) {
    throw validationError(`MaxRecords must be from 1 to ${MAX_RECORDS}`);
  }
  const from = asked.NextToken === undefined ? 0 : placeAfter(sorted, keyOf, asked.NextToken);
  const members = sorted.slice(from, from + most);
  const last = members.at(-1);
  const more = from + most < sorted.length && last !== undefined;
  return { members, NextToken: more ? Buffer.from(`k${keyOf(last)}`).toString('base64url') : undefined };
}

function placeAfter<T>(sorted: readonly T[], keyOf: (member: T) => string, token: string): number {
  const text = Buffer.from(token, 'base64url').toString('utf8');
  if (!text.startsWith('k')) throw new AwsError('InvalidNextToken', 'The parameter NextToken is invalid.', 400);
  const found = sorted.findIndex((member) => keyOf(member) === text.slice(1));
  if (found >= 0) return found + 1;
  const next = sorted.findIndex((member) => keyOf(member) > text.slice(1));
  return next < 0 ? sorted.length : next;
}
