/**
 * Limits of AWS IoT Device Defender: AWS General Reference, "AWS IoT Device Defender endpoints and quotas"; developer
 * guide, `AuditCommands` and `device-defender-troubleshoot`; AWS IoT API reference.
 */
const HOUR = 3_600_000;
export const DAY = 24 * HOUR;

export const NAME_PATTERN = '[a-zA-Z0-9_-]+';
/** Security profiles, behaviors and dimensions. */
export const PROFILE_NAME_PATTERN = '[a-zA-Z0-9:_-]+';
export const MAX_NAME_LENGTH = 128;
/** Lists of Device Defender answer this many unless asked for another number. */
export const DEFAULT_PAGE_SIZE = 25;

export const MAX_SCHEDULED_AUDITS = 5;
export const MAX_AUDITS_IN_PROGRESS = 10;
/** "Findings are retained for 90 days." (API ListAuditFindings). ms */
export const AUDIT_RETENTION = 90 * DAY;
/** `audit-chk-conflicting-client-ids`: "the 31 days prior to the start of the audit". ms */
export const CONNECTION_HISTORY = 31 * DAY;
/** `audit-chk-device-cert-shared`: "up to 2 hours before the check is run". ms */
export const SHARED_CERTIFICATE_LAG = 2 * HOUR;
/** `audit-chk-device-cert-approaching-expiration`, `device-certificate-age-check`. days */
export const DEFAULT_EXPIRATION_THRESHOLD = 30;
export const DEFAULT_AGE_THRESHOLD = 365;
export const MIN_CERTIFICATE_THRESHOLD = 30;
export const MAX_CERTIFICATE_THRESHOLD = 3652;
export const MAX_SUPPRESSION_DESCRIPTION = 1000;

/** Five-minute windows in which metrics are gathered and behaviors evaluated. ms */
export const WINDOW = 300_000;
export const DURATIONS: readonly number[] = [300, 600, 900, 1800, 3600];
export const MAX_CONSECUTIVE_DATAPOINTS = 10;
export const MAX_BEHAVIORS = 100;
export const MAX_PROFILES_PER_TARGET = 5;
export const MAX_DIMENSION_VALUES = 5;
/** "Active violations … are available in violations history for up to 14 days." ms */
export const DETECT_RETENTION = 14 * DAY;
/** "If the device doesn't publish any metrics for more than two days, the violation … is set to `alarm-invalidated`." ms */
export const SILENCE_BEFORE_INVALIDATION = 2 * DAY;
/** `detect-device-side-metrics`: a report more often than every 300 seconds may be throttled. ms */
export const MIN_REPORT_INTERVAL = 300_000;
export const MAX_VERIFICATION_DESCRIPTION = 1000;
