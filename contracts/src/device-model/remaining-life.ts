import * as z from 'zod';
import { plainMeasureSchema, ruleNameSchema } from './alert-rules.ts';
import { median, type Point, theilSen } from './theil-sen.ts';

const DAY = 86_400_000;

/** Something of a device that wears, and the level at which it is used up. */
export const lifeRuleSchema = z
  .strictObject({
    measure: plainMeasureSchema,
    /** `health` has its measures as its table has them: `battery_permille`, `memory_free_bytes`. */
    channel: z.enum(['telemetry', 'health']).default('telemetry'),
    direction: z.enum(['rising', 'falling']),
    endOfLife: z.number(),
    unit: z.string().max(16).optional(),
    /** How far back the trend is looked for. */
    lookbackDays: z.int().min(1).max(365).default(30),
    /** Less than this shows no trend. */
    minDays: z.number().min(0.01).max(365).default(3),
    confidencePercent: z.union([z.literal(80), z.literal(90), z.literal(95), z.literal(99)]).default(90),
  })
  .refine(({ lookbackDays, minDays }) => minDays <= lookbackDays, {
    path: ['minDays'],
    message: 'must be at most lookbackDays',
  });

export type LifeRule = z.infer<typeof lifeRuleSchema>;

/** What wears of one device type, by name. */
export const lifeRulesSchema = z.record(ruleNameSchema, lifeRuleSchema);
export type LifeRules = z.infer<typeof lifeRulesSchema>;

interface Evidence {
  readonly points: number;
  /** that the values span */
  readonly spanDays: number;
  /** ms since the epoch of a jump back, as of a replaced part, before which nothing was looked at */
  readonly since?: number;
}

interface Fit extends Evidence {
  /** Where the trend stands now. */
  readonly level: number;
  readonly perDay: number;
  /** Interval of `perDay`. */
  readonly perDayFrom: number;
  readonly perDayTo: number;
  readonly confidencePercent: number;
}

/** How long something lasts, in days, or why that cannot be said. */
export type LifeEstimate =
  | ({ readonly status: 'not-enough-evidence'; readonly reason: string } & Evidence)
  /** The interval of the trend holds no change at all; at its worst end it still lasts `atLeastDays`. */
  | ({ readonly status: 'no-trend'; readonly atLeastDays?: number } & Fit)
  | ({ readonly status: 'reached' } & Fit)
  /** The trend would have to be drawn out much further than it was seen. */
  | ({ readonly status: 'far'; readonly atLeastDays: number } & Fit)
  | ({
      readonly status: 'estimated';
      readonly days: number;
      readonly soonestDays: number;
      readonly latestDays: number;
    } & Fit);

const LEAST_POINTS = 12;
/** A trend is drawn out so many times as far as it was seen. */
const MAX_REACH = 10;
/** Values on either side of a jump, and how far its two lines must lie apart there, in spreads around them. */
const JUMP_SIDE = 6;
const JUMP_FACTOR = 6;

/**
 * Estimates when a trend reaches the end of life, from medians of equal stretches of time.
 * @param points in the order of time, ms
 * @param now ms since the epoch
 */
export function estimateLife(points: readonly Point[], rule: LifeRule, now: number): LifeEstimate {
  // Everything is turned so that it rises.
  const sign = rule.direction === 'rising' ? 1 : -1;
  const turned = points.map(([time, value]) => [time, value * sign] as const);
  const start = sinceJump(turned);
  const own = turned.slice(start);
  const first = own[0]?.[0] ?? now;
  const days = ((own.at(-1)?.[0] ?? now) - first) / DAY;
  const evidence: Evidence = { points: own.length, spanDays: days, ...(start > 0 && { since: first }) };
  const lacking = (reason: string): LifeEstimate => ({ status: 'not-enough-evidence', reason, ...evidence });
  if (own.length < LEAST_POINTS) return lacking(`${own.length} values; a trend takes ${LEAST_POINTS}`);
  if (days < rule.minDays) return lacking(`${days.toFixed(1)} days; a trend takes ${rule.minDays}`);
  const trend = theilSen(own, rule.confidencePercent);
  if (trend === undefined) return lacking('all values are of one time');

  const level = trend.at(now);
  const ends = [trend.lower * DAY * sign, trend.upper * DAY * sign] as const;
  const fit: Fit = {
    ...evidence,
    level: level * sign,
    perDay: trend.slope * DAY * sign,
    perDayFrom: Math.min(...ends),
    perDayTo: Math.max(...ends),
    confidencePercent: rule.confidencePercent,
  };
  const left = rule.endOfLife * sign - level;
  if (left <= 0) return { status: 'reached', ...fit };
  const daysAt = (slope: number): number => left / (slope * DAY);
  const reach = MAX_REACH * days;
  if (trend.lower <= 0) {
    const atLeast = trend.upper > 0 ? { atLeastDays: Math.min(daysAt(trend.upper), reach) } : {};
    return { status: 'no-trend', ...atLeast, ...fit };
  }
  const soonestDays = daysAt(trend.upper);
  if (daysAt(trend.slope) > reach) return { status: 'far', atLeastDays: Math.min(soonestDays, reach), ...fit };
  return { status: 'estimated', days: daysAt(trend.slope), soonestDays, latestDays: daysAt(trend.lower), ...fit };
}

/**
 * Index of the first value after the last jump back, as when a part was replaced or a battery changed. A jump stands out
 * from the spread of the values before and after it; the ups and downs of a day do not.
 */
function sinceJump(points: readonly Point[]): number {
  let best = 0;
  let drop = 0;
  for (let at = JUMP_SIDE; at <= points.length - JUMP_SIDE; at++) {
    const before = median(points.slice(at - JUMP_SIDE, at).map(([, value]) => value));
    const after = median(points.slice(at, at + JUMP_SIDE).map(([, value]) => value));
    if (before - after > drop) {
      drop = before - after;
      best = at;
    }
  }
  if (best === 0) return 0;
  // The medians blur the place by a few values; the largest single step is it.
  let step = 0;
  let place = best;
  for (let at = Math.max(1, best - JUMP_SIDE); at <= Math.min(points.length - 1, best + JUMP_SIDE); at++) {
    const fall = (points[at - 1] as Point)[1] - (points[at] as Point)[1];
    if (fall > step) {
      step = fall;
      place = at;
    }
  }
  const before = theilSen(points.slice(0, place), 90);
  const after = theilSen(points.slice(place), 90);
  const [time] = points[place] as Point;
  if (before === undefined || after === undefined) return 0;
  // A few wild values make a step, but no two lines.
  if (before.at(time) - after.at(time) <= JUMP_FACTOR * Math.max(before.spread, after.spread)) return 0;
  return place + sinceJump(points.slice(place));
}
