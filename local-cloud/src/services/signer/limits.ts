/** AWS Signer API reference, "PutSigningProfile". */
export const PROFILE_NAME_PATTERN = '[a-zA-Z0-9_]{2,}';
export const MIN_PROFILE_NAME = 2;
export const MAX_PROFILE_NAME = 64;
/** "ListSigningJobs", "ListSigningProfiles", "ListSigningPlatforms". */
export const MAX_LISTED = 25;
/** "TagResource". */
export const MAX_TAGS = 200;
export const MAX_TAG_KEY = 128;
export const MAX_TAG_VALUE = 256;
/** "RevokeSignature", "RevokeSigningProfile". */
export const MAX_REASON = 500;
/** "SignatureValidityPeriod": at most 135 months, which is the default; 11 years and 3 months. */
export const MAX_VALIDITY_MONTHS = 135;
export const MEGABYTE = 1024 * 1024;
