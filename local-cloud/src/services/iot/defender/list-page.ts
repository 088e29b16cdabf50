import { ConstraintViolations } from '../../../core/constraint-violations.ts';
import { MAX_PAGE_SIZE } from '../limits.ts';
import { type Page, pageOf } from '../registry/paging.ts';
import { DEFAULT_PAGE_SIZE } from './limits.ts';

interface ListRequest {
  readonly maxResults?: number | undefined;
  readonly nextToken?: string | undefined;
}

/** A page of sorted keys, as the lists of Device Defender answer. @throws AwsError InvalidRequestException */
export function listPage(
  sorted: readonly string[],
  { maxResults, nextToken }: ListRequest,
  keep?: (key: string) => boolean,
  descending = false,
): Page {
  new ConstraintViolations().range('maxResults', maxResults, 1, MAX_PAGE_SIZE).throwIfAny('InvalidRequestException');
  return pageOf(sorted, { token: nextToken, size: maxResults ?? DEFAULT_PAGE_SIZE, descending }, keep);
}
