/** Firehose API reference, "CreateDeliveryStream". */
export const MAX_STREAM_NAME = 64;
export const STREAM_NAME_PATTERN = '[a-zA-Z0-9_.-]+';
export const MAX_TAGS = 50;
/** "ExtendedS3DestinationConfiguration". */
export const ROLE_ARN_PATTERN = 'arn:.*:iam::\\d{12}:role/[a-zA-Z_0-9+=,.@\\-_/]+';
export const BUCKET_ARN_PATTERN = 'arn:.*:s3:::[\\w\\.\\-]{1,255}';
export const MAX_ARN = 2048;
export const MAX_PREFIX = 1024;
export const MAX_EVALUATED_PREFIX = 512;
export const FILE_EXTENSION_PATTERN = "^$|\\.[0-9a-z!\\-_.*'()]+";
export const MAX_FILE_EXTENSION = 128;
/** "BufferingHints". */
export const DEFAULT_BUFFER_MIB = 5;
export const MAX_BUFFER_MIB = 128;
/** Developer guide, "Convert input data format" and "Partition streaming data": from 64 MiB, 128 by default. */
export const MIN_STRUCTURED_BUFFER_MIB = 64;
export const DEFAULT_STRUCTURED_BUFFER_MIB = 128;
export const DEFAULT_BUFFER_SECONDS = 300;
export const MAX_BUFFER_SECONDS = 900;

/** "PutRecord" and "PutRecordBatch". */
export const MAX_RECORD_BYTES = 1_024_000;
export const MAX_BATCH_RECORDS = 500;
export const MAX_BATCH_BYTES = 4 * 1024 ** 2;

/** "ListDeliveryStreams" and "ListTagsForDeliveryStream". */
export const DEFAULT_LISTED = 10;
export const MAX_LISTED = 10_000;

/** Developer guide, "Handle data delivery failures": after this the data is lost. */
export const RETENTION_MS = 24 * 3_600_000;

/** Ours: pauses between attempts to deliver, doubling, and the size at which records are written as one block. */
export const FIRST_RETRY_MS = 5_000;
export const MAX_RETRY_MS = 300_000;
export const MAX_BLOCK_BYTES = 1024 ** 2;
