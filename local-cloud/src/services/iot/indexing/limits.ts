/**
 * Limits of fleet indexing: AWS General Reference, "AWS IoT Device Management endpoints and quotas", and where noted
 * the developer guide or the API reference.
 */
/** Developer guide, `query-syntax`: "The maximum number of terms in a query is twelve." */
export const MAX_QUERY_TERMS = 12;
/** Bytes of UTF-8. */
export const MAX_QUERY_LENGTH = 1000;
/** Of a query with a leading wildcard, in characters (`query-syntax`). */
export const MAX_LEADING_WILDCARD_QUERY_LENGTH = 100;
/** `query-syntax`: "Leading wildcard use is limited to 1 query term per query." */
export const MAX_LEADING_WILDCARD_TERMS = 1;
/** `*` in one term. */
export const MAX_MULTI_WILDCARDS = 2;
/** `?` in one term. */
export const MAX_SINGLE_WILDCARDS = 5;
/** API SearchIndex: "This maximum number cannot exceed 100." */
export const MAX_SEARCH_RESULTS = 100;

/** Page of ListIndices (API reference, QueryMaxResults). */
export const MAX_INDICES = 500;

export const MAX_CUSTOM_FIELDS = 5;
export const MAX_CUSTOM_FIELD_NAME_LENGTH = 1024;
export const MAX_NAMED_SHADOWS = 10;
/** API IndexingFilter. */
export const SHADOW_NAME_PATTERN = '[$a-zA-Z0-9:_-]+';
export const MAX_SHADOW_NAME_LENGTH = 64;

/** `managing-index`, "Maximum values". */
export const MAX_PERCENTS = 100;
/** `index-aggregate`, GetPercentiles. */
export const DEFAULT_PERCENTS: readonly number[] = [1, 5, 25, 50, 75, 95, 99];
/** API TermsAggregation. */
export const DEFAULT_BUCKETS = 10;
export const MAX_BUCKETS = 10_000;

export const MAX_DYNAMIC_GROUPS = 100;

export const MAX_FLEET_METRICS = 100;
/** API CreateFleetMetric. */
export const METRIC_NAME_PATTERN = '[a-zA-Z0-9_\\-\\.]+';
export const MIN_METRIC_PERIOD = 60;
export const MAX_METRIC_PERIOD = 86_400;
export const MAX_METRIC_DESCRIPTION_LENGTH = 1024;

/** The only query version there is (API SearchIndex). */
export const QUERY_VERSION = '2017-09-30';
