/** AssumeRole, `DurationSeconds`: seconds */
export const MIN_SESSION_DURATION = 900;
export const DEFAULT_SESSION_DURATION = 3600;
/** "Role chaining limits your AWS CLI or AWS API role session to a maximum of one hour." */
export const MAX_CHAINED_SESSION_DURATION = 3600;
