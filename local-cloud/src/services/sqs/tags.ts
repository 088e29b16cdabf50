import { invalidParameter } from './errors.ts';
import { MAX_TAGS } from './limits.ts';

/** Developer guide, "Amazon SQS cost allocation tags": keys of 1 to 128, values of at most 256 characters. */
export function checkTags(tags: Readonly<Record<string, string>>): Readonly<Record<string, string>> {
  const entries = Object.entries(tags);
  if (entries.length > MAX_TAGS)
    throw invalidParameter(`Too many tags added for queue: at most ${MAX_TAGS} are allowed.`);
  for (const [key, value] of entries) {
    if (key.length < 1 || key.length > 128 || value.length > 256 || key.startsWith('aws:')) {
      throw invalidParameter(
        `Tag '${key}' is invalid: keys have 1 to 128 characters, values at most 256, aws: is reserved.`,
      );
    }
  }
  return tags;
}
