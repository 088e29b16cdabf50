/** AWS General Reference, "AWS IoT Core rules engine limits and quotas", and the patterns of the API reference. */
export const MAX_ACTIONS_PER_RULE = 10;
export const MAX_RULES_PER_ACCOUNT = 1000;
export const MAX_RULE_NAME = 128;
export const RULE_NAME_PATTERN = /^[a-zA-Z0-9_]+$/;
/** `maxResults` of ListTopicRules. */
export const MAX_LIST_RESULTS = 10_000;
