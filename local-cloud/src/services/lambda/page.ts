import { validationError } from './errors.ts';

/** One page of items ordered by `key`; a marker is the key of the last item of the page before. */
export function page<T>(
  items: readonly T[],
  key: (item: T) => string,
  input: { Marker?: string | undefined; MaxItems?: number | undefined },
  most: number,
): { items: T[]; next: string | undefined } {
  const size = input.MaxItems ?? most;
  if (!Number.isInteger(size) || size < 1 || size > 10_000) {
    throw validationError(size, 'maxItems', 'Member must have value between 1 and 10000');
  }
  const after = input.Marker === undefined ? '' : Buffer.from(input.Marker, 'base64url').toString();
  const rest = items.filter((item) => key(item) > after);
  const shown = rest.slice(0, Math.min(size, most));
  const last = shown.at(-1);
  const next = last === undefined || shown.length === rest.length ? undefined : key(last);
  return { items: shown, next: next === undefined ? undefined : Buffer.from(next).toString('base64url') };
}
