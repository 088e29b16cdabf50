import * as z from 'zod';

/** Roll-ups of telemetry: what a bucket spans, in ms. */
export const ROLLUPS = { '1m': 60_000, '1h': 3_600_000 } as const;

export type Rollup = keyof typeof ROLLUPS;

/** Made of each number: `temperature_avg`, … `_count` is of samples that hold the measure. */
export const ROLLUP_AGGREGATES = ['min', 'max', 'avg', 'count'] as const;

export type RollupAggregate = (typeof ROLLUP_AGGREGATES)[number];

export function rollupColumn(measure: string, aggregate: RollupAggregate): string {
  return `${measure}_${aggregate}`;
}

/**
 * Span of the buckets of one minute that one run makes anew, and of what is made anew at once for late data, in ms.
 * Runs come every five minutes, so a sample is in a roll-up by itself when it is stored within 25 minutes of its time.
 */
export const ROLLUP_SLOT = 1_800_000;

/** Age at which a sample, when it is stored, may be too late for the regular runs, in ms. */
export const ROLLUP_LATE_AFTER = 1_200_000;

/** Slots, by their beginnings in ms since the epoch, whose roll-ups no longer hold. */
export const lateSlotsSchema = z.object({
  version: z.literal(1),
  slots: z.array(z.int().nonnegative().multipleOf(ROLLUP_SLOT)).min(1),
});

export type LateSlots = z.infer<typeof lateSlotsSchema>;
