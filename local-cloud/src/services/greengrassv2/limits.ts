/**
 * Limits of AWS IoT Greengrass V2: API reference (lengths, patterns, ranges) and AWS General Reference, "AWS IoT Greengrass
 * V2 endpoints and quotas".
 */
export const COMPONENT_NAME_PATTERN = '[a-zA-Z0-9-_.]+';
export const MAX_COMPONENT_NAME = 128;
export const MAX_COMPONENT_VERSION = 64;
/** bytes; "Maximum size of a component recipe" */
export const MAX_RECIPE_BYTES = 16 * 1024;
/** bytes; "Maximum total size of component artifacts" */
export const MAX_ARTIFACT_BYTES = 2 * 1024 ** 3;
/**
 * bytes of a deployment's document (developer guide, `device-auth`, `GetDeploymentConfiguration`): larger ones reach devices another
 * way.
 */
export const MAX_THING_DOCUMENT_BYTES = 7 * 1024;
export const MAX_GROUP_DOCUMENT_BYTES = 31 * 1024;
export const MAX_DEPLOYMENT_NAME = 256;
export const MAX_MERGE_LENGTH = 10_485_760;
export const MAX_RESET_LENGTH = 256;
export const TARGET_PATTERN = 'arn:[^:]*:iot:[^:]*:[0-9]+:(thing|thinggroup)/.+';
/** seconds; DeploymentComponentUpdatePolicy, DeploymentConfigurationValidationPolicy: "Default" */
export const UPDATE_TIMEOUT = 60;
export const VALIDATION_TIMEOUT = 30;
export const MAX_LISTED = 100;
/** ListDeployments, ListInstalledComponents: "Default: 50" */
export const DEFAULT_LISTED = 50;
/** ms; "caches successful responses for idempotent requests for up to 8 hours" */
export const TOKEN_LIFETIME = 8 * 3_600_000;
export const TOKEN_PATTERN = '[a-zA-Z0-9-_]+';
export const MAX_TOKEN = 64;
export const MAX_TAGS = 200;
export const MAX_TAG_KEY = 128;
export const MAX_TAG_VALUE = 256;
