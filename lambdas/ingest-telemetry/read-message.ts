import {
  type DeviceAddress,
  type IngestEnvelope,
  ingestEnvelopeSchema,
  parseChannelTopic,
} from '@fleetwright/contracts';
import { decodePayload } from '../shared/decode-payload.ts';
import { messageOf } from '../shared/errors.ts';
import type { IngestedChannel, QueueMessage, Received, Rejection } from './model.ts';
import { validateMessage } from './validate-message.ts';

export type Reading =
  | { readonly ok: true; readonly received: Received }
  /** `envelope` is undefined when not even that could be read. */
  | { readonly ok: false; readonly rejection: Rejection; readonly envelope?: IngestEnvelope };

/** What `clientid()` yields for a message that came over HTTPS (IoT developer guide, SQL functions). */
const NO_CLIENT = 'n/a';

/** Opens a message of the ingest queue, down to validated samples. Never throws. */
export function readMessage(record: QueueMessage, topicRoot: string): Reading {
  const { messageId } = record;
  const envelope = readEnvelope(record.body);
  if (envelope === undefined) {
    const detail = 'queue message is not what the topic rules send';
    return { ok: false, rejection: { messageId, reason: 'MALFORMED_PAYLOAD', detail } };
  }
  const reject = (reason: Rejection['reason'], detail: string): Reading => ({
    ok: false,
    envelope,
    rejection: { messageId, reason, detail },
  });

  const place = readTopic(envelope, topicRoot);
  if (typeof place === 'string') return reject('FOREIGN_TOPIC', place);
  let payload: unknown;
  try {
    payload = decodePayload(Buffer.from(envelope.payload, 'base64'));
  } catch (error) {
    return reject('MALFORMED_PAYLOAD', messageOf(error));
  }
  const validation = validateMessage(payload);
  if (!validation.ok) return reject('INVALID_MESSAGE', validation.problem);
  return { ok: true, received: { messageId, envelope, ...place, message: validation.message } };
}

/** The rules made this text, so a look at the types is enough for the common case; the schema judges the rest. */
function readEnvelope(body: string): IngestEnvelope | undefined {
  let parsed: Partial<IngestEnvelope> | null;
  try {
    parsed = JSON.parse(body);
  } catch {
    return undefined;
  }
  if (typeof parsed !== 'object' || parsed === null) return undefined;
  const plain =
    typeof parsed.topic === 'string' &&
    typeof parsed.payload === 'string' &&
    typeof parsed.clientId === 'string' &&
    typeof parsed.principal === 'string' &&
    typeof parsed.traceId === 'string' &&
    Number.isSafeInteger(parsed.receivedAt);
  return plain ? (parsed as IngestEnvelope) : ingestEnvelopeSchema.safeParse(parsed).data;
}

/**
 * The device policy lets a device publish only under its own name, and connect only as its own name. Both are looked
 * at again here, because the dimensions of every stored row are taken from the topic.
 * Returns what is wrong as text.
 */
function readTopic(
  envelope: IngestEnvelope,
  topicRoot: string,
): { address: DeviceAddress; channel: IngestedChannel } | string {
  const place = parseChannelTopic(envelope.topic);
  if (place === undefined) return 'topic has not the shape {root}/{site}/{deviceType}/{thingName}/{channel}';
  const { channel, ...address } = place;
  if (address.topicRoot !== topicRoot) return `topic root is not ${topicRoot}`;
  if (channel !== 'telemetry' && channel !== 'event') return `channel ${channel} is not stored by this function`;
  if (envelope.clientId !== address.thingName && envelope.clientId !== NO_CLIENT) {
    return `client ${envelope.clientId} published as another thing`;
  }
  return { address, channel };
}
