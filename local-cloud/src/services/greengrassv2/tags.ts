import type { ConditionKeys } from '../../core/iam/policy-document.ts';
import { validation } from './errors.ts';
import { MAX_TAG_KEY, MAX_TAG_VALUE, MAX_TAGS } from './limits.ts';

export type Tags = Readonly<Record<string, string>>;

/** @throws AwsError ValidationException */
export function withTags(current: Tags, added: Tags = {}): Tags {
  for (const [key, value] of Object.entries(added)) {
    if (key.length < 1 || key.length > MAX_TAG_KEY || value.length > MAX_TAG_VALUE || /^aws:/i.test(key)) {
      throw validation(`The tag '${key}' is not valid`);
    }
  }
  const tags = { ...current, ...added };
  if (Object.keys(tags).length > MAX_TAGS) throw validation(`A resource can have at most ${MAX_TAGS} tags`);
  return tags;
}

export function resourceTags(tags: Tags = {}): ConditionKeys {
  return Object.fromEntries(Object.entries(tags).map(([key, value]) => [`aws:ResourceTag/${key}`, value]));
}

export function requestTags(tags: Tags | undefined): ConditionKeys {
  if (tags === undefined) return {};
  return {
    'aws:TagKeys': Object.keys(tags),
    ...Object.fromEntries(Object.entries(tags).map(([key, value]) => [`aws:RequestTag/${key}`, value])),
  };
}
