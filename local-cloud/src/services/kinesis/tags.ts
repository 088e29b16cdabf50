import { AwsError } from '../../core/errors.ts';
import { invalidArgument } from './errors.ts';
import { MAX_TAGS } from './limits.ts';

/** Later tags replace earlier ones of their key. @throws AwsError `InvalidArgument`, `LimitExceeded` */
export function checkTags(
  current: Readonly<Record<string, string>>,
  added: Readonly<Record<string, string>>,
): Record<string, string> {
  for (const [key, value] of Object.entries(added)) {
    if (key.length < 1 || key.length > 128 || value.length > 256 || /^aws:/i.test(key)) {
      throw invalidArgument(`Tag '${key}' is invalid: keys have 1 to 128 characters, values at most 256.`);
    }
  }
  const tags = { ...current, ...added };
  if (Object.keys(tags).length > MAX_TAGS) {
    throw new AwsError('LimitExceededException', `A stream has at most ${MAX_TAGS} tags.`, 400);
  }
  return tags;
}
