import * as z from 'zod';

/**
 * What the telemetry rule puts on the ingest queue and into the archive for each publish. The payload travels as
 * base64 (`encode(*, 'base64')`), so that malformed and CBOR payloads reach the function, and its dead letters, whole.
 */
export const ingestEnvelopeSchema = z.object({
  topic: z.string(),
  payload: z.base64(),
  clientId: z.string(),
  /** Certificate id of the publisher. */
  principal: z.string(),
  /** ms since the epoch, by the clock of AWS IoT */
  receivedAt: z.int(),
  traceId: z.string(),
});

export type IngestEnvelope = z.infer<typeof ingestEnvelopeSchema>;

/** SELECT clause of the rules that feed the ingest queue; it yields {@link IngestEnvelope}. */
export const INGEST_SELECT =
  "SELECT encode(*, 'base64') AS payload, topic() AS topic, clientid() AS clientId, principal() AS principal, timestamp() AS receivedAt, traceid() AS traceId";

/** Why a sample or message did not reach the hot store. Stored with it in the dead letters. */
export const REJECTION_REASONS = [
  'MALFORMED_PAYLOAD',
  'INVALID_MESSAGE',
  'FOREIGN_TOPIC',
  'REPLAYED_SEQUENCE',
  'CONFLICTING_RECORD',
  'SCHEMA_VIOLATION',
  'TIME_TOO_OLD',
  'TIME_IN_FUTURE',
  'STORE_REJECTED',
] as const;

export type RejectionReason = (typeof REJECTION_REASONS)[number];

/** A message in the rejected-telemetry queue: what arrived, whole, and why it (or which samples of it) was not stored. */
export const deadLetterSchema = z.object({
  version: z.literal(1),
  /** ms since the epoch, by the clock of the function */
  rejectedAt: z.int(),
  /** SQS message id of the ingest message. */
  messageId: z.string(),
  /** Undefined when the ingest message itself could not be read; then `body` holds it. */
  envelope: ingestEnvelopeSchema.optional(),
  body: z.string().optional(),
  rejections: z
    .array(
      z.object({
        reason: z.enum(REJECTION_REASONS),
        /** Indexes in the message's `samples`; undefined means the whole message. */
        samples: z.array(z.int().nonnegative()).optional(),
        detail: z.string(),
      }),
    )
    .min(1),
});

export type DeadLetter = z.infer<typeof deadLetterSchema>;
