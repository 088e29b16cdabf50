/** KMS API reference, "Sign", "GenerateMac" and "Encrypt": the largest message. bytes */
export const MAX_MESSAGE_BYTES = 4096;
/** "Decrypt", "Verify". bytes */
export const MAX_CIPHERTEXT_BYTES = 6144;
/** "GenerateDataKey", "GenerateRandom". bytes */
export const MAX_RANDOM_BYTES = 1024;
/** "CreateKey", "PutKeyPolicy". bytes */
export const MAX_POLICY_BYTES = 32_768;
export const MAX_DESCRIPTION = 8192;
/** "TagResource" and the developer guide, "Tags in AWS KMS". */
export const MAX_TAGS = 50;
export const MAX_TAG_KEY = 128;
export const MAX_TAG_VALUE = 256;
/** "CreateAlias". */
export const MAX_ALIAS_NAME = 256;
export const ALIAS_NAME_PATTERN = 'alias/[a-zA-Z0-9/_-]+';
/** "ScheduleKeyDeletion". days */
export const MIN_PENDING_DAYS = 7;
export const MAX_PENDING_DAYS = 30;
/** "EnableKeyRotation". days */
export const MIN_ROTATION_DAYS = 90;
export const MAX_ROTATION_DAYS = 2560;
export const DEFAULT_ROTATION_DAYS = 365;
/** "RotateKeyOnDemand": at most so often for one key. */
export const MAX_ON_DEMAND_ROTATIONS = 25;
/** "ListKeys", "ListAliases", "ListKeyRotations". */
export const MAX_LISTED = 1000;
/** "ListResourceTags". */
export const MAX_LISTED_TAGS = 50;
export const DEFAULT_LISTED = 100;
export const DEFAULT_LISTED_ALIASES = 50;

export const DAY_MS = 86_400_000;
/** Ours: how often keys are looked at whose deletion or rotation is due. ms */
export const SWEEP_MS = 3_600_000;
