/** IAM and AWS STS quotas (IAM user guide, "IAM and AWS STS quotas"). Sizes count characters without white space. */
export const MAX_ROLE_NAME_LENGTH = 64;
export const MAX_POLICY_NAME_LENGTH = 128;
export const MAX_TRUST_POLICY_SIZE = 2048;
/** All inline policies of a role together. */
export const MAX_ROLE_INLINE_POLICIES_SIZE = 10_240;
export const MAX_MANAGED_POLICY_SIZE = 6144;
export const MAX_MANAGED_POLICIES_PER_ROLE = 10;
export const MAX_TAGS = 50;
export const MAX_DESCRIPTION_LENGTH = 1000;

/** CreateRole, `MaxSessionDuration`: seconds */
export const MIN_SESSION_DURATION = 3600;
export const MAX_SESSION_DURATION = 43_200;

/** List operations, `MaxItems`. */
export const DEFAULT_PAGE_SIZE = 100;
export const MAX_PAGE_SIZE = 1000;
