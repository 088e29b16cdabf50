import * as z from 'zod';

/** Name of a point within its source: with the source's name it is the series. */
export const pointNameSchema = z
  .string()
  .regex(/^[a-z][a-z0-9_]{0,30}$/, 'must be 1 to 31 lower-case letters, digits or underscores, beginning with a letter')
  .refine((name) => !(name in {}), 'is a name that every object has');

/** ms */
export const milliseconds = (least: number, most: number) => z.int().min(least).max(most);

/** What a request may write; of a switch, both states. */
const writableSchema = z
  .strictObject({ min: z.number(), max: z.number() })
  .refine(({ min, max }) => min <= max, 'min must be at most max');

/** What every point may have, whatever protocol it comes by. */
export const pointOptions = {
  /** value = raw × scale + offset */
  scale: z
    .number()
    .refine((scale) => scale !== 0, 'must not be 0')
    .default(1),
  offset: z.number().default(0),
  /** A value outside is published as `bad`. */
  valid: z
    .strictObject({ min: z.number().optional(), max: z.number().optional() })
    .refine(({ min, max }) => min === undefined || max === undefined || min <= max, 'min must be at most max')
    .optional(),
  /** A value that did not change in the least for so long is published as `uncertain`: sensors have noise. */
  frozenAfterMs: milliseconds(1_000, 86_400_000).optional(),
  /** `true`: both states of a switch. Without it the point is never written. */
  writable: z.union([z.literal(true), z.literal(false), writableSchema]).default(false),
};

export type Writable = boolean | { readonly min: number; readonly max: number };

export interface PointOptions {
  readonly scale: number;
  readonly offset: number;
  readonly valid?: { readonly min?: number; readonly max?: number };
  readonly frozenAfterMs?: number;
  readonly writable: Writable;
}

export const hostSchema = z.string().regex(/^[a-zA-Z0-9._:%-]{1,253}$/, 'must be a host name or an IP address');
export const portSchema = z.int().min(1).max(65_535);

/** Waits between attempts: doubled from `minMs` to `maxMs`, and drawn evenly between half of that and all of it. */
export const backOffSchema = z
  .strictObject({ minMs: milliseconds(50, 60_000).default(500), maxMs: milliseconds(50, 600_000).default(30_000) })
  .refine(({ minMs, maxMs }) => minMs <= maxMs, 'minMs must be at most maxMs')
  .prefault({});
