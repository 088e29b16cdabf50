import { AwsError } from '../../core/errors.ts';
import { DEFAULT_PAGE, MAX_PAGE } from './limits.ts';

/** A page by place in the list. @throws AwsError `InvalidToken` */
export function page<T>(
  all: readonly T[],
  asked: { readonly maxResults?: number | undefined; readonly nextToken?: string | undefined },
): { members: T[]; nextToken: string | undefined } {
  const most = asked.maxResults === undefined || asked.maxResults === 0 ? DEFAULT_PAGE : asked.maxResults;
  if (!Number.isInteger(most) || most < 0 || most > MAX_PAGE) {
    throw new AwsError('ValidationException', `maxResults must be from 0 to ${MAX_PAGE}`, 400);
  }
  const from = asked.nextToken === undefined ? 0 : Number(Buffer.from(asked.nextToken, 'base64').toString('utf8'));
  if (!Number.isInteger(from) || from < 0) throw new AwsError('InvalidToken', 'Invalid Token', 400);
  const members = all.slice(from, from + most);
  const more = from + most < all.length;
  return { members, nextToken: more ? Buffer.from(String(from + most)).toString('base64') : undefined };
}
