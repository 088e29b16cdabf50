/** CloudWatch Logs API reference, "PutLogEvents". */
export const MAX_BATCH_BYTES = 1_048_576;
export const EVENT_OVERHEAD_BYTES = 26;
export const MAX_BATCH_EVENTS = 10_000;
export const MAX_EVENT_BYTES = 1_048_576;
export const MAX_BATCH_SPAN_MS = 24 * 3_600_000;
export const MAX_EVENT_AGE_MS = 14 * 24 * 3_600_000;
export const MAX_EVENT_LEAD_MS = 2 * 3_600_000;

/** "GetLogEvents" and "FilterLogEvents": a page holds up to 1 MB or 10,000 events, whichever comes first. */
export const MAX_PAGE_BYTES = 1_048_576;
export const MAX_PAGE_EVENTS = 10_000;
/** "GetLogEvents": the token expires after 24 hours. */
export const TOKEN_LIFETIME_MS = 24 * 3_600_000;
/** "FilterLogEvents": logStreamNames holds 1 to 100 names. */
export const MAX_FILTER_STREAMS = 100;
/** "FilterLogEvents": the latest events first only from 2024-01-01T00:00:00Z on. */
export const DESCENDING_SINCE = Date.UTC(2024, 0, 1);
/** "FilterLogEvents": filterPattern has at most 1,024 characters. */
export const MAX_FILTER_PATTERN = 1024;

/** "DescribeLogGroups" and "DescribeLogStreams": 1 to 50 items, 50 unless told. */
export const MAX_DESCRIBED = 50;

/** "CreateLogGroup". */
export const LOG_GROUP_NAME_PATTERN = '[\\.\\-_/#A-Za-z0-9]+';
export const MAX_LOG_GROUP_NAME = 512;
export const MAX_TAGS = 50;
/** "CreateLogStream". */
export const LOG_STREAM_NAME_PATTERN = '[^:*]*';
export const MAX_LOG_STREAM_NAME = 512;

/** "PutRetentionPolicy". */
export const RETENTION_DAYS: readonly number[] = [
  1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653,
];

export const DAY_MS = 24 * 3_600_000;

/** Ours: size at which a stream's file is closed and the next begun, and how often expired files are removed. */
export const SEGMENT_BYTES = 4_194_304;
export const RETENTION_SWEEP_MS = 3_600_000;
