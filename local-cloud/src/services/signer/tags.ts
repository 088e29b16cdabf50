import { validation } from './errors.ts';
import { MAX_TAG_KEY, MAX_TAG_VALUE, MAX_TAGS } from './limits.ts';

/** @throws AwsError ValidationException */
export function withTags(
  current: Readonly<Record<string, string>>,
  added: Readonly<Record<string, string>> = {},
): Record<string, string> {
  for (const [key, value] of Object.entries(added)) {
    if (key.length < 1 || key.length > MAX_TAG_KEY || value.length > MAX_TAG_VALUE || /^aws:/i.test(key)) {
      throw validation(`The tag '${key}' is not valid`);
    }
  }
  const tags = { ...current, ...added };
  if (Object.keys(tags).length > MAX_TAGS) throw validation(`A signing profile can have at most ${MAX_TAGS} tags`);
  return tags;
}
