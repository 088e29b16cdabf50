import type {
  CreateQueueRequest,
  CreateQueueResult,
  DeleteQueueRequest,
  GetQueueUrlRequest,
  GetQueueUrlResult,
  PurgeQueueRequest,
} from '@aws-sdk/client-sqs';
import type { Operation } from '../../../core/api.ts';
import { missingParameter, queueDoesNotExist } from '../errors.ts';
import { queueArn } from '../queue-configuration.ts';
import type { QueueDirectory } from '../queue-directory.ts';
import { checkTags } from '../tags.ts';

export function createQueue(queues: QueueDirectory): Operation<CreateQueueRequest, CreateQueueResult> {
  const { account } = queues.context;
  return {
    name: 'CreateQueue',
    authorize: (input) => [{ action: 'sqs:CreateQueue', resource: queueArn(account, input.QueueName ?? '') }],
    async handle(input) {
      if (!input.QueueName) throw missingParameter('QueueName');
      const queue = await queues.create(input.QueueName, input.Attributes ?? {}, checkTags(input.tags ?? {}));
      return { QueueUrl: queues.url(queue) };
    },
  };
}

export function getQueueUrl(queues: QueueDirectory): Operation<GetQueueUrlRequest, GetQueueUrlResult> {
  const { account } = queues.context;
  return {
    name: 'GetQueueUrl',
    authorize: (input) =>
      queues.findByName(input.QueueName ?? '')?.permissions('sqs:GetQueueUrl') ?? [
        { action: 'sqs:GetQueueUrl', resource: queueArn(account, input.QueueName ?? '') },
      ],
    handle(input) {
      if (!input.QueueName) throw missingParameter('QueueName');
      const queue = queues.findByName(input.QueueName);
      const owner = input.QueueOwnerAWSAccountId;
      if (queue === undefined || (owner !== undefined && owner !== account.accountId)) throw queueDoesNotExist();
      return { QueueUrl: queues.url(queue) };
    },
  };
}

export function deleteQueue(queues: QueueDirectory): Operation<DeleteQueueRequest, object> {
  return {
    name: 'DeleteQueue',
    authorize: (input) => queues.byUrl(input.QueueUrl).permissions('sqs:DeleteQueue'),
    async handle(input) {
      await queues.delete(queues.byUrl(input.QueueUrl));
      return {};
    },
  };
}

export function purgeQueue(queues: QueueDirectory): Operation<PurgeQueueRequest, object> {
  return {
    name: 'PurgeQueue',
    authorize: (input) => queues.byUrl(input.QueueUrl).permissions('sqs:PurgeQueue'),
    async handle(input) {
      await queues.purge(queues.byUrl(input.QueueUrl));
      return {};
    },
  };
}
