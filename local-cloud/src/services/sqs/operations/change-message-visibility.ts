import type {
  BatchResultErrorEntry,
  ChangeMessageVisibilityBatchRequest,
  ChangeMessageVisibilityBatchResult,
  ChangeMessageVisibilityBatchResultEntry,
  ChangeMessageVisibilityRequest,
} from '@aws-sdk/client-sqs';
import type { Operation } from '../../../core/api.ts';
import { checkBatch } from '../batch.ts';
import { batchFailure, invalidValue, missingParameter } from '../errors.ts';
import { MAX_VISIBILITY_TIMEOUT } from '../limits.ts';
import type { Queue } from '../queue.ts';
import type { QueueDirectory } from '../queue-directory.ts';

export function changeMessageVisibility(queues: QueueDirectory): Operation<ChangeMessageVisibilityRequest, object> {
  return {
    name: 'ChangeMessageVisibility',
    authorize: (input) => queues.byUrl(input.QueueUrl).permissions('sqs:ChangeMessageVisibility'),
    handle(input) {
      change(queues.byUrl(input.QueueUrl), input);
      return {};
    },
  };
}

export function changeMessageVisibilityBatch(
  queues: QueueDirectory,
): Operation<ChangeMessageVisibilityBatchRequest, ChangeMessageVisibilityBatchResult> {
  return {
    name: 'ChangeMessageVisibilityBatch',
    authorize: (input) => queues.byUrl(input.QueueUrl).permissions('sqs:ChangeMessageVisibility'),
    handle(input) {
      const queue = queues.byUrl(input.QueueUrl);
      const Successful: ChangeMessageVisibilityBatchResultEntry[] = [];
      const Failed: BatchResultErrorEntry[] = [];
      for (const entry of checkBatch('ChangeMessageVisibilityBatchRequestEntry', input.Entries)) {
        try {
          change(queue, entry);
          Successful.push({ Id: entry.Id });
        } catch (error) {
          Failed.push(batchFailure(entry.Id as string, error));
        }
      }
      return { Successful, Failed };
    },
  };
}

function change(
  queue: Queue,
  input: { ReceiptHandle?: string | undefined; VisibilityTimeout?: number | undefined },
): void {
  const { ReceiptHandle, VisibilityTimeout: seconds } = input;
  if (!ReceiptHandle) throw missingParameter('ReceiptHandle');
  if (seconds === undefined) throw missingParameter('VisibilityTimeout');
  if (!Number.isInteger(seconds) || seconds < 0 || seconds > MAX_VISIBILITY_TIMEOUT) {
    throw invalidValue(seconds, 'VisibilityTimeout', 'VisibilityTimeout must be an integer between 0 and 43200');
  }
  queue.changeVisibility(ReceiptHandle, seconds);
}
