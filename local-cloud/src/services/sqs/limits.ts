/** Bounds of Amazon SQS. Source unless stated otherwise: Amazon SQS API Reference, CreateQueue and SendMessage. */

/** Body plus message attributes, for one message and for one batch (API reference, SendMessage: 1 MiB). */
export const MAX_MESSAGE_BYTES = 1_048_576;

/** Developer guide, "Amazon SQS message quotas". */
export const MAX_BATCH_ENTRIES = 10;
export const MAX_MESSAGE_ATTRIBUTES = 10;
export const MAX_ATTRIBUTE_NAME_LENGTH = 256;

/** Developer guide, "Amazon SQS standard queue quotas": approximately 120,000 messages in flight. */
export const MAX_MESSAGES_IN_FLIGHT = 120_000;

/** API reference, ReceiveMessage. */
export const MAX_MESSAGES_PER_RECEIVE = 10;
export const MAX_WAIT_SECONDS = 20;

/** seconds; API reference, ChangeMessageVisibility: 12 hours, counted from the first receive. */
export const MAX_VISIBILITY_TIMEOUT = 43_200;

/** seconds */
export const MAX_DELAY = 900;

/** seconds; API reference, DeleteQueue and PurgeQueue. */
export const RECREATION_WAIT = 60;
export const PURGE_INTERVAL = 60;

/** API reference, TagQueue. */
export const MAX_TAGS = 50;

/** API reference, CreateQueue, RedriveAllowPolicy. */
export const MAX_REDRIVE_SOURCES = 10;

/** Developer guide, "Configure a dead-letter queue": 1 to 1,000 receives. */
export const MAX_RECEIVE_COUNT = 1000;

/** API reference, StartMessageMoveTask. */
export const MAX_MOVES_PER_SECOND = 500;

/** Integer queue attributes: least, most, default (API reference, CreateQueue). */
export const INTEGER_ATTRIBUTES = {
  DelaySeconds: [0, MAX_DELAY, 0],
  MaximumMessageSize: [1024, MAX_MESSAGE_BYTES, MAX_MESSAGE_BYTES],
  MessageRetentionPeriod: [60, 1_209_600, 345_600],
  ReceiveMessageWaitTimeSeconds: [0, MAX_WAIT_SECONDS, 0],
  VisibilityTimeout: [0, MAX_VISIBILITY_TIMEOUT, 30],
} as const;

export type IntegerAttribute = keyof typeof INTEGER_ATTRIBUTES;

/** Local bound: bodies kept in memory over all queues; beyond it they are read back from disk when received. */
export const BODY_CACHE_BYTES = 64 * 1024 * 1024;
