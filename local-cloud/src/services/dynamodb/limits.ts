/** DynamoDB API reference, "TransactWriteItems" and "TransactGetItems". */
export const MAX_TRANSACT_ITEMS = 100;
export const MAX_TRANSACT_BYTES = 4 * 1_048_576;
export const TOKEN_LIFETIME_MS = 10 * 60_000;
export const MAX_TOKEN = 36;

/** Developer guide, "How it works: DynamoDB Time to Live": older values are taken for mistakes and never expire. */
export const MAX_EXPIRED_AGE_SECONDS = 5 * 365 * 24 * 3600;

/** "UpdateContinuousBackups": RecoveryPeriodInDays. */
export const MAX_RECOVERY_DAYS = 35;

/** "TagResource". */
export const MAX_TAGS = 50;

/** "ListTables". */
export const MAX_LISTED_TABLES = 100;

/** Ours: how often expired items are looked for (AWS: "typically within a few days"), and how many at a time. */
export const EXPIRY_SWEEP_MS = 5 * 60_000;
export const EXPIRY_PAGE = 500;
/** Ours: items read at a time while a new index is filled. */
export const INDEX_FILL_PAGE = 500;
