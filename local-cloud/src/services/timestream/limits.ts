/** Limits of Amazon Timestream for LiveAnalytics. Source: developer guide, "Quotas", unless another page is named. */

export const MAX_DATABASES = 500;
export const MAX_TABLES = 50_000;

/** Name lengths in bytes of UTF-8. The API reference gives at least 3 characters for databases and tables. */
export const MIN_RESOURCE_NAME_LENGTH = 3;
export const MAX_RESOURCE_NAME_BYTES = 256;
export const MAX_DIMENSION_NAME_BYTES = 60;
export const MAX_MEASURE_NAME_BYTES = 256;

export const MIN_MEMORY_RETENTION_HOURS = 1;
export const MAX_MEMORY_RETENTION_HOURS = 8766;
export const DEFAULT_MEMORY_RETENTION_HOURS = 6;
export const MIN_MAGNETIC_RETENTION_DAYS = 1;
export const MAX_MAGNETIC_RETENTION_DAYS = 73_000;
export const DEFAULT_MAGNETIC_RETENTION_DAYS = 73_000;
export const FUTURE_INGESTION_MINUTES = 15;

export const MAX_RECORDS_PER_CALL = 100;
export const MAX_DIMENSIONS = 128;
export const MAX_MEASURE_NAMES_PER_TABLE = 8192;
export const MAX_MEASURES_PER_RECORD = 256;
export const MAX_MULTI_MEASURES_PER_TABLE = 1024;
/** Bytes: "Dimension name dimension value pair size per series". */
export const MAX_SERIES_BYTES = 2048;
/** Bytes: "Measure value size per multi-measure record"; also the length of one value (API reference, MeasureValue). */
export const MAX_MEASURE_VALUE_BYTES = 2048;
/** Bytes: "Maximum record size"; names of the measures inside a multi-measure record are not counted. */
export const MAX_RECORD_BYTES = 2048;

/** API reference, Record: Version is a 64-bit number. */
export const MAX_VERSION = 9_223_372_036_854_775_807n;

/** Supported data types: writes take 1970-01-01 00:00:00 to 2262-04-11 23:47:16.854775807. */
export const MAX_TIME_NANOSECONDS = 9_223_372_036_854_775_807n;

/** Developer guide, "Tagging restrictions". API reference, TagResource: 200 tags a call at most. */
export const MAX_TAGS = 200;
export const MAX_TAG_KEY_LENGTH = 128;
export const MAX_TAG_VALUE_LENGTH = 256;

export const MAX_QUERY_BYTES = 256 * 1024;
export const MAX_QUERY_MILLISECONDS = 3_600_000;
/** API reference, Query: 1 to 1000 rows a page, and pages of at most 1 MB. */
export const MAX_ROWS_PER_PAGE = 1000;
export const MAX_PAGE_BYTES = 1_048_576;
/** API reference, Query: a token serves five invocations or one hour; a client token is remembered for four hours. */
export const PAGE_TOKEN_INVOCATIONS = 5;
export const PAGE_TOKEN_MILLISECONDS = 3_600_000;
export const CLIENT_TOKEN_MILLISECONDS = 14_400_000;

/** API reference, ListDatabases and ListTables: 1 to 20 entries a page. */
export const MAX_LIST_PAGE = 20;
