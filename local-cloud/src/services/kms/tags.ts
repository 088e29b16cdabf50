import type { Tag } from '@aws-sdk/client-kms';
import { AwsError } from '../../core/errors.ts';
import type { KeyTag } from './key-record.ts';
import { MAX_TAG_KEY, MAX_TAG_VALUE, MAX_TAGS } from './limits.ts';

/** Later tags replace earlier ones of their key. @throws AwsError TagException, LimitExceededException */
export function withTags(current: readonly KeyTag[], added: readonly Tag[]): KeyTag[] {
  const tags = new Map(current.map((tag) => [tag.TagKey, tag]));
  const seen = new Set<string>();
  for (const { TagKey = '', TagValue = '' } of added) {
    if (TagKey.length < 1 || TagKey.length > MAX_TAG_KEY) throw tagError(`Tag key '${TagKey}' has an invalid length`);
    if (TagValue.length > MAX_TAG_VALUE) throw tagError(`The value of tag '${TagKey}' is too long`);
    if (/^aws:/i.test(TagKey)) throw tagError(`Tag key '${TagKey}' begins with the reserved prefix aws:`);
    if (seen.has(TagKey)) throw tagError(`Duplicate tag key '${TagKey}'`);
    seen.add(TagKey);
    tags.set(TagKey, { TagKey, TagValue });
  }
  if (tags.size > MAX_TAGS) throw new AwsError('LimitExceededException', `A key can have at most ${MAX_TAGS} tags`);
  return [...tags.values()];
}

function tagError(message: string): AwsError {
  return new AwsError('TagException', message);
}
