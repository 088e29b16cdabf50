import type {
  AddTagsToStreamInput,
  ListTagsForStreamInput,
  ListTagsForStreamOutput,
  RemoveTagsFromStreamInput,
} from '@aws-sdk/client-kinesis';
import type { Operation } from '../../../core/api.ts';
import { ConstraintViolations } from '../../../core/constraint-violations.ts';
import { invalidArgument } from '../errors.ts';
import { MAX_TAGS_PER_REQUEST } from '../limits.ts';
import type { Streams } from '../streams.ts';
import { checkTags } from '../tags.ts';

export function tagOperations(streams: Streams): readonly Operation[] {
  const add: Operation<AddTagsToStreamInput, object> = {
    name: 'AddTagsToStream',
    authorize: (input) => streams.permissions('AddTagsToStream', input),
    async handle(input) {
      const stream = streams.require(input);
      if (Object.keys(input.Tags ?? {}).length > MAX_TAGS_PER_REQUEST) {
        throw invalidArgument(`At most ${MAX_TAGS_PER_REQUEST} tags can be added at once.`);
      }
      await streams.change(stream, { tags: checkTags(stream.record.tags, input.Tags ?? {}) });
      return {};
    },
  };
  const remove: Operation<RemoveTagsFromStreamInput, object> = {
    name: 'RemoveTagsFromStream',
    authorize: (input) => streams.permissions('RemoveTagsFromStream', input),
    async handle(input) {
      const stream = streams.require(input);
      const tags = Object.fromEntries(
        Object.entries(stream.record.tags).filter(([key]) => !input.TagKeys?.includes(key)),
      );
      await streams.change(stream, { tags });
      return {};
    },
  };
  const list: Operation<ListTagsForStreamInput, ListTagsForStreamOutput> = {
    name: 'ListTagsForStream',
    authorize: (input) => streams.permissions('ListTagsForStream', input),
    handle(input) {
      new ConstraintViolations().range('limit', input.Limit, 1, 50).throwIfAny();
      const rest = Object.entries(streams.require(input).record.tags)
        .sort(([a], [b]) => (a < b ? -1 : 1))
        .filter(([key]) => key > (input.ExclusiveStartTagKey ?? ''));
      const page = rest.slice(0, input.Limit ?? 50);
      return { Tags: page.map(([Key, Value]) => ({ Key, Value })), HasMoreTags: rest.length > page.length };
    },
  };
  return [add, remove, list];
}
