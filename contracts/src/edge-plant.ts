import * as z from 'zod';
import { sampleSchema } from './telemetry.ts';

/**
 * Local topics of an edge core: what its components say to each other over the nucleus' publish/subscribe. None of them
 * leaves the core.
 */
const ROOT = 'fleetwright/edge';

const name = z
  .string()
  .regex(/^[a-z][a-z0-9-]{0,31}$/, 'must be 1 to 32 lower-case letters, digits or hyphens, beginning with a letter');

/** A source of field values: one Modbus unit, one CoAP server, one local device. */
export const edgeSourceSchema = name;
/** A series of values: `{source}_{point}`, which is also the name of its measure in the cloud. */
export const edgeSeriesSchema = z
  .string()
  .regex(
    /^[a-z][a-z0-9_]{0,47}$/,
    'must be 1 to 48 lower-case letters, digits or underscores, beginning with a letter',
  );

/** Values of a source as they were read. */
export function fieldTopic(source: string): string {
  return `${ROOT}/field/${source}`;
}
export const ALL_FIELD_TOPICS = `${ROOT}/field/+`;

/** Asks the gateway to write a point of a source, and its answers. */
export function writeTopic(source: string): string {
  return `${ROOT}/write/${source}`;
}
export function writtenTopic(source: string): string {
  return `${ROOT}/written/${source}`;
}
export const ALL_WRITE_TOPICS = `${ROOT}/write/+`;
export const ALL_WRITTEN_TOPICS = `${ROOT}/written/+`;

/** Anomalies of the detector, findings of models, decisions of rules. */
export const ANOMALY_TOPIC = `${ROOT}/anomaly`;
export const INFERENCE_TOPIC = `${ROOT}/inference`;
export const DECISION_TOPIC = `${ROOT}/decision`;

/** What is to reach the cloud, for the spool. */
export const UPLOAD_TOPIC = `${ROOT}/upload`;
/** The spool's promise that it holds what was given. */
export const STORED_TOPIC = `${ROOT}/stored`;

/** `good`: as measured; `uncertain`: an old value, the source is silent; `bad`: the source says that it is wrong. */
export const QUALITIES = ['good', 'uncertain', 'bad'] as const;

export const fieldValueSchema = z.strictObject({
  series: edgeSeriesSchema,
  /** ms since the epoch, by the core's clock */
  time: z.int().nonnegative(),
  value: z.union([z.number(), z.boolean()]),
  quality: z.enum(QUALITIES),
});

export type FieldValue = z.infer<typeof fieldValueSchema>;

export const fieldMessageSchema = z.strictObject({
  version: z.literal(1),
  source: edgeSourceSchema,
  values: z.array(fieldValueSchema).min(1).max(500),
});

export type FieldMessage = z.infer<typeof fieldMessageSchema>;

const requestId = z.string().regex(/^[0-9a-f]{32}$/, 'must be 32 hexadecimal digits');

export const writeRequestSchema = z.strictObject({
  version: z.literal(1),
  requestId,
  /** Name of the point in the gateway's configuration; it must be writable there. */
  point: edgeSeriesSchema,
  value: z.union([z.number(), z.boolean()]),
  /** ms since the epoch; after it the point is not written */
  expiresAt: z.int().nonnegative(),
});

export type WriteRequest = z.infer<typeof writeRequestSchema>;

export const writeAnswerSchema = z.strictObject({
  version: z.literal(1),
  requestId,
  ok: z.boolean(),
  /** Why it was not written. */
  detail: z.string().max(1_024).optional(),
  time: z.int().nonnegative(),
});

export type WriteAnswer = z.infer<typeof writeAnswerSchema>;

export const anomalyMessageSchema = z.strictObject({
  version: z.literal(1),
  series: edgeSeriesSchema,
  time: z.int().nonnegative(),
  value: z.number(),
  /** 0 to 1, as NAB scores detectors: how sure the detector is */
  score: z.number().min(0).max(1),
  /** What would have been usual. */
  expected: z.strictObject({ low: z.number(), high: z.number() }),
  explanation: z.string().max(512),
});

export type AnomalyMessage = z.infer<typeof anomalyMessageSchema>;

/** What a model watches: `pump_1` of the series `pump_1_vibration`. */
export const inferenceSubjectSchema = z
  .string()
  .regex(
    /^[a-z][a-z0-9_]{0,31}$/,
    'must be 1 to 32 lower-case letters, digits or underscores, beginning with a letter',
  );

/** `unknown`: the window held too little to say anything, or no model answers. */
export const INFERENCE_VERDICTS = ['normal', 'alarm', 'unknown'] as const;

/** What a model finds in a window of samples. One message for each subject and window, on {@link INFERENCE_TOPIC}. */
export const inferenceMessageSchema = z.strictObject({
  version: z.literal(1),
  model: name,
  /** `major.minor.patch` of the model */
  modelVersion: z.string().max(17),
  subject: inferenceSubjectSchema,
  /** End of the window, not included; ms since the epoch by the core's clock. */
  time: z.int().nonnegative(),
  /** ms of the window */
  length: z.int().min(1),
  verdict: z.enum(INFERENCE_VERDICTS),
  /** Whether the verdict is another one than in the message before of this model and subject. */
  changed: z.boolean(),
  /** By the names that the model's manifest gives them; none where the verdict is `unknown`. */
  outputs: z.record(edgeSeriesSchema, z.number()),
  /** What the verdict rests on, or what was missing. */
  explanation: z.string().max(512),
});

export type InferenceMessage = z.infer<typeof inferenceMessageSchema>;

export const decisionMessageSchema = z.strictObject({
  version: z.literal(1),
  rule: name,
  /** `begun` when its condition became true, `ended` when it is not any more. */
  state: z.enum(['begun', 'ended']),
  time: z.int().nonnegative(),
  /** µs from the message that decided to the command that followed */
  latency: z.int().nonnegative(),
  /** What the condition saw. */
  inputs: z.record(edgeSeriesSchema, z.union([z.number(), z.boolean()])),
  /** What was written, and whether it was taken. */
  actions: z.array(
    z.strictObject({ source: edgeSourceSchema, point: edgeSeriesSchema, value: z.union([z.number(), z.boolean()]) }),
  ),
});

export type DecisionMessage = z.infer<typeof decisionMessageSchema>;

/**
 * Samples for the cloud. The spool answers on {@link STORED_TOPIC} once they are on disk; until then they are the giver's to
 * keep. The same id again is the same samples.
 */
export const uploadMessageSchema = z.strictObject({
  version: z.literal(1),
  uploadId: requestId,
  channel: z.enum(['telemetry', 'event']),
  /** `alarm` goes first and is dropped last. */
  priority: z.enum(['alarm', 'normal', 'bulk']),
  samples: z.array(sampleSchema).min(1).max(500),
});

export type UploadMessage = z.infer<typeof uploadMessageSchema>;

export const storedMessageSchema = z.strictObject({
  version: z.literal(1),
  uploadId: requestId,
  ok: z.boolean(),
  detail: z.string().max(1_024).optional(),
});

export type StoredMessage = z.infer<typeof storedMessageSchema>;
