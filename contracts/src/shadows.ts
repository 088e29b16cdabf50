import * as z from 'zod';
import { edgeConfigSchema } from './edge.ts';

/** Named shadows of every device. `presence` is written by the platform alone; the device policy denies it to devices. */
export const NAMED_SHADOWS = ['config', 'firmware', 'health'] as const;
export const PRESENCE_SHADOW = 'presence';

/**
 * How histories, alerts and tables call the classic shadow. No named shadow can be called so: their names have letters,
 * digits and `:`, `_`, `-`, `$` only (IoT API reference, UpdateThingShadow).
 */
export const CLASSIC_SHADOW = '(classic)';

export type NamedShadow = (typeof NAMED_SHADOWS)[number];

const jsonValue = z.json();

/** `config`: what a device is told to do. Unknown settings stay in the shadow and are reported back when applied. */
export const configShadowSchema = z.looseObject({
  /** ms between two samples */
  sampleInterval: z.int().min(10).max(86_400_000).optional(),
  /** ms between two health messages */
  healthInterval: z.int().min(1_000).max(86_400_000).optional(),
  logLevel: z.enum(['debug', 'info', 'warn', 'error']).optional(),
  /** what the device looks for before it sends anything */
  edge: edgeConfigSchema.optional(),
});

/** `firmware`: desired by an update campaign, reported by the device. */
export const firmwareShadowSchema = z.looseObject({
  version: z.string().min(1).max(64).optional(),
  /** Reported only. */
  hardwareRevision: z.string().min(1).max(64).optional(),
  /** Reported only. */
  state: z.enum(['running', 'downloading', 'verifying', 'installing', 'rolled-back', 'failed']).optional(),
});

/** `health`: the last known condition, reported only. */
export const healthShadowSchema = z.looseObject({
  /** percent */
  battery: z.number().min(0).max(100).optional(),
  /** dBm */
  signal: z.number().optional(),
  /** bytes */
  memoryFree: z.number().nonnegative().optional(),
  /** bytes */
  diskFree: z.number().nonnegative().optional(),
  /** percent */
  cpu: z.number().min(0).max(100).optional(),
  /** °C */
  temperature: z.number().optional(),
  /** errors logged since the agent started */
  errors: z.int().nonnegative().optional(),
  /** samples lost since the agent started, for lack of room */
  samplesDropped: z.int().nonnegative().optional(),
});

/** State of each named shadow, for desired and reported alike. */
export const SHADOW_SCHEMAS = {
  config: configShadowSchema,
  firmware: firmwareShadowSchema,
  health: healthShadowSchema,
} as const satisfies Record<NamedShadow, z.ZodType>;

/** A section of a shadow: an object of JSON values. */
export const shadowSectionSchema = z.record(z.string(), jsonValue);

export type ShadowSection = z.infer<typeof shadowSectionSchema>;

/**
 * What the twin rules put on the queues of history and drift for each change of a shadow, and for its deletion.
 * Source of the fields: IoT developer guide, "Device Shadow service documents", `/update/documents`.
 */
export const twinChangeSchema = z.object({
  kind: z.enum(['changed', 'deleted']),
  thingName: z.string().min(1),
  /** Name of the shadow, or {@link CLASSIC_SHADOW}. */
  shadowName: z.string().min(1),
  version: z.int().nonnegative(),
  /** seconds since the epoch at which the service made the document */
  madeAt: z.int().nonnegative(),
  /** ms since the epoch at which the rule saw it */
  receivedAt: z.int().nonnegative(),
  desired: shadowSectionSchema.optional(),
  reported: shadowSectionSchema.optional(),
});

export type TwinChange = z.infer<typeof twinChangeSchema>;
