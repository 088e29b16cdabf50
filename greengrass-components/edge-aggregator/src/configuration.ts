import { deadBandSchema } from '@fleetwright/contracts';
import * as z from 'zod';

/** Steps of a window at most, and steps that a value may be late: what bounds the open panes of a series. */
const MAX_STEPS = 60;
const DAY = 86_400_000;

export const STATISTICS = ['mean', 'min', 'max', 'stddev', 'count', 'anomalies'] as const;

const timeWindowSchema = z.strictObject({
  by: z.literal('time'),
  /** ms */
  length: z.int().min(1_000).max(DAY),
  /** ms from one window to the next; shorter than `length`, windows overlap. @default `length` */
  every: z.int().min(1_000).max(DAY).optional(),
});

const countWindowSchema = z.strictObject({
  by: z.literal('count'),
  /** values */
  length: z.int().min(2).max(100_000),
  /** values from one window to the next. @default `length` */
  every: z.int().min(1).max(100_000).optional(),
  /** ms after which a step ends with fewer values */
  maxWait: z.int().min(1_000).max(DAY).default(3_600_000),
});

const windowSchema = z
  .discriminatedUnion('by', [timeWindowSchema, countWindowSchema])
  .refine(({ every, length }) => length % (every ?? length) === 0, 'length must be a multiple of every')
  .refine(({ every, length }) => length / (every ?? length) <= MAX_STEPS, `must be at most ${MAX_STEPS} steps long`);

const percentile = z
  .number()
  .min(0.1)
  .max(99.9)
  .refine((value) => Math.abs(value * 10 - Math.round(value * 10)) < 1e-9, 'must have at most one decimal');

const members = {
  /** `window`: summaries; `change`: each value that differs from the one sent last; `deadBand`: by more than a band; `off`: nothing. */
  mode: z.enum(['window', 'change', 'deadBand', 'off']),
  window: windowSchema,
  deadBand: deadBandSchema,
  /** ms after which a value that is the same is sent again in mode `change` */
  maxSilence: z.int().min(1_000).max(DAY),
  statistics: z.array(z.enum(STATISTICS)).min(1),
  percentiles: z.array(percentile).max(8),
  /** ms for which a window waits for values, and anomalies, of its time */
  lateness: z.int().min(0).max(3_600_000),
  uncertain: z.enum(['leaveOut', 'use']),
};

/** What the settings of one series must be together. */
const settingsSchema = z
  .strictObject(members)
  .refine(({ lateness, window }) => window.by === 'count' || lateness <= MAX_STEPS * (window.every ?? window.length), {
    path: ['lateness'],
    message: `must be at most ${MAX_STEPS} steps of the window`,
  });

export type SeriesSettings = z.output<typeof settingsSchema>;
export type WindowSettings = SeriesSettings['window'];

const DEFAULTS: SeriesSettings = {
  mode: 'window',
  window: { by: 'time', length: 60_000 },
  deadBand: { percent: 1, maxSilence: 600_000 },
  maxSilence: 600_000,
  statistics: [...STATISTICS],
  percentiles: [50, 95],
  lateness: 5_000,
  uncertain: 'leaveOut',
};

const partialSchema = z.strictObject(members).partial();
const pattern = z
  .string()
  .regex(/^[a-z0-9_*]{1,48}$/, 'must be 1 to 48 lower-case letters, digits, underscores or stars');

