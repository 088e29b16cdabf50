import { type DeadLetter, deadLetterSchema, type IngestEnvelope, ingestEnvelopeSchema } from '@fleetwright/contracts';
import { z } from 'zod';

/**
 * What lies in a queue: telemetry with reasons, telemetry that failed again and again, errors of topic rules; `plain` is
 * whatever another stack's function could not handle, or the errors of its rules.
 */
export type LetterKind = 'rejected' | 'failed' | 'rule-errors' | 'plain';

/** "Error action message format" (IoT developer guide, `rule-error-handling`), the parts that are read. */
const ruleErrorSchema = z.object({
  ruleName: z.string(),
  topic: z.string(),
  cloudwatchTraceId: z.string().optional(),
  clientId: z.string().optional(),
  base64OriginalPayload: z.string(),
  failures: z.array(z.object({ failedAction: z.string(), failedResource: z.string(), errorMessage: z.string() })),
});

/** A dead letter as an operator sees it. */
export interface Letter {
  readonly messageId: string;
  /** ms since the epoch: when it was put there. */
  readonly at: number;
  readonly topic?: string;
  /** Reasons to choose by: those of the contract, failed actions, or `UNREADABLE`. */
  readonly reasons: readonly string[];
  readonly details: readonly string[];
  /** The payload that the device sent. */
  readonly payload?: Buffer;
  /** What goes back to the ingest queue; a text says why nothing can. */
  readonly redrive: { readonly body: string } | { readonly refused: string };
}

export interface QueuedMessage {
  readonly messageId: string;
  readonly body: string;
  /** ms since the epoch */
  readonly sentAt: number;
}

const MAX_BODY = 500;

/** Rules whose messages go to the ingest queue. */
export interface LetterSettings {
  readonly ingestRules: readonly string[];
  /** Whether there is a queue that plain letters came from. */
  readonly hasSource: boolean;
}

/** Decodes what lies in a dead-letter queue. What cannot be read is shown whole, and stays where it is. */
export function readLetter(kind: LetterKind, message: QueuedMessage, settings: LetterSettings): Letter {
  const json = parse(message.body);
  if (kind === 'rejected') {
    const letter = deadLetterSchema.safeParse(json);
    if (letter.success) return rejectedLetter(message, letter.data);
  } else if (kind === 'failed') {
    const envelope = ingestEnvelopeSchema.safeParse(json);
    if (envelope.success) return failedLetter(message, envelope.data);
  } else {
    const error = ruleErrorSchema.safeParse(json);
    if (error.success) return ruleErrorLetter(message, error.data, settings);
    if (kind === 'plain') return plainLetter(message, settings);
  }
  return {
    messageId: message.messageId,
    at: message.sentAt,
    reasons: ['UNREADABLE'],
    details: [message.body.slice(0, MAX_BODY)],
    redrive: { refused: 'it cannot be read' },
  };
}

function rejectedLetter({ messageId }: QueuedMessage, letter: DeadLetter): Letter {
  const { body, envelope, rejectedAt, rejections } = letter;
  const original = envelope === undefined ? body : JSON.stringify(envelope);
  return {
    messageId,
    at: rejectedAt,
    reasons: [...new Set(rejections.map(({ reason }) => reason))],
    details: rejections.map(({ detail, reason, samples }) =>
      samples === undefined ? `${reason}: ${detail}` : `${reason} (samples ${samples.join(', ')}): ${detail}`,
    ),
    ...(envelope !== undefined && { topic: envelope.topic, payload: Buffer.from(envelope.payload, 'base64') }),
    redrive: original === undefined ? { refused: 'it holds no original' } : { body: original },
  };
}

function failedLetter({ body, messageId, sentAt }: QueuedMessage, envelope: IngestEnvelope): Letter {
  return {
    messageId,
    at: sentAt,
    reasons: ['FAILED'],
    details: ['every delivery to the ingest function failed; its log says why'],
    topic: envelope.topic,
    payload: Buffer.from(envelope.payload, 'base64'),
    redrive: { body },
  };
}

/** It goes back as it is: what it means is known to the function that could not handle it. */
function plainLetter({ body, messageId, sentAt }: QueuedMessage, { hasSource }: LetterSettings): Letter {
  return {
    messageId,
    at: sentAt,
    reasons: ['FAILED'],
    details: [body.slice(0, MAX_BODY)],
    redrive: hasSource ? { body } : { refused: 'nothing takes it back: no queue gives up to this one' },
  };
}

function ruleErrorLetter(
  { messageId, sentAt }: QueuedMessage,
  error: z.infer<typeof ruleErrorSchema>,
  settings: LetterSettings,
): Letter {
  const topic = error.topic.replace(/^\$aws\/rules\/[^/]+\//, '');
  const envelope: IngestEnvelope = {
    topic,
    payload: error.base64OriginalPayload,
    clientId: error.clientId ?? 'N/A',
    // The error document does not say who published; nothing after the rule decides by it.
    principal: 'redriven',
    receivedAt: sentAt,
    traceId: error.cloudwatchTraceId ?? '',
  };
  const others = error.failures.filter(({ failedAction }) => failedAction !== 'SqsAction');
  const refused = !settings.ingestRules.includes(error.ruleName)
    ? `the rule ${error.ruleName} does not feed the ingest queue`
    : others[0] === undefined
      ? undefined
      : `its ${others[0].failedAction} failed too, and a redrive would not repeat it`;
  return {
    messageId,
    at: sentAt,
    topic,
    reasons: [...new Set(error.failures.map(({ failedAction }) => failedAction))],
    details: error.failures.map(({ errorMessage }) => errorMessage),
    payload: Buffer.from(error.base64OriginalPayload, 'base64'),
    redrive: refused === undefined ? { body: JSON.stringify(envelope) } : { refused },
  };
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

const SHOWN = 200;

/** A payload for a terminal: text where it is text, else its first bytes in hex. */
export function payloadText(payload: Buffer): string {
  const text = payload.toString('utf8');
  const printable = !text.includes('\ufffd') && !/\p{Cc}/u.test(text.replace(/[\n\r\t]/g, ''));
  const shown = printable ? text : payload.toString('hex');
  return shown.length > SHOWN ? `${shown.slice(0, SHOWN)}… (${payload.length} bytes)` : shown;
}
