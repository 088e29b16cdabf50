import type { Tag } from '@aws-sdk/client-timestream-write';
import type { Collection, Store } from '../../../core/store.ts';
import { Constraints } from '../constraints.ts';
import { validationError } from '../faults.ts';
import { MAX_TAG_KEY_LENGTH, MAX_TAG_VALUE_LENGTH, MAX_TAGS } from '../limits.ts';

/** Tags of databases and tables, by ARN (developer guide, "Tagging restrictions"). */
export class Tags {
  readonly #tags: Collection<Record<string, string>>;

  constructor(store: Store) {
    this.#tags = store.collection('timestream.tags');
  }

  list(resourceArn: string): Tag[] {
    return Object.entries(this.#tags.get(resourceArn) ?? {}).map(([Key, Value]) => ({ Key, Value }));
  }

  /** @throws AwsError `ValidationException` */
  add(resourceArn: string, tags: readonly Tag[]): void {
    const merged = { ...this.#tags.get(resourceArn) };
    for (const tag of checkTags(tags)) merged[tag.Key] = tag.Value;
    if (Object.keys(merged).length > MAX_TAGS) throw validationError(`A resource can have ${MAX_TAGS} tags at most.`);
    this.#tags.put(resourceArn, merged);
  }

  remove(resourceArn: string, keys: readonly string[]): void {
    const left = Object.entries(this.#tags.get(resourceArn) ?? {}).filter(([key]) => !keys.includes(key));
    this.#tags.put(resourceArn, Object.fromEntries(left));
  }

  forget(resourceArn: string): void {
    this.#tags.delete(resourceArn);
  }
}

/** @throws AwsError `ValidationException` */
export function checkTags(tags: readonly Tag[]): readonly { Key: string; Value: string }[] {
  const constraints = new Constraints();
  if (tags.length > MAX_TAGS) constraints.fail(tags.length, 'tags', `have length less than or equal to ${MAX_TAGS}`);
  const keys = new Set<string>();
  tags.forEach((tag, index) => {
    const path = `tags.${index + 1}.member`;
    if (constraints.required(tag.Key, `${path}.key`)) constraints.length(tag.Key, `${path}.key`, 1, MAX_TAG_KEY_LENGTH);
    if (constraints.required(tag.Value, `${path}.value`)) {
      constraints.length(tag.Value, `${path}.value`, 0, MAX_TAG_VALUE_LENGTH);
    }
    if (tag.Key !== undefined) keys.add(tag.Key);
  });
  constraints.check();
  if (keys.size < tags.length) throw validationError('Tag keys must be unique.');
  const reserved = [...keys].find((key) => key.toLowerCase().startsWith('aws:'));
  if (reserved !== undefined) throw validationError(`Tag key '${reserved}' begins with the reserved prefix 'aws:'.`);
  return tags as readonly { Key: string; Value: string }[];
}
