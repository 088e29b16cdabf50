import { invalidRequest } from './data-plane-service.ts';

export interface Page<T> {
  readonly items: readonly T[];
  readonly nextToken: string | undefined;
}

/**
 * One page of a sorted list. The token names the last item of the page before, so that a list which changes in between
 * neither repeats nor skips what stays in it.
 *
 * @throws AwsError `InvalidRequestException` for a token that no page gave
 */
export function pageOf<T>(
  sorted: readonly T[],
  nameOf: (item: T) => string,
  size: number,
  nextToken: string | undefined,
): Page<T> {
  const after = nextToken === undefined ? undefined : decodeToken(nextToken);
  const start = after === undefined ? 0 : firstAfter(sorted, nameOf, after);
  const items = sorted.slice(start, start + size);
  const last = items.at(-1);
  const more = last !== undefined && start + size < sorted.length;
  return { items, nextToken: more ? encodeToken(nameOf(last)) : undefined };
}

function firstAfter<T>(sorted: readonly T[], nameOf: (item: T) => string, after: string): number {
  const index = sorted.findIndex((item) => nameOf(item) > after);
  return index < 0 ? sorted.length : index;
}

const PREFIX = 'after:';

function encodeToken(name: string): string {
  return Buffer.from(PREFIX + name, 'utf8').toString('base64url');
}

function decodeToken(token: string): string {
  const text = Buffer.from(token, 'base64url').toString('utf8');
  if (!text.startsWith(PREFIX) || encodeToken(text.slice(PREFIX.length)) !== token) {
    throw invalidRequest(`Invalid nextToken '${token}'`);
  }
  return text.slice(PREFIX.length);
}
