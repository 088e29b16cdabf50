import type {
  BatchResultErrorEntry,
  PublishBatchInput,
  PublishBatchRequestEntry,
  PublishBatchResponse,
  PublishBatchResultEntry,
  PublishInput,
  PublishResponse,
} from '@aws-sdk/client-sns';
import type { Operation } from '../../../core/api.ts';
import { AwsError, NotImplementedError } from '../../../core/errors.ts';
import { invalidParameter } from '../errors.ts';
import { MAX_BATCH_ENTRIES, MAX_MESSAGE_BYTES } from '../limits.ts';
import { messageSize, type PublishedMessage } from '../message.ts';
import type { SnsService } from '../sns-service.ts';

export function publish(sns: SnsService): Operation<PublishInput, PublishResponse> {
  const { topics, deliveries } = sns;
  return {
    name: 'Publish',
    authorize: (input, call) => topics.permissions('Publish', input.TopicArn ?? input.TargetArn, call),
    async handle(input) {
      if (input.PhoneNumber !== undefined) throw new NotImplementedError('SNS Publish to a PhoneNumber');
      if (input.TargetArn?.includes(':endpoint/')) throw new NotImplementedError('SNS Publish to a mobile endpoint');
      if ((input.TopicArn === undefined) === (input.TargetArn === undefined)) {
        throw invalidParameter('TopicArn or TargetArn Reason: exactly one value is required for either');
      }
      const topic = topics.require(input.TopicArn ?? input.TargetArn);
      const message = sns.compose(input);
      await deliveries.publish(topic.arn, [message]);
      return { MessageId: message.id };
    },
  };
}

export function publishBatch(sns: SnsService): Operation<PublishBatchInput, PublishBatchResponse> {
  const { topics, deliveries } = sns;
  return {
    name: 'PublishBatch',
    authorize: (input, call) => topics.permissions('Publish', input.TopicArn, call),
    async handle(input) {
      const topic = topics.require(input.TopicArn);
      const messages: PublishedMessage[] = [];
      const Successful: PublishBatchResultEntry[] = [];
      const Failed: BatchResultErrorEntry[] = [];
      for (const entry of checkEntries(input.PublishBatchRequestEntries)) {
        try {
          const message = sns.compose(entry);
          messages.push(message);
          Successful.push({ Id: entry.Id, MessageId: message.id });
        } catch (error) {
          if (!(error instanceof AwsError)) throw error;
          const Code = error.code.replace(/Exception$/, '');
          Failed.push({ Id: entry.Id, Code, Message: error.message, SenderFault: error.statusCode < 500 });
        }
      }
      if (messages.length > 0) await deliveries.publish(topic.arn, messages);
      return { Successful, Failed };
    },
  };
}

/** @throws AwsError `EmptyBatchRequest`, `TooManyEntriesInBatchRequest`, `InvalidBatchEntryId`, `BatchEntryIdsNotDistinct`, `BatchRequestTooLong` */
function checkEntries(entries: readonly PublishBatchRequestEntry[] | undefined): readonly PublishBatchRequestEntry[] {
  if (entries === undefined || entries.length === 0) {
    throw new AwsError('EmptyBatchRequestException', "The batch request doesn't contain any entries.");
  }
  if (entries.length > MAX_BATCH_ENTRIES) {
    throw new AwsError(
      'TooManyEntriesInBatchRequestException',
      'The batch request contains more entries than permissible.',
    );
  }
  const ids = entries.map((entry) => entry.Id ?? '');
  if (ids.some((id) => !/^[\w-]{1,80}$/.test(id))) {
    throw new AwsError(
      'InvalidBatchEntryIdException',
      "The Id of a batch entry in a batch request doesn't abide by the specification.",
    );
  }
  if (new Set(ids).size !== ids.length) {
    throw new AwsError(
      'BatchEntryIdsNotDistinctException',
      'Two or more batch entries in the request have the same Id.',
    );
  }
  if (entries.reduce((sum, entry) => sum + messageSize(entry), 0) > MAX_MESSAGE_BYTES) {
    throw new AwsError(
      'BatchRequestTooLongException',
      'The length of all the messages put together is more than the limit.',
    );
  }
  return entries;
}
