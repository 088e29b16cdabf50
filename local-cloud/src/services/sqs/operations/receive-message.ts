import type { Message, MessageAttributeValue, ReceiveMessageRequest, ReceiveMessageResult } from '@aws-sdk/client-sqs';
import type { Operation } from '../../../core/api.ts';
import { invalidValue, unknownAttribute } from '../errors.ts';
import { MAX_MESSAGES_PER_RECEIVE, MAX_VISIBILITY_TIMEOUT, MAX_WAIT_SECONDS } from '../limits.ts';
import { attributesDigest } from '../message-digest.ts';
import type { Delivery } from '../queue.ts';
import type { QueueDirectory } from '../queue-directory.ts';

/** System attributes and how each reads from a delivery; undefined ones are left out. */
const SYSTEM_ATTRIBUTES: ReadonlyMap<string, (delivery: Delivery) => string | undefined> = new Map(
  Object.entries<(delivery: Delivery) => string | undefined>({
    ApproximateReceiveCount: (delivery) => String(delivery.receiveCount),
    SentTimestamp: (delivery) => String(delivery.sentTimestamp),
    SenderId: (delivery) => delivery.content.senderId,
    ApproximateFirstReceiveTimestamp: (delivery) => String(delivery.firstReceivedAt),
    AWSTraceHeader: (delivery) => delivery.content.traceHeader,
    DeadLetterQueueSourceArn: (delivery) => delivery.content.deadLetterSource,
    MessageDeduplicationId: () => undefined,
    MessageGroupId: () => undefined,
    SequenceNumber: () => undefined,
  }),
);
const ALL_SYSTEM_ATTRIBUTES = [...SYSTEM_ATTRIBUTES.keys()];

export function receiveMessage(queues: QueueDirectory): Operation<ReceiveMessageRequest, ReceiveMessageResult> {
  return {
    name: 'ReceiveMessage',
    authorize: (input) => queues.byUrl(input.QueueUrl).permissions('sqs:ReceiveMessage'),
    async handle(input) {
      const queue = queues.byUrl(input.QueueUrl);
      const { integers } = queue.configuration;
      const most = input.MaxNumberOfMessages ?? 1;
      if (!within(most, 1, MAX_MESSAGES_PER_RECEIVE)) {
        throw invalidValue(most, 'MaxNumberOfMessages', 'Must be between 1 and 10, if provided.');
      }
      const wait = input.WaitTimeSeconds ?? integers.ReceiveMessageWaitTimeSeconds;
      if (!within(wait, 0, MAX_WAIT_SECONDS)) {
        throw invalidValue(wait, 'WaitTimeSeconds', 'Must be >= 0 and <= 20, if provided.');
      }
      const visibility = input.VisibilityTimeout ?? integers.VisibilityTimeout;
      if (!within(visibility, 0, MAX_VISIBILITY_TIMEOUT)) {
        throw invalidValue(visibility, 'VisibilityTimeout', 'Must be between 0 and 43200, if provided.');
      }
      if (input.ReceiveRequestAttemptId !== undefined) {
        throw invalidValue(
          input.ReceiveRequestAttemptId,
          'ReceiveRequestAttemptId',
          'The request include parameter that is not valid for this queue type',
        );
      }
      const systemNames = systemAttributeNames(input);
      const deliveries = await queue.receive(most, visibility, wait);
      if (deliveries.length === 0) return {};
      return { Messages: deliveries.map((delivery) => messageOf(delivery, systemNames, input.MessageAttributeNames)) };
    },
  };
}

function within(value: number, least: number, most: number): boolean {
  return Number.isInteger(value) && value >= least && value <= most;
}

function systemAttributeNames(input: ReceiveMessageRequest): readonly string[] {
  const names: string[] = [...(input.MessageSystemAttributeNames ?? []), ...(input.AttributeNames ?? [])];
  if (names.includes('All')) return ALL_SYSTEM_ATTRIBUTES;
  for (const name of names) if (!SYSTEM_ATTRIBUTES.has(name)) throw unknownAttribute(name);
  return names;
}

function messageOf(delivery: Delivery, systemNames: readonly string[], names: readonly string[] | undefined): Message {
  const { content } = delivery;
  const message: Message = {
    MessageId: content.messageId,
    ReceiptHandle: delivery.receiptHandle,
    MD5OfBody: content.bodyMd5,
    Body: content.body,
  };
  if (systemNames.length > 0) {
    const attributes: Record<string, string> = {};
    for (const name of systemNames) {
      const value = SYSTEM_ATTRIBUTES.get(name)?.(delivery);
      if (value !== undefined) attributes[name] = value;
    }
    message.Attributes = attributes;
  }
  const attributes = content.attributes === undefined ? undefined : chosen(content.attributes, names ?? []);
  if (attributes !== undefined) {
    message.MessageAttributes = attributes;
    message.MD5OfMessageAttributes = attributesDigest(attributes);
  }
  return message;
}

/** `All`, `.*` and `prefix.*` choose several; the digest is of the chosen ones alone. */
function chosen(
  attributes: Readonly<Record<string, MessageAttributeValue>>,
  names: readonly string[],
): Record<string, MessageAttributeValue> | undefined {
  const matches = (name: string): boolean =>
    names.some(
      (asked) => asked === 'All' || asked === name || (asked.endsWith('.*') && name.startsWith(asked.slice(0, -2))),
    );
  const entries = Object.entries(attributes).filter(([name]) => matches(name));
  return entries.length === 0 ? undefined : Object.fromEntries(entries);
}
