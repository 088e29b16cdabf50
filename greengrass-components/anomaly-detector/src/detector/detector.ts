import * as at from './series-state.ts';
import { beginTail, distanceAt, measureTail } from './tail.ts';

/** What was unusual. `hour`: for the hour of the day; `shift`: the level; `range`: beyond all values; `frozen`: no change. */
export const MEASURES = ['hour', 'shift', 'range', 'frozen'] as const;
export type Measure = (typeof MEASURES)[number];

/** Why a value is an anomaly. */
export interface Finding {
  readonly measure: Measure;
  /** −log10 of the share of values that are as unusual */
  readonly severity: number;
  /** The value would not have been one between these, if only this measure were asked. */
  readonly low: number;
  readonly high: number;
  /** What was usual: at the hour for `hour`, the mean for others. */
  readonly usual: number;
  /** Range of the values before. */
  readonly seenLow: number;
  readonly seenHigh: number;
  /** How often the value has come without a change, for `frozen`. */
  readonly unchanged: number;
}

const SLOW = 2_000;
const FAST = 10;
const HOUR_SMOOTHING = 5;
/** Values of an hour of the day that its mean remembers: 100, or eight days of them. */
const HOUR_MEMORY = 100;
const HOUR_DAYS = 8;
const HOUR_MS = 3_600_000;
/** Values of an hour before its own mean counts. */
const HOUR_READY = 3;
/** By this share of itself the range of values shrinks with each one. */
const SHRINKING = 1e-4;
/** Distances below this share of the range are never unusual. */
const FLOOR = 0.01;
/** A value must have come so often without a change to be frozen. */
const FROZEN = 60;
/** Severity of an alarm, at sensitivity 1: 1 in 250 values by one of the measures. */
const ALARM = 2.4;
/** Values without anything unusual that end an event. */
const CALM = 100;
/** Within an event only what is so much more severe is reported. */
const WORSE = 1;
/** What a recent event adds to the severity of an alarm. */
const PER_EVENT = 0.1;
/** Recent: the last 2,000 values, or the last seven days of them. A series may alarm as often in a week, however fast it is read. */
const EVENT_MEMORY = 2_000;
const EVENT_MEMORY_MS = 7 * 86_400_000;
/** Values in which nothing is reported: there is too little to compare with. */
export const WARM_UP = 150;
/** Larger values could overflow differences. */
export const LARGEST_VALUE = 1e300;
/** ms between values that are believed: a clock that jumps must not change what was learnt */
const LARGEST_INTERVAL_STEP = 4;
const INTERVAL_MEMORY = 50;

/** Severity of an alarm: sensitivity 2 reports what is twice as common, 0.1 only what is ten times as rare. */
export function alarmSeverity(sensitivity: number): number {
  return ALARM - Math.log10(sensitivity);
}

/** Score of a severity: 0.5 at an alarm, towards 1 beyond. */
function scoreOf(severity: number, alarm: number): number {
  return severity / (severity + alarm);
}

export function beginSeries(state: Float64Array, row: number, time: number, value: number): void {
  state.fill(0, row, row + at.STATE_LENGTH);
  state[row + at.LAST_TIME] = time;
  for (const field of [at.LAST_VALUE, at.SLOW_MEAN, at.FAST_MEAN, at.LOW, at.HIGH]) state[row + field] = value;
  for (let tail = 0; tail < MEASURES.length; tail++) beginTail(state, row + at.TAILS + tail * at.TAIL_LENGTH);
}

/**
 * Scores values one by one, with constant memory and time for each.
 *
 * INVARIANTS
 * - The score of a value depends on the state of its series and the value alone: state that was stored and read again goes on
 *   with the same scores.
 * - Finite values below {@link LARGEST_VALUE} keep every double of the state finite.
 */
export class Detector {
  readonly #severities = new Float64Array(MEASURES.length);
  /** State of the series before the value, without its hours, and what was usual at the hour: findings tell of these. */
  readonly #before = new Float64Array(at.HOUR_MEANS);
  #usual = 0;
  #alarm = ALARM;

