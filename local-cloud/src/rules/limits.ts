/** AWS General Reference, "AWS IoT Core rules engine limits and quotas", and the patterns of the API reference. */
export const MAX_ACTIONS_PER_RULE = 10;
export const MAX_RULES_PER_ACCOUNT = 1000;
export const MAX_RULE_NAME = 128;
export const RULE_NAME_PATTERN = /^[a-zA-Z0-9_]+$/;
/** `maxResults` of ListTopicRules. */
export const MAX_LIST_RESULTS = 10_000;
/** `maxResults` of ListTopicRuleDestinations (API reference: 1 to 1000). */
export const MAX_LIST_DESTINATIONS = 1000;
/** AWS General Reference: topic rule destinations per account. */
export const MAX_DESTINATIONS = 1000;
/** `confirmationUrl` and `url` (API reference: at most 2000 characters). */
export const MAX_URL_LENGTH = 2000;
/** How long a confirmation may take. The guide only says that it times out; three days is what SNS gives. */
export const CONFIRMATION_LIFETIME_MS = 3 * 86_400_000;
