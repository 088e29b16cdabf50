import { invalidRequest } from '../errors.ts';
import { MAX_PAGE_SIZE } from '../limits.ts';

export interface PageRequest {
  readonly token?: string | undefined;
  readonly size?: number | undefined;
  readonly descending?: boolean | undefined;
}

export interface Page {
  readonly keys: readonly string[];
  readonly nextToken: string | undefined;
}

/**
 * One page of sorted keys. The token holds the last key handed out, so that keys that come or go in between
 * neither repeat nor hide others.
 */
export function pageOf(sorted: readonly string[], request: PageRequest, keep?: (key: string) => boolean): Page {
  const size = request.size ?? MAX_PAGE_SIZE;
  const step = request.descending === true ? -1 : 1;
  const keys: string[] = [];
  for (let at = firstIndex(sorted, request); at >= 0 && at < sorted.length; at += step) {
    const key = sorted[at] as string;
    if (keep !== undefined && !keep(key)) continue;
    if (keys.length === size) return { keys, nextToken: encodeToken(keys.at(-1) as string) };
    keys.push(key);
  }
  return { keys, nextToken: undefined };
}

function firstIndex(sorted: readonly string[], request: PageRequest): number {
  if (request.token === undefined || request.token === '') return request.descending === true ? sorted.length - 1 : 0;
  const last = decodeToken(request.token);
  let low = 0;
  let high = sorted.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    const before = request.descending === true ? (sorted[middle] as string) < last : (sorted[middle] as string) <= last;
    if (before) low = middle + 1;
    else high = middle;
  }
  return request.descending === true ? low - 1 : low;
}

function encodeToken(key: string): string {
  return Buffer.from(key, 'utf8').toString('base64url');
}

function decodeToken(token: string): string {
  const key = Buffer.from(token, 'base64url').toString('utf8');
  if (key === '' || encodeToken(key) !== token) throw invalidRequest('The next token is invalid.');
  return key;
}