  /**
   * @param state many series
   * @param row where the series begins
   * @param time ms since the epoch
   * @param value finite
   * @param alarm severity of an alarm, by {@link alarmSeverity}
   * @returns 0 to 1; 0.5 and above is an anomaly to report. What belongs to an event that was reported is 0.
   */
  observe(state: Float64Array, row: number, time: number, value: number, alarm = ALARM): number {
    if (state[row + at.COUNT] === 0) beginSeries(state, row, time, value);
    for (let field = 0; field < at.HOUR_MEANS; field++) this.#before[field] = state[row + field] as number;
    const count = (state[row + at.COUNT] as number) + 1;
    state[row + at.COUNT] = count;
    this.#followInterval(state, row, time, count);
    this.#measure(state, row, time, value, count);
    return this.#judge(state, row, count, alarm);
  }

  /** Why the last observed value scored as it did. */
  get finding(): Finding {
    let leading = 0;
    for (let measure = 1; measure < MEASURES.length; measure++) {
      if ((this.#severities[measure] as number) > (this.#severities[leading] as number)) leading = measure;
    }
    const before = this.#before;
    const floor = FLOOR * ((before[at.HIGH] as number) - (before[at.LOW] as number));
    const distance = distanceAt(before, at.TAILS + leading * at.TAIL_LENGTH, this.#alarm, floor);
    const seenLow = before[at.LOW] as number;
    const seenHigh = before[at.HIGH] as number;
    const common = {
      measure: MEASURES[leading] as Measure,
      severity: this.#severities[leading] as number,
      usual: before[at.SLOW_MEAN] as number,
      unchanged: (before[at.UNCHANGED] as number) + 1,
      seenLow,
      seenHigh,
    };
    switch (common.measure) {
      case 'hour': {
        const was = before[at.HOUR_DISTANCE] as number;
        return { ...common, usual: this.#usual, ...limits(this.#usual + was, -was, distance, HOUR_SMOOTHING) };
      }
      case 'shift': {
        const fast = before[at.FAST_MEAN] as number;
        const smoothing = Math.min((before[at.COUNT] as number) + 1, FAST);
        return { ...common, ...limits(fast, common.usual - fast, distance, smoothing) };
      }
      case 'range':
        return { ...common, low: bounded(seenLow - distance), high: bounded(seenHigh + distance) };
      default:
        return { ...common, low: seenLow, high: seenHigh };
    }
  }

  #followInterval(state: Float64Array, row: number, time: number, count: number): void {
    const elapsed = time - (state[row + at.LAST_TIME] as number);
    if (count > 1 && elapsed >= 0) {
      const interval = state[row + at.INTERVAL] as number;
      const believed = interval === 0 ? elapsed : Math.min(elapsed, LARGEST_INTERVAL_STEP * interval);
      const weight = 1 / Math.min(count - 1, INTERVAL_MEMORY);
      const spread = state[row + at.INTERVAL_SPREAD] as number;
      state[row + at.INTERVAL] = interval + (believed - interval) * weight;
      state[row + at.INTERVAL_SPREAD] = count === 2 ? 0 : spread + (Math.abs(believed - interval) - spread) * weight;
    }
    state[row + at.LAST_TIME] = time;
  }

  #measure(state: Float64Array, row: number, time: number, value: number, count: number): void {
    const tails = row + at.TAILS;
    const low = state[row + at.LOW] as number;
    const high = state[row + at.HIGH] as number;
    const floor = FLOOR * (high - low);
    const severities = this.#severities;

    const hour = hourOf(time);
    this.#usual = usualAtHour(state, row, hour);
    const distance = value - this.#usual;
    const was = state[row + at.HOUR_DISTANCE] as number;
    const hourly = was + (distance - was) / HOUR_SMOOTHING;
    state[row + at.HOUR_DISTANCE] = hourly;
    severities[0] = measureTail(state, tails, Math.abs(hourly), floor);
    this.#learnHour(state, row, hour, value);

    const fast = state[row + at.FAST_MEAN] as number;
    const faster = fast + (value - fast) / Math.min(count, FAST);
    const slow = state[row + at.SLOW_MEAN] as number;
    state[row + at.FAST_MEAN] = faster;
    severities[1] = measureTail(state, tails + at.TAIL_LENGTH, Math.abs(faster - slow), floor);
    state[row + at.SLOW_MEAN] = slow + (value - slow) / Math.min(count, SLOW);

    const beyond = value > high ? value - high : value < low ? low - value : 0;
    severities[2] = measureTail(state, tails + 2 * at.TAIL_LENGTH, beyond, floor);
    const lowest = Math.min(low, value);
    const highest = Math.max(high, value);
    const shrinking = SHRINKING * (highest - lowest);
    state[row + at.LOW] = lowest + shrinking;
    state[row + at.HIGH] = highest - shrinking;

    const same = value === (state[row + at.LAST_VALUE] as number) && count > 1;
    const unchanged = same ? (state[row + at.UNCHANGED] as number) + 1 : 0;
    state[row + at.UNCHANGED] = unchanged;
    state[row + at.LAST_VALUE] = value;
    const frozen = measureTail(state, tails + 3 * at.TAIL_LENGTH, same ? unchanged : 0.5, 0);
    severities[3] = unchanged >= FROZEN ? frozen : 0;
  }

  #learnHour(state: Float64Array, row: number, hour: number, value: number): void {
    const counts = row + at.HOUR_COUNTS + hour;
    const seen = (state[counts] as number) + 1;
    state[counts] = seen;
    const mean = seen === 1 ? value : (state[row + at.HOUR_MEANS + hour] as number);
    const interval = state[row + at.INTERVAL] as number;
    const memory = interval > 0 ? Math.max(HOUR_MEMORY, (HOUR_DAYS * HOUR_MS) / interval) : HOUR_MEMORY;
    state[row + at.HOUR_MEANS + hour] = mean + (value - mean) / Math.min(seen, memory);
  }

  /** Turns severities into a score, of which one event gives one alarm. */
  #judge(state: Float64Array, row: number, count: number, alarm: number): number {
    const severities = this.#severities;
    const severity = Math.max(
      severities[0] as number,
      severities[1] as number,
      severities[2] as number,
      severities[3] as number,
    );
    const interval = state[row + at.INTERVAL] as number;
    const memory = interval > 0 ? Math.max(EVENT_MEMORY, EVENT_MEMORY_MS / interval) : EVENT_MEMORY;
    const recent = (state[row + at.RECENT_EVENTS] as number) * (1 - 1 / memory);
    state[row + at.RECENT_EVENTS] = recent;
    const left = state[row + at.EVENT_LEFT] as number;
    // A series that alarms often has to be more unusual to alarm again.
    this.#alarm = alarm + PER_EVENT * recent;
    const judged = severity - PER_EVENT * recent;
    if (count <= WARM_UP) return 0;
    if (judged < alarm) {
      if (left === 0) return judged > 0 ? scoreOf(judged, alarm) : 0;
      state[row + at.EVENT_LEFT] = left - 1;
      return 0;
    }
    state[row + at.EVENT_LEFT] = CALM;
    if (left > 0 && judged < (state[row + at.EVENT_SEVERITY] as number) + WORSE) return 0;
    state[row + at.EVENT_SEVERITY] = judged;
    state[row + at.RECENT_EVENTS] = recent + 1;
    return scoreOf(judged, alarm);
  }
}

function hourOf(time: number): number {
  return Math.floor(time / HOUR_MS) % at.HOURS;
}

function usualAtHour(state: Float64Array, row: number, hour: number): number {
  const ready = (state[row + at.HOUR_COUNTS + hour] as number) >= HOUR_READY;
  return state[row + (ready ? at.HOUR_MEANS + hour : at.SLOW_MEAN)] as number;
}

/** The values that keep a mean of `smoothing` values, which stands at `mean`, within `distance` of `mean + offset`. */
function limits(mean: number, offset: number, distance: number, smoothing: number): { low: number; high: number } {
  return {
    low: bounded(mean + smoothing * (offset - distance)),
    high: bounded(mean + smoothing * (offset + distance)),
  };
}

function bounded(value: number): number {
  return Math.max(-Number.MAX_VALUE, Math.min(Number.MAX_VALUE, value));
}
