import { validation } from './errors.ts';
import { MAX_LISTED } from './limits.ts';

/** A page by place in the list. @throws AwsError `ValidationException` */
export function page<T>(
  all: readonly T[],
  asked: { readonly Limit?: number | undefined; readonly NextToken?: string | undefined },
): { members: T[]; NextToken: string | undefined } {
  const most = asked.Limit ?? MAX_LISTED;
  const from = asked.NextToken === undefined ? 0 : Number(Buffer.from(asked.NextToken, 'base64').toString('utf8'));
  if (!Number.isInteger(most) || most < 1 || most > MAX_LISTED)
    throw validation(`Limit must be from 1 to ${MAX_LISTED}`);
  if (!Number.isInteger(from) || from < 0) throw validation('NextToken is not valid.');
  const more = from + most < all.length;
  return {
    members: all.slice(from, from + most),
    NextToken: more ? Buffer.from(String(from + most)).toString('base64') : undefined,
  };
}
