import type {
  ListTagsForResourceRequest,
  ListTagsForResourceResponse,
  TagResourceRequest,
  UntagResourceRequest,
} from '@aws-sdk/client-sns';
import type { Operation } from '../../../core/api.ts';
import { AwsError } from '../../../core/errors.ts';
import type { TopicRecord } from '../records.ts';
import type { SnsService } from '../sns-service.ts';
import { withTags } from '../tags.ts';

export function tagOperations({ topics }: SnsService): readonly Operation[] {
  const require = (resourceArn: string | undefined): TopicRecord => {
    const topic = topics.find(resourceArn);
    if (topic === undefined) throw new AwsError('ResourceNotFoundException', 'Resource does not exist', 404);
    return topic;
  };
  const list: Operation<ListTagsForResourceRequest, ListTagsForResourceResponse> = {
    name: 'ListTagsForResource',
    authorize: (input, call) => topics.permissions('ListTagsForResource', input.ResourceArn, call),
    handle: (input) => ({
      Tags: Object.entries(require(input.ResourceArn).tags).map(([Key, Value]) => ({ Key, Value })),
    }),
  };
  const tag: Operation<TagResourceRequest, object> = {
    name: 'TagResource',
    authorize: (input, call) => topics.permissions('TagResource', input.ResourceArn, call),
    async handle(input) {
      const topic = require(input.ResourceArn);
      await topics.put({ ...topic, tags: withTags(topic.tags, input.Tags) });
      return {};
    },
  };
  const untag: Operation<UntagResourceRequest, object> = {
    name: 'UntagResource',
    authorize: (input, call) => topics.permissions('UntagResource', input.ResourceArn, call),
    async handle(input) {
      const topic = require(input.ResourceArn);
      const tags = Object.fromEntries(Object.entries(topic.tags).filter(([key]) => !input.TagKeys?.includes(key)));
      await topics.put({ ...topic, tags });
      return {};
    },
  };
  return [list, tag, untag];
}
