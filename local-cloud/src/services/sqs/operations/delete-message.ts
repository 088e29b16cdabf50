import type {
  BatchResultErrorEntry,
  DeleteMessageBatchRequest,
  DeleteMessageBatchResult,
  DeleteMessageBatchResultEntry,
  DeleteMessageRequest,
} from '@aws-sdk/client-sqs';
import type { Operation } from '../../../core/api.ts';
import { checkBatch } from '../batch.ts';
import { batchFailure, missingParameter } from '../errors.ts';
import type { QueueDirectory } from '../queue-directory.ts';

/** Both answer when the removal is on disk, so that a deleted message does not come back after a crash. */
export function deleteMessage(queues: QueueDirectory): Operation<DeleteMessageRequest, object> {
  return {
    name: 'DeleteMessage',
    authorize: (input) => queues.byUrl(input.QueueUrl).permissions('sqs:DeleteMessage'),
    async handle(input) {
      if (!input.ReceiptHandle) throw missingParameter('ReceiptHandle');
      if (queues.byUrl(input.QueueUrl).remove(input.ReceiptHandle)) await queues.context.store.durable();
      return {};
    },
  };
}

export function deleteMessageBatch(
  queues: QueueDirectory,
): Operation<DeleteMessageBatchRequest, DeleteMessageBatchResult> {
  return {
    name: 'DeleteMessageBatch',
    authorize: (input) => queues.byUrl(input.QueueUrl).permissions('sqs:DeleteMessage'),
    async handle(input) {
      const queue = queues.byUrl(input.QueueUrl);
      const Successful: DeleteMessageBatchResultEntry[] = [];
      const Failed: BatchResultErrorEntry[] = [];
      for (const { Id, ReceiptHandle } of checkBatch('DeleteMessageBatchRequestEntry', input.Entries)) {
        try {
          if (!ReceiptHandle) throw missingParameter('ReceiptHandle');
          queue.remove(ReceiptHandle);
          Successful.push({ Id });
        } catch (error) {
          Failed.push(batchFailure(Id as string, error));
        }
      }
      await queues.context.store.durable();
      return { Successful, Failed };
    },
  };
}
