/** Athena user guide, "Service Quotas", and API reference. */
export const MAX_QUERY_BYTES = 262_144;
export const MAX_RESULT_ROWS = 1000;
export const MAX_LISTED = 50;
export const WORKGROUP_PATTERN = '[a-zA-Z0-9._-]{1,128}';
export const MAX_WORKGROUPS = 1000;
export const MIN_BYTES_CUTOFF = 10_000_000;

/** Ours: queries at one time, projected partitions of one table, executions remembered. */
export const CONCURRENT_QUERIES = 2;
export const MAX_PROJECTED_VALUES = 1_000_000;
export const MAX_PROJECTED_PARTITIONS = 100_000;
export const MAX_EXECUTIONS = 10_000;