export const aggregationSchema = z
  .strictObject({
    /** Of every series, over what is built in. */
    defaults: partialSchema.default({}),
    /** By pattern of series (`*`: any run of characters), over the defaults. Of several that fit, the one with the most letters counts. */
    series: z.record(pattern, partialSchema).default({}),
    /** Series beyond are refused. */
    maxSeries: z.int().min(1).max(100_000).default(10_000),
    /** bytes, estimated, that all series may hold together */
    maxMemory: z
      .int()
      .min(1_048_576)
      .max(4_294_967_296)
      .default(256 * 1_048_576),
    /** ms without values after which a series is forgotten */
    forgetAfter: z
      .int()
      .min(60_000)
      .max(30 * DAY)
      .default(DAY),
  })
  .superRefine(({ defaults, series }, context) => {
    for (const [place, own] of [['defaults', {}] as const, ...Object.entries(series)]) {
      const read = settingsSchema.safeParse({ ...DEFAULTS, ...defaults, ...own });
      for (const issue of read.error?.issues ?? []) {
        const path = place === 'defaults' ? [place, ...issue.path] : ['series', place, ...issue.path];
        context.addIssue({ code: 'custom', path, message: issue.message });
      }
    }
  });

export type AggregationSettings = z.output<typeof aggregationSchema>;

export const configurationSchema = z
  .strictObject({
    ...aggregationSchema.shape,
    /** Bounds of raw values on demand. */
    raw: z
      .strictObject({
        /** ms */
        maxDuration: z.int().min(1_000).max(DAY).default(3_600_000),
        maxSeries: z.int().min(1).max(1_000).default(50),
        /** values of one request */
        maxValues: z.int().min(1).max(10_000_000).default(100_000),
      })
      .prefault({}),
    journal: z
      .strictObject({
        /** ms: values of at most so long are lost with a `kill -9` */
        delay: z.int().min(10).max(60_000).default(200),
        /** Whether each write is brought to disk (fdatasync), so that a power cut too loses no more than `delay`. */
        sync: z.boolean().default(false),
        /** bytes of journal after which the whole state is written, and the journal begun anew */
        checkpointBytes: z
          .int()
          .min(65_536)
          .max(1_073_741_824)
          .default(32 * 1_048_576),
      })
      .prefault({}),
    /** What is kept on disk until the spool has it. */
    uploads: z
      .strictObject({
        /** bytes */
        maxBytes: z
          .int()
          .min(1_048_576)
          .max(1_073_741_824)
          .default(64 * 1_048_576),
      })
      .prefault({}),
  })
  .superRefine(({ defaults, forgetAfter, maxMemory, maxSeries, series }, context) => {
    const read = aggregationSchema.safeParse({ defaults, forgetAfter, maxMemory, maxSeries, series });
    for (const { message, path } of read.error?.issues ?? []) context.addIssue({ code: 'custom', path, message });
  });

export type AggregatorConfiguration = z.output<typeof configurationSchema>;

/** Finds the settings of a series. */
export class SettingsBook {
  readonly #defaults: SeriesSettings;
  readonly #patterns: readonly { readonly fits: (series: string) => boolean; readonly settings: SeriesSettings }[];

  constructor({ defaults, series }: AggregationSettings) {
    this.#defaults = { ...DEFAULTS, ...defaults };
    this.#patterns = Object.entries(series)
      .sort(([left], [right]) => weightOf(right) - weightOf(left) || (left < right ? -1 : 1))
      .map(([text, own]) => ({ fits: matcherOf(text), settings: { ...this.#defaults, ...own } }));
  }

  of(series: string): SeriesSettings {
    return this.#patterns.find(({ fits }) => fits(series))?.settings ?? this.#defaults;
  }
}

/** Letters count; a pattern without star goes before all others. */
function weightOf(text: string): number {
  const letters = text.replaceAll('*', '').length;
  return text.includes('*') ? letters : letters + 1_000;
}

/** @param text `*` stands for any run of characters */
export function matcherOf(text: string): (series: string) => boolean {
  const [first = '', ...rest] = text.split('*');
  const last = rest.pop();
  if (last === undefined) return (series) => series === first;
  return (series) => {
    if (!series.startsWith(first)) return false;
    let at = first.length;
    for (const part of rest) {
      const found = series.indexOf(part, at);
      if (found < 0) return false;
      at = found + part.length;
    }
    return series.length - last.length >= at && series.endsWith(last);
  };
}
