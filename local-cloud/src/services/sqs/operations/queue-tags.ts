import type {
  ListQueueTagsRequest,
  ListQueueTagsResult,
  TagQueueRequest,
  UntagQueueRequest,
} from '@aws-sdk/client-sqs';
import type { Operation } from '../../../core/api.ts';
import { missingParameter } from '../errors.ts';
import type { QueueDirectory } from '../queue-directory.ts';
import { checkTags } from '../tags.ts';

export function listQueueTags(queues: QueueDirectory): Operation<ListQueueTagsRequest, ListQueueTagsResult> {
  return {
    name: 'ListQueueTags',
    authorize: (input) => queues.byUrl(input.QueueUrl).permissions('sqs:ListQueueTags'),
    handle(input) {
      const { tags } = queues.byUrl(input.QueueUrl).configuration;
      return Object.keys(tags).length === 0 ? {} : { Tags: { ...tags } };
    },
  };
}

export function tagQueue(queues: QueueDirectory): Operation<TagQueueRequest, object> {
  return {
    name: 'TagQueue',
    authorize: (input) => queues.byUrl(input.QueueUrl).permissions('sqs:TagQueue'),
    async handle(input) {
      if (input.Tags === undefined) throw missingParameter('Tags');
      const queue = queues.byUrl(input.QueueUrl);
      await queues.tag(queue, checkTags({ ...queue.configuration.tags, ...input.Tags }));
      return {};
    },
  };
}

export function untagQueue(queues: QueueDirectory): Operation<UntagQueueRequest, object> {
  return {
    name: 'UntagQueue',
    authorize: (input) => queues.byUrl(input.QueueUrl).permissions('sqs:UntagQueue'),
    async handle(input) {
      const removed = input.TagKeys;
      if (removed === undefined) throw missingParameter('TagKeys');
      const queue = queues.byUrl(input.QueueUrl);
      const kept = Object.entries(queue.configuration.tags).filter(([key]) => !removed.includes(key));
      await queues.tag(queue, Object.fromEntries(kept));
      return {};
    },
  };
}
