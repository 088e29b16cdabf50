/**
 * State of one series: {@link STATE_LENGTH} doubles in a row of a shared array, and nothing else. It does not grow, and a copy of
 * the array is a snapshot of everything that was learnt.
 */

/** Values seen. */
export const COUNT = 0;
/** ms since the epoch of the last value */
export const LAST_TIME = 1;
export const LAST_VALUE = 2;
/** ms since the epoch, by the core's clock, when the last value came; 0: not since the start */
export const LAST_ARRIVAL = 3;
/** Mean of the ms between values, and of their distance from it. */
export const INTERVAL = 4;
export const INTERVAL_SPREAD = 5;
/** Mean of about the last 2,000 values, and of about the last 10. */
export const SLOW_MEAN = 6;
export const FAST_MEAN = 7;
/** Mean of about the last five distances from what is usual at the hour. */
export const HOUR_DISTANCE = 8;
/** Range of the values seen, which shrinks slowly. */
export const LOW = 9;
export const HIGH = 10;
/** How often the last value has come again without a change. */
export const UNCHANGED = 11;
/** Values until the event ends, the highest severity in it, and how much there was to report lately. */
export const EVENT_LEFT = 12;
export const EVENT_SEVERITY = 13;
export const RECENT_EVENTS = 14;
/** 1 while a silence has been reported and no value has come since. */
export const SILENT = 15;
/** Tails of the four measures, {@link TAIL_LENGTH} doubles each. */
export const TAILS = 16;
export const TAIL_LENGTH = 4;
export const HOUR_MEANS = TAILS + 4 * TAIL_LENGTH;
export const HOURS = 24;
export const HOUR_COUNTS = HOUR_MEANS + HOURS;

export const STATE_LENGTH = HOUR_COUNTS + HOURS;
/** Changes whenever the meaning of a double does: older state is then not read. */
export const STATE_VERSION = 1;
