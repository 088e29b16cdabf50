/** Bounds of Amazon Kinesis Data Streams. Source unless stated otherwise: developer guide, "Quotas and limits". */

/** bytes of data before base64; the default of a stream's largest record */
export const MAX_RECORD_BYTES = 1_048_576;
/** API reference, PutRecords. */
export const MAX_RECORDS_PER_PUT = 500;
export const MAX_PUT_BYTES = 10 * 1_048_576;
export const MAX_PARTITION_KEY_LENGTH = 256;
/** Of one shard, in one second. */
export const SHARD_WRITE_RECORDS = 1000;
export const SHARD_WRITE_BYTES = 1_048_576;
export const SHARD_READS = 5;
export const SHARD_READ_BYTES = 2 * 1_048_576;
/** API reference, GetRecords. */
export const MAX_RECORDS_PER_GET = 10_000;
export const MAX_GET_BYTES = 10 * 1_048_576;
/** ms; API reference, GetShardIterator. */
export const ITERATOR_LIFETIME = 300_000;
/** hours */
export const MIN_RETENTION = 24;
export const MAX_RETENTION = 8760;
/** Open shards of the account in the regions with the largest quota, and streams on demand. */
export const MAX_SHARDS = 20_000;
export const MAX_ON_DEMAND_STREAMS = 50;
/** Developer guide, "Choose the right mode for your streams": a new stream on demand takes 4 MB a second. */
export const ON_DEMAND_SHARDS = 4;
/** API reference, AddTagsToStream. */
export const MAX_TAGS = 50;
export const MAX_TAGS_PER_REQUEST = 10;
/** API reference, DescribeStream and ListShards. */
export const MAX_SHARDS_PER_DESCRIBE = 10_000;
export const DEFAULT_SHARDS_PER_DESCRIBE = 100;
export const DEFAULT_SHARDS_PER_LIST = 1000;

export const MAX_HASH_KEY = 2n ** 128n - 1n;
/** ms between looks for records that are older than their stream keeps them. */
export const EXPIRY_SWEEP = 60_000;
