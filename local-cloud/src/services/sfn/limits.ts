/** Bounds of AWS Step Functions. Source: developer guide, "Step Functions service quotas". */
export const MAX_DEFINITION_BYTES = 1_048_576;
/** Input and output of a state and of an execution. */
export const MAX_PAYLOAD_BYTES = 262_144;
export const MAX_HISTORY_EVENTS = 25_000;
export const MAX_PAGE = 1000;
export const DEFAULT_PAGE = 100;
export const MAX_TAGS = 50;
/** seconds; "Wait": up to a year. */
export const MAX_WAIT = 31_536_000;
/** Developer guide, "Handling errors", Retry: the defaults. */
export const DEFAULT_MAX_ATTEMPTS = 3;
export const DEFAULT_INTERVAL = 1;
export const DEFAULT_BACKOFF = 2;
/** Local bound: closed executions of one state machine that are remembered; AWS keeps them for 90 days. */
export const MAX_CLOSED_EXECUTIONS = 1000;
/** "Map": iterations at once of an inline map. */
export const MAX_MAP_CONCURRENCY = 40;
