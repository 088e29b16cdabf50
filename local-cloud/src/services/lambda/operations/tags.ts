import type {
  ListTagsRequest,
  ListTagsResponse,
  TagResourceRequest,
  UntagResourceRequest,
} from '@aws-sdk/client-lambda';
import type { Operation } from '../../../core/api.ts';
import { invalidParameter } from '../errors.ts';
import type { FunctionDirectory } from '../function-directory.ts';

/** Developer guide, "Using tags on Lambda functions": at most 50. */
const MAX_TAGS = 50;

/** Tags of functions; those of event source mappings are set with the mapping. */
export function tagOperations(functions: FunctionDirectory): Operation[] {
  const list: Operation<ListTagsRequest, ListTagsResponse> = {
    name: 'ListTags',
    authorize: (input) => functions.permissions('lambda:ListTags', input.Resource),
    handle: (input) => ({ Tags: { ...functions.require(input.Resource).record.tags } }),
  };
  const tag: Operation<TagResourceRequest, object> = {
    name: 'TagResource',
    authorize: (input) => functions.permissions('lambda:TagResource', input.Resource),
    async handle(input) {
      const runner = functions.require(input.Resource);
      const tags = { ...runner.record.tags, ...input.Tags };
      if (Object.keys(tags).length > MAX_TAGS) throw invalidParameter('Number of tags exceeds resource tag limit.');
      await functions.change(runner, { tags }, false);
      return {};
    },
  };
  const untag: Operation<UntagResourceRequest, object> = {
    name: 'UntagResource',
    authorize: (input) => functions.permissions('lambda:UntagResource', input.Resource),
    async handle(input) {
      const runner = functions.require(input.Resource);
      const removed = input.TagKeys ?? [];
      const kept = Object.entries(runner.record.tags).filter(([key]) => !removed.includes(key));
      await functions.change(runner, { tags: Object.fromEntries(kept) }, false);
      return {};
    },
  };
  return [list, tag, untag];
}
