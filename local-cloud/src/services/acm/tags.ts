import type { Tag } from '@aws-sdk/client-acm';
import { AwsError } from '../../core/errors.ts';
import type { CertificateTag } from './certificates.ts';
import { MAX_TAG_KEY, MAX_TAG_VALUE, MAX_TAGS } from './limits.ts';

/** Later tags replace earlier ones of their key. @throws AwsError InvalidTagException, TooManyTagsException */
export function withTags(current: readonly CertificateTag[], added: readonly Tag[]): CertificateTag[] {
  const tags = new Map(current.map((tag) => [tag.Key, tag]));
  for (const { Key = '', Value } of added) {
    if (Key.length < 1 || Key.length > MAX_TAG_KEY || (Value?.length ?? 0) > MAX_TAG_VALUE || /^aws:/i.test(Key)) {
      throw new AwsError('InvalidTagException', `The tag '${Key}' is not valid`);
    }
    tags.set(Key, { Key, ...(Value === undefined ? {} : { Value }) });
  }
  if (tags.size > MAX_TAGS)
    throw new AwsError('TooManyTagsException', `A certificate can have at most ${MAX_TAGS} tags`);
  return [...tags.values()];
}
