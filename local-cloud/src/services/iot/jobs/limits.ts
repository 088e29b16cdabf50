/**
 * Limits of AWS IoT Jobs: AWS IoT API reference (lengths, patterns, ranges), AWS General Reference "AWS IoT Device
 * Management endpoints and quotas", and developer guide `job-limits`.
 */
export const JOB_ID_PATTERN = '[a-zA-Z0-9_-]+';
export const MAX_JOB_ID_LENGTH = 64;
/** AssociateTargetsWithJob: "The total number of targets associated with a job must not exceed 100." */
export const MAX_TARGETS = 100;
export const MAX_TARGET_LENGTH = 2048;
/** Characters. `jobs-management-control-api`: "The size of a job document is limited to 32 KB". */
export const MAX_DOCUMENT_LENGTH = 32_768;
export const MAX_DOCUMENT_SOURCE_LENGTH = 1350;
export const MAX_DESCRIPTION_LENGTH = 2028;
export const MAX_COMMENT_LENGTH = 2028;
/** No control, format, unassigned or private characters. */
export const TEXT_PATTERN = '[^\\p{C}]+';
export const REASON_CODE_PATTERN = '[\\p{Upper}\\p{Digit}_]+';
/** The same, as JavaScript writes it. */
export const REASON_CODE_EXPRESSION = /^[\p{Lu}\p{Nd}_]+$/u;
export const MAX_REASON_CODE_LENGTH = 128;

/** seconds */
export const MIN_URL_LIFETIME = 60;
export const MAX_URL_LIFETIME = 3600;
export const DEFAULT_URL_LIFETIME = 3600;

/** `job-configurations-api`: "ranges from 1 to 1000. If you don't set the value, it uses 1000 as the default value". */
export const MAX_ROLLOUT_RATE = 1000;
export const MIN_INCREMENT_FACTOR = 1.1;
export const MAX_INCREMENT_FACTOR = 5;
/** ms between two batches of a rollout */
export const ROLLOUT_PERIOD = 60_000;

/** minutes; `jobs-configurations-details`: "between 1 minute and 7 days". */
export const MIN_TIMEOUT = 1;
export const MAX_TIMEOUT = 10_080;
/** `job-configurations-api`: UpdateJobExecution discards a step timer with a value of -1. */
export const DISCARD_STEP_TIMER = -1;

/** `jobs-configurations-details`: "up to 10 retries for both failure types combined". */
export const MAX_RETRIES = 10;

/** ms; API reference, SchedulingConfig. */
export const MIN_SCHEDULE_LEAD = 30 * 60_000;
export const MAX_START_LEAD = 365 * 24 * 3_600_000;
export const MAX_END_LEAD = 2 * 365 * 24 * 3_600_000;
export const MIN_SCHEDULE_LENGTH = 30 * 60_000;
export const MAX_SCHEDULE_LENGTH = 2 * 365 * 24 * 3_600_000;
export const MAX_WINDOW_MINUTES = 1430;
/** DescribeJob shows "the next seven maintenance window occurrences". */
export const SHOWN_WINDOWS = 7;

export const DETAILS_KEY_PATTERN = '[a-zA-Z0-9:_-]+';
export const MAX_DETAILS_KEY_LENGTH = 128;
/** characters; API reference, UpdateJobExecution */
export const MAX_DETAILS_VALUE_LENGTH = 1024;
/** API reference, CancelJobExecution: "You can specify at most 10 name/value pairs." */
export const MAX_DETAILS = 10;

/** `job-limits`: executions in a ListNotification and in GetPendingJobExecutions; further ones of maintenance windows. */
export const MAX_LISTED_EXECUTIONS = 10;
export const MAX_LISTED_WINDOW_EXECUTIONS = 5;
