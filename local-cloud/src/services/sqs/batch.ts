import { AwsError } from '../../core/errors.ts';
import { MAX_BATCH_ENTRIES } from './limits.ts';

/** @throws AwsError `EmptyBatchRequest`, `TooManyEntriesInBatchRequest`, `InvalidBatchEntryId`, `BatchEntryIdsNotDistinct` */
export function checkBatch<E extends { Id: string | undefined }>(type: string, entries: E[] | undefined): E[] {
  if (entries === undefined || entries.length === 0) {
    throw new AwsError('EmptyBatchRequest', `There should be at least one ${type} in the request.`, 400);
  }
  if (entries.length > MAX_BATCH_ENTRIES) {
    throw new AwsError(
      'TooManyEntriesInBatchRequest',
      `Maximum number of entries per request are ${MAX_BATCH_ENTRIES}. You have sent ${entries.length}.`,
      400,
    );
  }
  const ids = new Set<string>();
  for (const { Id } of entries) {
    if (Id === undefined || !/^[A-Za-z0-9_-]{1,80}$/.test(Id)) {
      throw new AwsError(
        'InvalidBatchEntryId',
        'A batch entry id can only contain alphanumeric characters, hyphens and underscores. It can be at most 80 letters long.',
        400,
      );
    }
    if (ids.has(Id)) throw new AwsError('BatchEntryIdsNotDistinct', `Id ${Id} repeated.`, 400);
    ids.add(Id);
  }
  return entries;
}
