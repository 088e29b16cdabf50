/**
 * State of one series: {@link STATE_LENGTH} doubles in a row of a shared array, and nothing else. It does not grow, and a copy of
 * the array is a snapshot of everything that was learnt.
 */

/** Values seen. */
export const COUNT = 0;
/** ms since the epoch of the last value */
export const LAST_TIME = 1;
export const LAST_VALUE = 2;
/** Mean of the ms between values, and of their distance from it. */
export const INTERVAL = 3;
export const INTERVAL_SPREAD = 4;
/** Mean of about the last 2,000 values, and of about the last 10. */
export const SLOW_MEAN = 5;
export const FAST_MEAN = 6;
/** Mean of about the last five distances from what is usual at the hour. */
export const HOUR_DISTANCE = 7;
/** Range of the values seen, which shrinks slowly. */
export const LOW = 8;
export const HIGH = 9;
/** How often the last value has come again without a change. */
export const UNCHANGED = 10;
/** Values until the event ends, the highest severity in it, and how much there was to report lately. */
export const EVENT_LEFT = 11;
export const EVENT_SEVERITY = 12;
export const RECENT_EVENTS = 13;
/** Tails of the four measures, {@link TAIL_LENGTH} doubles each. */
export const TAILS = 14;
export const TAIL_LENGTH = 4;
export const HOUR_MEANS = TAILS + 4 * TAIL_LENGTH;
export const HOURS = 24;
export const HOUR_COUNTS = HOUR_MEANS + HOURS;

export const STATE_LENGTH = HOUR_COUNTS + HOURS;
/** Changes whenever the meaning of a double does: older state is then not read. */
export const STATE_VERSION = 1;
