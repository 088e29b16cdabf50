import { type PageRequest, pageOf } from '../../core/page-of.ts';
import { validation } from './errors.ts';
import { MAX_LISTED } from './limits.ts';

/** @throws AwsError ValidationException */
export function page<T>(items: readonly T[], keyOf: (item: T) => string, request: PageRequest) {
  return pageOf(items, keyOf, request, { most: MAX_LISTED, refuse: validation });
}
