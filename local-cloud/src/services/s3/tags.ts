import { AwsError } from '../../core/errors.ts';
import { MAX_TAG_KEY, MAX_TAG_VALUE } from './limits.ts';

/** @throws AwsError `InvalidTag`, `BadRequest` beyond `most` */
export function readTags(
  tags: readonly { Key?: string | undefined; Value?: string | undefined }[] | undefined,
  most: number,
): { Key: string; Value: string }[] {
  const read = (tags ?? []).map(({ Key = '', Value = '' }) => ({ Key, Value }));
  if (read.length > most) throw new AwsError('BadRequest', `Object tags cannot be greater than ${most}`);
  for (const { Key, Value } of read) {
    if (Key.length < 1 || Key.length > MAX_TAG_KEY) throw invalid('The TagKey you have provided is invalid', Key);
    if (Value.length > MAX_TAG_VALUE) throw invalid('The TagValue you have provided is invalid', Key);
    if (Key.toLowerCase().startsWith('aws:')) throw invalid('System tags cannot be added/updated by requester', Key);
  }
  if (new Set(read.map(({ Key }) => Key)).size !== read.length) {
    throw new AwsError('InvalidTag', 'Cannot provide multiple Tags with the same key');
  }
  return read;
}

function invalid(message: string, key: string): AwsError {
  return new AwsError('InvalidTag', message, 400, { fields: { TagKey: key } });
}
