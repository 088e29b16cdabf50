import * as z from 'zod';
import { measureNameSchema } from '../telemetry.ts';

/** Names of rules, life estimates and the like: they stand in alert ids. */
export const ruleNameSchema = z
  .string()
  .regex(/^[a-z0-9][a-z0-9-]{0,63}$/, 'must be 1 to 64 lower-case letters, digits or hyphens')
  .refine((name) => !(name in {}), 'is a name that every object has');

/** A measure of a sample that rules and models may speak of. */
export const plainMeasureSchema = measureNameSchema.refine((name) => !(name in {}), 'is a name that every object has');

export const SEVERITIES = ['info', 'warning', 'critical'] as const;
export type Severity = (typeof SEVERITIES)[number];

/** Level from which the condition holds, and the one at which it is over: between them nothing changes. */
const levelsSchema = z.strictObject({ raise: z.number(), clear: z.number() });

const seconds = (most: number) => z.int().min(0).max(most);
const DAY = 86_400;
const HEALTH_MEASURES: readonly string[] = ['battery', 'signal', 'memoryFree'];

/**
 * When samples of a device are an alert. Exactly one of `above` and `below`.
 *
 * Durations are counted in the time of the samples: what was sent late is judged as if it had come in time, and nothing
 * is concluded from silence. Booleans count as 0 and 1; text is not looked at.
 */
export const alertRuleSchema = z
  .strictObject({
    measure: plainMeasureSchema,
    /** `health` has its measures as devices send them: `battery` (percent), `signal` (dBm), `memoryFree` (bytes). */
    channel: z.enum(['telemetry', 'event', 'health']).default('telemetry'),
    severity: z.enum(SEVERITIES).default('warning'),
    /** The condition holds when the value is greater than `raise`, and is over when it is at most `clear`. */
    above: levelsSchema.optional(),
    /** The condition holds when the value is less than `raise`, and is over when it is at least `clear`. */
    below: levelsSchema.optional(),
    /** Levels are of the change in `perSeconds`, taken over a window, and not of the value itself. */
    rate: z
      .strictObject({
        windowSeconds: z.int().min(6).max(DAY),
        perSeconds: z.int().min(1).max(DAY).default(60),
      })
      .optional(),
    /** How long the condition must hold before the alert is raised. */
    forSeconds: seconds(DAY).default(0),
    /** How long it must be over before the alert is cleared. */
    clearForSeconds: seconds(DAY).default(0),
    /** Samples further apart than this do not show that anything lasted. */
    maxGapSeconds: z.int().min(1).max(DAY).default(900),
  })
  .superRefine(({ above, below, channel, measure }, context) => {
    const issue = (path: string, message: string) => context.addIssue({ code: 'custom', path: [path], message });
    if ((above === undefined) === (below === undefined)) issue('above', 'either above or below must be given');
    if (above !== undefined && above.clear > above.raise) issue('above', 'clear must be at most raise');
    if (channel === 'health' && !HEALTH_MEASURES.includes(measure)) {
      issue('measure', `must be one of ${HEALTH_MEASURES.join(', ')} on the health channel`);
    }
    if (below !== undefined && below.clear < below.raise) issue('below', 'clear must be at least raise');
  });

export type AlertRule = z.infer<typeof alertRuleSchema>;

/** Rules of one device type, by name. */
export const alertRulesSchema = z.record(ruleNameSchema, alertRuleSchema);
export type AlertRules = z.infer<typeof alertRulesSchema>;

const time = z.int().nonnegative();

/**
 * What is remembered of one rule on one device. `seen` is the time of the newest sample taken in when this was kept:
 * earlier ones, and the same again, change nothing. Times in ms since the epoch, of the device's clock.
 */
export const ruleStateSchema = z.object({
  phase: z.enum(['calm', 'pending', 'raised', 'clearing']),
  seen: time,
  /** Since when the condition holds; not while calm. */
  since: time.optional(),
  /** Since when it is over, while clearing. */
  calmSince: time.optional(),
  /** Of a rate: samples that stand for the window. */
  points: z.array(z.tuple([time, z.number()])).optional(),
  /** Of a raised alert, so that it can be cleared when its rule is gone. */
  told: z
    .object({
      measure: z.string(),
      severity: z.enum(SEVERITIES),
      basis: z.enum(['value', 'rate']),
      direction: z.enum(['above', 'below']),
    })
    .optional(),
});

export type RuleState = z.infer<typeof ruleStateSchema>;

/** What is remembered of one device, by rule. A rule that never held has no entry. */
export const deviceAlertStateSchema = z.record(z.string(), ruleStateSchema);
export type DeviceAlertState = z.infer<typeof deviceAlertStateSchema>;
