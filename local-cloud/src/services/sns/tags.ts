import { AwsError } from '../../core/errors.ts';
import { invalidParameter } from './errors.ts';
import { MAX_TAG_KEY_LENGTH, MAX_TAG_VALUE_LENGTH, MAX_TAGS } from './limits.ts';

export interface TagInput {
  readonly Key: string | undefined;
  readonly Value: string | undefined;
}

/** Later tags replace earlier ones of their key. @throws AwsError `TagLimitExceeded`, `InvalidParameter` */
export function withTags(
  current: Readonly<Record<string, string>>,
  added: readonly TagInput[] | undefined,
): Record<string, string> {
  const tags: Record<string, string> = { ...current };
  for (const { Key: key = '', Value: value = '' } of added ?? []) {
    if (key.length < 1 || key.length > MAX_TAG_KEY_LENGTH || /^aws:/i.test(key)) {
      throw invalidParameter(`Tag key '${key}' is invalid`);
    }
    if (value.length > MAX_TAG_VALUE_LENGTH) throw invalidParameter(`Tag value of '${key}' is too long`);
    tags[key] = value;
  }
  if (Object.keys(tags).length > MAX_TAGS) {
    throw new AwsError('TagLimitExceededException', 'Could not complete request: tag quota of per resource exceeded');
  }
  return tags;
}
