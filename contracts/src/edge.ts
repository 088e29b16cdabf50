import * as z from 'zod';
import { measureNameSchema } from './telemetry.ts';

/** Measures that one device can be told to look at: a shadow has 8 KB for everything. */
export const MAX_EDGE_MEASURES = 32;
/** What a device adds to the name of a measure for its moving average, and for the score of an anomaly. */
export const AVERAGE_SUFFIX = '_avg';
export const ANOMALY_SUFFIX = '_anomaly';
const MAX_SUFFIX = 8;
const MAX_NAME = 64;

/** Raises an alarm while a value is beyond a limit. */
export const edgeThresholdSchema = z
  .strictObject({
    above: z.number().optional(),
    below: z.number().optional(),
    /** How far inside the limit the value must be for the alarm to be cleared. */
    hysteresis: z.number().nonnegative().default(0),
    /** ms for which the value must be beyond the limit without a break */
    for: z.int().nonnegative().max(86_400_000).default(0),
    severity: z.enum(['warning', 'critical']).default('warning'),
    /** Of each value, or of the moving average. */
    of: z.enum(['value', 'average']).default('value'),
  })
  .refine(({ above, below }) => above !== undefined || below !== undefined, 'must have a limit above or below');

/** Leaves values out that tell nothing new. */
export const deadBandSchema = z
  .strictObject({
    /** A value is sent when it differs from the one sent last by more than this, in its own unit … */
    absolute: z.number().positive().optional(),
    /** … or by more than this share of it, in percent … */
    percent: z.number().positive().max(100).optional(),
    /** … or after this time, in ms. */
    maxSilence: z.int().min(1_000).max(86_400_000).default(600_000),
  })
  .refine(
    ({ absolute, percent }) => absolute !== undefined || percent !== undefined,
    'must have a width, absolute or in percent',
  );

/** Flags values that leave the level of those just before by far more than values usually do. */
export const edgeAnomalySchema = z.strictObject({
  /** Distance from the level, in standard deviations of the usual distance, from which a value is flagged. */
  score: z.number().min(2).max(1_000).default(10),
  /** Values after which a new level has half become the level. */
  pace: z.int().min(1).max(1_000).default(5),
  /** Values after which half of what is known of usual distances is forgotten. */
  memory: z.int().min(10).max(100_000).default(1_000),
  /** Differences below, in the measure's own unit, mean nothing. */
  resolution: z.number().nonnegative().default(0),
  /** Whether a flag also raises an alarm. */
  alarm: z.boolean().default(false),
});

export const edgeMeasureSchema = z
  .strictObject({
    average: z
      .strictObject({
        /** ms */
        window: z.int().min(1_000).max(86_400_000),
        /** Sends the average in place of the value, not beside it. */
        replace: z.boolean().default(false),
      })
      .optional(),
    deadBand: deadBandSchema.optional(),
    /** By the name of the alarm. */
    thresholds: z
      .record(
        z.string().regex(/^[a-z][a-z0-9-]{0,31}$/, 'must be 1 to 32 lower-case letters, digits or hyphens'),
        edgeThresholdSchema,
      )
      .refine((thresholds) => Object.keys(thresholds).length <= 8, 'must be at most 8')
      .optional(),
    anomaly: edgeAnomalySchema.optional(),
  })
  .refine(
    ({ average, thresholds = {} }) =>
      average !== undefined || Object.values(thresholds).every(({ of }) => of !== 'average'),
    'has a threshold of an average, but no average',
  );

/** Section `edge` of the shadow `config`: by the name of the measure. */
export const edgeConfigSchema = z
  .record(
    measureNameSchema.refine(
      (name) => name.length <= MAX_NAME - MAX_SUFFIX,
      `must have at most ${MAX_NAME - MAX_SUFFIX} characters`,
    ),
    edgeMeasureSchema,
  )
  .refine((measures) => Object.keys(measures).length <= MAX_EDGE_MEASURES, `must be at most ${MAX_EDGE_MEASURES}`);

export type EdgeThreshold = z.output<typeof edgeThresholdSchema>;
export type DeadBand = z.output<typeof deadBandSchema>;
export type EdgeAnomaly = z.output<typeof edgeAnomalySchema>;
export type EdgeMeasure = z.output<typeof edgeMeasureSchema>;
/** As it stands in the shadow. */
export type EdgeConfigInput = z.input<typeof edgeConfigSchema>;
export type EdgeConfig = z.output<typeof edgeConfigSchema>;
