/** Amazon S3 user guide, "Bucket naming rules". */
export const MIN_BUCKET_NAME = 3;
export const MAX_BUCKET_NAME = 63;
/** "Creating object key names": bytes of UTF-8. */
export const MAX_KEY_BYTES = 1024;
/** "Working with object metadata": user-defined metadata, names and values. */
export const MAX_METADATA_BYTES = 2048;

/** API reference, "PutObject": one upload. */
export const MAX_PUT_BYTES = 5 * 1024 ** 3;
/** User guide, "Amazon S3 multipart upload limits". */
export const MAX_OBJECT_BYTES = 5 * 1024 ** 4;
export const MIN_PART_BYTES = 5 * 1024 ** 2;
export const MAX_PART_NUMBER = 10_000;

/** "ListObjectsV2", "ListParts", "ListMultipartUploads", "DeleteObjects". */
export const MAX_LISTED = 1000;
export const MAX_DELETED = 1000;

/** "Categorizing your storage using tags". */
export const MAX_OBJECT_TAGS = 10;
export const MAX_BUCKET_TAGS = 50;
export const MAX_TAG_KEY = 128;
export const MAX_TAG_VALUE = 256;

/** "Bucket policies": 20 KB. */
export const MAX_POLICY_BYTES = 20 * 1024;
/** "Lifecycle configuration elements". */
export const MAX_LIFECYCLE_RULES = 1000;

export const DAY_MS = 24 * 3_600_000;
/** Ours: how often lifecycle rules are carried out (AWS: once a day, some time after midnight UTC). */
export const LIFECYCLE_SWEEP_MS = 3_600_000;
/** Ours: bodies up to this size are answered as a buffer, larger ones as a stream. */
export const MAX_BUFFERED_BYTES = 8 * 1024 ** 2;
