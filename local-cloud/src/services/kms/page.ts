import { ConstraintViolations } from '../../core/constraint-violations.ts';
import { AwsError } from '../../core/errors.ts';

export interface Page<T> {
  readonly items: T[];
  readonly marker: { readonly NextMarker?: string; readonly Truncated: boolean };
}

/** A marker names the last item given out. @throws AwsError InvalidMarkerException, ValidationException */
export function pageOf<T>(
  items: readonly T[],
  keyOf: (item: T) => string,
  request: { Limit?: number | undefined; Marker?: string | undefined },
  limits: { most: number; usual: number },
): Page<T> {
  new ConstraintViolations().range('limit', request.Limit, 1, limits.most).throwIfAny();
  let start = 0;
  if (request.Marker !== undefined) {
    const last = Buffer.from(request.Marker, 'base64url').toString();
    start = items.findIndex((item) => keyOf(item) === last) + 1;
    if (start === 0) throw new AwsError('InvalidMarkerException', 'The marker is not valid.');
  }
  const found = items.slice(start, start + (request.Limit ?? limits.usual));
  const last = found.at(-1);
  if (last === undefined || start + found.length >= items.length) return { items: found, marker: { Truncated: false } };
  return { items: found, marker: { NextMarker: Buffer.from(keyOf(last)).toString('base64url'), Truncated: true } };
}
