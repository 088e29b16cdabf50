import { validationError } from './errors.ts';
import { DEFAULT_PAGE_SIZE, MAX_PAGE_SIZE } from './limits.ts';

export interface Page<T> {
  readonly items: T[];
  readonly IsTruncated: boolean;
  readonly Marker?: string;
}

/** `Marker` is the key of the last item already seen, opaque to callers. */
export function pageOf<T>(
  items: readonly T[],
  keyOf: (item: T) => string,
  request: { Marker?: string | undefined; MaxItems?: number | undefined },
): Page<T> {
  const size = request.MaxItems ?? DEFAULT_PAGE_SIZE;
  if (!Number.isInteger(size) || size < 1 || size > MAX_PAGE_SIZE) {
    throw validationError(
      `1 validation error detected: Value '${size}' at 'maxItems' failed to satisfy constraint: Member must have value between 1 and ${MAX_PAGE_SIZE}`,
    );
  }
  let start = 0;
  if (request.Marker !== undefined) {
    const last = Buffer.from(request.Marker, 'base64url').toString();
    const index = items.findIndex((item) => keyOf(item) === last);
    if (index < 0) throw validationError('Invalid Marker.');
    start = index + 1;
  }
  const page = items.slice(start, start + size);
  const final = page.at(-1);
  return final !== undefined && start + size < items.length
    ? { items: page, IsTruncated: true, Marker: Buffer.from(keyOf(final)).toString('base64url') }
    : { items: page, IsTruncated: false };
}
