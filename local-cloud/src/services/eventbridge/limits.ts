/** EventBridge user guide, "Amazon EventBridge quotas", and API reference. */
export const MAX_TARGETS_PER_RULE = 5;
export const MAX_RULES_PER_BUS = 300;
export const MAX_ENTRIES = 10;
export const MAX_ENTRIES_BYTES = 256 * 1024;
export const MAX_PATTERN_LENGTH = 4096;
export const MAX_LISTED = 100;
/** "RetryPolicy". */
export const DEFAULT_ATTEMPTS = 185;
export const MAX_ATTEMPTS = 185;
export const DEFAULT_AGE_SECONDS = 86_400;
export const MIN_AGE_SECONDS = 60;

/** Ours: pauses between attempts, doubling. */
export const FIRST_RETRY_MS = 1000;
export const MAX_RETRY_MS = 900_000;
