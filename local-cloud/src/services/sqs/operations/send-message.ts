import type {
  BatchResultErrorEntry,
  SendMessageBatchRequest,
  SendMessageBatchRequestEntry,
  SendMessageBatchResult,
  SendMessageBatchResultEntry,
  SendMessageRequest,
  SendMessageResult,
} from '@aws-sdk/client-sqs';
import type { Operation } from '../../../core/api.ts';
import { uuid } from '../../../core/entropy.ts';
import { AwsError } from '../../../core/errors.ts';
import type { Principal } from '../../../core/iam/principal.ts';
import { checkBatch } from '../batch.ts';
import { batchFailure, invalidParameter } from '../errors.ts';
import { MAX_MESSAGE_BYTES } from '../limits.ts';
import { attributesDigest, bodyDigest } from '../message-digest.ts';
import type { MessageContent } from '../message-record.ts';
import { checkMessage, messageSize, type OutgoingMessage } from '../message-validation.ts';
import type { QueueConfiguration } from '../queue-configuration.ts';
import type { QueueDirectory } from '../queue-directory.ts';

export function sendMessage(queues: QueueDirectory): Operation<SendMessageRequest, SendMessageResult> {
  return {
    name: 'SendMessage',
    authorize: (input) => queues.byUrl(input.QueueUrl).permissions('sqs:SendMessage'),
    async handle(input, call) {
      const queue = queues.byUrl(input.QueueUrl);
      const most = queue.configuration.integers.MaximumMessageSize;
      if (messageSize(input) > most) {
        throw invalidParameter(
          `One or more parameters are invalid. Reason: Message must be shorter than ${most} bytes.`,
        );
      }
      const message = compose(queues, input, queue.configuration, call.principal);
      await queue.send([message]);
      return receiptOf(message.content);
    },
  };
}

export function sendMessageBatch(queues: QueueDirectory): Operation<SendMessageBatchRequest, SendMessageBatchResult> {
  return {
    name: 'SendMessageBatch',
    authorize: (input) => queues.byUrl(input.QueueUrl).permissions('sqs:SendMessage'),
    async handle(input, call) {
      const queue = queues.byUrl(input.QueueUrl);
      const entries = checkBatch('SendMessageBatchRequestEntry', input.Entries);
      const total = entries.reduce((sum, entry) => sum + messageSize(entry), 0);
      if (total > MAX_MESSAGE_BYTES) {
        throw new AwsError(
          'BatchRequestTooLong',
          `Batch requests cannot be longer than ${MAX_MESSAGE_BYTES} bytes. You have sent ${total} bytes.`,
          400,
        );
      }
      const messages: { content: MessageContent; delaySeconds: number }[] = [];
      const Successful: SendMessageBatchResultEntry[] = [];
      const Failed: BatchResultErrorEntry[] = [];
      for (const entry of entries) {
        try {
          checkEntrySize(entry, queue.configuration);
          const message = compose(queues, entry, queue.configuration, call.principal);
          messages.push(message);
          Successful.push({ Id: entry.Id, ...receiptOf(message.content) } as SendMessageBatchResultEntry);
        } catch (error) {
          Failed.push(batchFailure(entry.Id as string, error));
        }
      }
      if (messages.length > 0) await queue.send(messages);
      return { Successful, Failed };
    },
  };
}

function checkEntrySize(entry: SendMessageBatchRequestEntry, configuration: QueueConfiguration): void {
  const most = configuration.integers.MaximumMessageSize;
  if (messageSize(entry) > most) {
    throw invalidParameter(
      `One or more parameters cannot be validated. Reason: Message must be shorter than ${most} bytes.`,
    );
  }
}

function compose(
  queues: QueueDirectory,
  input: OutgoingMessage,
  configuration: QueueConfiguration,
  sender: Principal,
): { content: MessageContent; delaySeconds: number } {
  const { body, delaySeconds, attributes, traceHeader } = checkMessage(input, configuration);
  const content: MessageContent = {
    messageId: uuid(queues.context.entropy),
    body,
    bodyMd5: bodyDigest(body),
    senderId: senderId(sender),
    attributes,
    traceHeader,
    deadLetterSource: undefined,
    earlierReceives: 0,
  };
  return { content, delaySeconds };
}

/** API reference, ReceiveMessage, `SenderId`: user id, or `<role id>:<session>`. */
function senderId(sender: Principal): string {
  if (sender.kind === 'service') return sender.service;
  return sender.kind === 'anonymous' || sender.kind === 'device' ? 'anonymous' : sender.userId;
}

function receiptOf(content: MessageContent): SendMessageResult {
  const result: SendMessageResult = { MessageId: content.messageId, MD5OfMessageBody: content.bodyMd5 };
  if (content.attributes !== undefined) result.MD5OfMessageAttributes = attributesDigest(content.attributes);
  if (content.traceHeader !== undefined) {
    result.MD5OfMessageSystemAttributes = attributesDigest({
      AWSTraceHeader: { DataType: 'String', StringValue: content.traceHeader },
    });
  }
  return result;
}
