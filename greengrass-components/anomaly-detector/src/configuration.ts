import * as z from 'zod';

const MINUTE = 60_000;

const pattern = z
  .string()
  .regex(/^[a-z0-9_*]{1,48}$/, 'must be the name of a series, in which * stands for any letters');
/** 2 reports what is twice as common, 0.1 only what is ten times as rare. Above 2.5 every value beyond the usual would be one. */
const sensitivity = z.number().min(0.001).max(2.5);

export const configurationSchema = z.strictObject({
  sensitivity: sensitivity.default(1),
  /** The first that matches a series decides for it. */
  series: z
    .array(
      z.strictObject({
        match: pattern,
        sensitivity: sensitivity.optional(),
        /** False: the series is not watched. */
        watch: z.boolean().default(true),
      }),
    )
    .max(200)
    .default([]),
  /** Series that are followed; values of further ones are counted and left out. */
  maxSeries: z.int().min(1).max(100_000).default(10_000),
  /** ms between two copies on disk of what was learnt */
  saveInterval: z
    .int()
    .min(5_000)
    .max(24 * 60 * MINUTE)
    .default(5 * MINUTE),
  /** A series whose values came regularly, and do not come any more. */
  silence: z
    .strictObject({
      report: z.boolean().default(true),
      /** Usual intervals without a value. */
      intervals: z.int().min(3).max(10_000).default(10),
      /** ms, at least */
      atLeast: z
        .int()
        .min(1_000)
        .max(24 * 60 * MINUTE)
        .default(MINUTE),
    })
    .prefault({}),
});

export type DetectorConfiguration = z.output<typeof configurationSchema>;

/** @returns sensitivity of a series; 0 when it is not watched */
export function sensitivityOf(configuration: DetectorConfiguration, series: string): number {
  const entry = configuration.series.find(({ match }) => matches(match, series));
  if (entry === undefined) return configuration.sensitivity;
  return entry.watch ? (entry.sensitivity ?? configuration.sensitivity) : 0;
}

/** Linear in the length of the name for each part of the pattern: no pattern can stall the component. */
function matches(pattern: string, series: string): boolean {
  const parts = pattern.split('*');
  const first = parts[0] ?? '';
  const last = parts.at(-1) ?? '';
  if (parts.length === 1) return pattern === series;
  if (!series.startsWith(first) || !series.endsWith(last) || series.length < first.length + last.length) return false;
  let from = first.length;
  const end = series.length - last.length;
  for (const part of parts.slice(1, -1)) {
    const found = series.indexOf(part, from);
    if (found < 0 || found + part.length > end) return false;
    from = found + part.length;
  }
  return true;
}
