/** Secrets Manager API reference, "CreateSecret". */
export const MAX_SECRET_BYTES = 65_536;
export const MAX_NAME = 512;
export const NAME_PATTERN = '[A-Za-z0-9/_+=.@-]+';
export const MAX_DESCRIPTION = 2048;
export const MIN_TOKEN = 32;
export const MAX_TOKEN = 64;
export const MAX_SECRET_ID = 2048;
/** "PutSecretValue": VersionStages holds 1 to 20 labels of at most 256 characters. */
export const MAX_STAGES = 20;
export const MAX_STAGE_LENGTH = 256;
/** "TagResource" and the user guide, "Tagging". */
export const MAX_TAGS = 50;
export const MAX_TAG_KEY = 128;
export const MAX_TAG_VALUE = 256;
/** "PutResourcePolicy". */
export const MAX_POLICY_LENGTH = 20_480;

/** "DeleteSecret". */
export const MIN_RECOVERY_DAYS = 7;
export const MAX_RECOVERY_DAYS = 30;
export const DAY_MS = 24 * 3_600_000;

/** "GetRandomPassword". */
export const DEFAULT_PASSWORD_LENGTH = 32;
export const MAX_PASSWORD_LENGTH = 4096;

/** "ListSecrets" and "ListSecretVersionIds". */
export const MAX_LISTED = 100;

/** "PutSecretValue": the 100 most recent versions are kept, and all versions of the last 24 hours. */
export const KEPT_VERSIONS = 100;
export const KEPT_VERSION_AGE_MS = DAY_MS;

/** Ours: how often secrets whose recovery window is over are removed. */
export const DELETION_SWEEP_MS = 3_600_000;
