/** Bounds of Amazon SNS. Source unless stated otherwise: Amazon SNS API Reference, CreateTopic, Subscribe and Publish. */

/** Body plus message attributes, for one message and for one batch: 256 KB. */
export const MAX_MESSAGE_BYTES = 262_144;
/** characters */
export const MAX_SUBJECT_LENGTH = 100;
export const MAX_DISPLAY_NAME_LENGTH = 100;
export const MAX_TOPIC_NAME_LENGTH = 256;
/** API reference, PublishBatch. */
export const MAX_BATCH_ENTRIES = 10;
/** API reference, TagResource. */
export const MAX_TAGS = 50;
export const MAX_TAG_KEY_LENGTH = 128;
export const MAX_TAG_VALUE_LENGTH = 256;
/** Members of one page of ListTopics and of the lists of subscriptions. */
export const PAGE_SIZE = 100;

/** Service endpoints and quotas, "Amazon SNS": standard topics and filter policies. */
export const MAX_TOPICS = 100_000;
export const MAX_FILTER_POLICIES_PER_TOPIC = 200;

/** API reference, Subscribe: a confirmation token is valid for two days. ms */
export const CONFIRMATION_LIFETIME = 2 * 86_400_000;

/** Developer guide, "Filter policy constraints in Amazon SNS". */
export const MAX_FILTER_POLICY_BYTES = 262_144;
export const MAX_FILTER_POLICY_KEYS = 5;
export const MAX_FILTER_POLICY_COMBINATIONS = 150;
export const MAX_FILTER_NUMBER = 1e9;

/** Developer guide, "Amazon SNS message attributes": a raw message to a queue carries at most 10. */
export const MAX_RAW_QUEUE_ATTRIBUTES = 10;
export const MAX_ATTRIBUTE_NAME_LENGTH = 256;

/** ms; developer guide, "Fanout to HTTP/S endpoints": an endpoint that has not answered by then has failed. */
export const ENDPOINT_TIMEOUT = 15_000;

/** Developer guide, "Creating an HTTP/S delivery policy". seconds, and retries */
export const MAX_DELAY_TARGET = 3600;
export const MAX_RETRIES = 100;
export const MAX_TOTAL_RETRY_TIME = 3600;

/** Local bounds: deliveries of one subscription that run at once, and that wait in memory with their message. */
export const CONCURRENT_DELIVERIES = 32;
export const HELD_DELIVERIES = 256;
