import { invalidRequest } from './errors.ts';

/** A page by place in the list. @throws AwsError `InvalidRequestException` */
export function page<T>(
  all: readonly T[],
  asked: { readonly MaxResults?: number | undefined; readonly NextToken?: string | undefined },
  largest: number,
): { members: T[]; from: number; NextToken: string | undefined } {
  const most = asked.MaxResults ?? largest;
  if (!Number.isInteger(most) || most < 1 || most > largest)
    throw invalidRequest(`MaxResults must be from 1 to ${largest}`);
  const from = asked.NextToken === undefined ? 0 : Number(Buffer.from(asked.NextToken, 'base64').toString('utf8'));
  if (!Number.isInteger(from) || from < 0) throw invalidRequest('NextToken is invalid');
  const more = from + most < all.length;
  const NextToken = more ? Buffer.from(String(from + most)).toString('base64') : undefined;
  return { members: all.slice(from, from + most), from, NextToken };
}
