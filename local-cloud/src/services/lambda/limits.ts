import { availableParallelism } from 'node:os';

/** Bounds of AWS Lambda. Source unless stated otherwise: Lambda developer guide, "Lambda quotas", and the API reference. */

/** Invoke, `Payload`: 6 MB synchronously, 1 MB asynchronously. */
export const MAX_SYNC_PAYLOAD_BYTES = 6_291_456;
export const MAX_ASYNC_PAYLOAD_BYTES = 1_048_576;
/** As AWS counts it in `Function.ResponseSizeTooLarge`. */
export const MAX_RESPONSE_BYTES = 6_291_556;
/** Invoke, `ClientContext`. */
export const MAX_CLIENT_CONTEXT_BYTES = 3583;
/** Invoke, `LogType`: the last 4 KB of the execution log. */
export const LOG_TAIL_BYTES = 4096;

/** seconds */
export const DEFAULT_TIMEOUT = 3;
export const MAX_TIMEOUT = 900;
/** MB */
export const DEFAULT_MEMORY_SIZE = 128;
export const MAX_MEMORY_SIZE = 10_240;
/** MB */
export const DEFAULT_EPHEMERAL_STORAGE = 512;
export const MAX_EPHEMERAL_STORAGE = 10_240;
export const MAX_ENVIRONMENT_BYTES = 4096;
/** Unzipped deployment package. */
export const MAX_CODE_BYTES = 262_144_000;
export const MAX_FUNCTION_NAME_LENGTH = 64;

/** ms; developer guide, "Understanding the Lambda execution environment lifecycle": init phase of 10 seconds. */
export const INIT_TIMEOUT = 10_000;

/** Event source mappings of SQS (developer guide, "Using Lambda with Amazon SQS"; API, CreateEventSourceMapping). */
export const MAX_QUEUE_BATCH_SIZE = 10_000;
export const DEFAULT_QUEUE_BATCH_SIZE = 10;
/** Above this a batching window of at least one second is needed. */
export const MAX_BATCH_SIZE_WITHOUT_WINDOW = 10;
/** seconds */
export const MAX_BATCHING_WINDOW = 300;
export const MIN_MAXIMUM_CONCURRENCY = 2;
export const MAX_MAXIMUM_CONCURRENCY = 1000;
/** "Lambda starts by reading five batches at a time": the local cloud does not scale up from there. */
export const QUEUE_CONCURRENCY = 5;

/** Asynchronous invocation (developer guide, "How Lambda handles asynchronous invocations"). */
export const MAX_RETRY_ATTEMPTS = 2;
/** ms: one minute before the second attempt, two before the third. */
export const RETRY_DELAYS = [60_000, 120_000] as const;
/** ms: throttled events wait from 1 second up to 5 minutes. */
export const FIRST_THROTTLE_DELAY = 1000;
export const MAX_THROTTLE_DELAY = 300_000;
/** seconds */
export const MIN_EVENT_AGE = 60;
export const MAX_EVENT_AGE = 21_600;

/**
 * Local bounds. A machine is not a region: beyond so many processes of one function further invocations wait for one
 * to be free, where AWS would start more.
 */
export const MAX_ENVIRONMENTS_PER_FUNCTION = 10;
/**
 * Batches of one queue that are under way at once. Each needs a process, and processes beyond the number of cores only
 * take time and memory from each other: the queue keeps what waits.
 */
export const MAX_BATCHES_PER_QUEUE = Math.max(2, availableParallelism());
/** Events of one function that are being tried at the same time. */
export const ASYNC_CONCURRENCY = 10;
/** ms without an invocation after which an environment is ended; AWS states no time. */
export const IDLE_LIFETIME = 600_000;
/** ms; environments are replaced before their credentials run out. */
export const CREDENTIAL_LIFETIME = 6 * 3_600_000;
/** ms that running invocations are given at a stop. */
export const STOP_GRACE = 10_000;
/** Part of the memory setting that is the JavaScript heap; the rest is code, stacks and buffers. */
export const HEAP_SHARE = 0.9;

/** Log shipping: CloudWatch Logs API reference, PutLogEvents (10,000 events, 1,048,576 bytes, 26 bytes per event). */
export const MAX_LOG_BATCH_EVENTS = 10_000;
export const MAX_LOG_BATCH_BYTES = 1_048_576;
export const LOG_EVENT_OVERHEAD = 26;
/** ms between the first line and its shipping. */
export const LOG_SHIP_INTERVAL = 1000;
/** Local bound of lines that wait for shipping, per environment. */
export const MAX_LOG_BACKLOG_BYTES = 16 * 1024 * 1024;
/** ms between reports of the same kind of failure of one function in the cloud's log. */
export const FAILURE_REPORT_INTERVAL = 1000;
