import type { Tag } from '@aws-sdk/client-cloudwatch';
import { AwsError } from '../../core/errors.ts';
import { invalidValue } from './errors.ts';
import { MAX_TAGS } from './limits.ts';

/** Later tags replace earlier ones of their key. @throws AwsError `LimitExceeded`, `InvalidParameterValue` */
export function readTags(
  current: Readonly<Record<string, string>>,
  added: readonly Tag[] | undefined,
): Record<string, string> {
  const tags = { ...current };
  for (const { Key = '', Value = '' } of added ?? []) {
    if (Key.length < 1 || Key.length > 128 || /^aws:/i.test(Key))
      throw invalidValue(`The tag key '${Key}' is invalid.`);
    if (Value.length > 256) throw invalidValue(`The value of tag '${Key}' is too long.`);
    tags[Key] = Value;
  }
  if (Object.keys(tags).length > MAX_TAGS) {
    throw new AwsError('LimitExceededException', `A resource has at most ${MAX_TAGS} tags.`, 400);
  }
  return tags;
}
