import { ConstraintViolations } from './constraint-violations.ts';

export interface PageRequest {
  readonly maxResults?: number | undefined;
  readonly nextToken?: string | undefined;
}

export interface PageBounds {
  /** Largest `maxResults`. */
  readonly most: number;
  /** Items of a page when none is asked for. @default `most` */
  readonly size?: number;
  /** Error for a token that was never given out. */
  readonly refuse: (message: string) => Error;
}

/** One page of a list whose order is lasting. A token names the last item given out. @throws AwsError for a request out of bounds */
export function pageOf<T>(
  items: readonly T[],
  keyOf: (item: T) => string,
  { maxResults, nextToken }: PageRequest,
  { most, refuse, size = most }: PageBounds,
): { items: T[]; token: { nextToken?: string } } {
  new ConstraintViolations().range('maxResults', maxResults, 1, most).throwIfAny();
  let start = 0;
  if (nextToken !== undefined) {
    const last = Buffer.from(nextToken, 'base64url').toString();
    start = items.findIndex((item) => keyOf(item) === last) + 1;
    if (start === 0) throw refuse('The nextToken is not valid.');
  }
  const found = items.slice(start, start + (maxResults ?? size));
  const last = found.at(-1);
  if (last === undefined || start + found.length >= items.length) return { items: found, token: {} };
  return { items: found, token: { nextToken: Buffer.from(keyOf(last)).toString('base64url') } };
}
