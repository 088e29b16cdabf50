import type { MessageAttributeValue } from '@aws-sdk/client-sqs';
import { bodyDigest } from './message-digest.ts';

/** What a message carries besides its place in a queue. */
export interface MessageContent {
  readonly messageId: string;
  readonly body: string;
  readonly bodyMd5: string;
  readonly senderId: string;
  readonly attributes?: Readonly<Record<string, MessageAttributeValue>> | undefined;
  readonly traceHeader?: string | undefined;
  /** ARN of the queue that gave it up, once it is in a dead-letter queue. */
  readonly deadLetterSource?: string | undefined;
  /** Receives in the queues before this one: `ApproximateReceiveCount` counts "across all queues". */
  readonly earlierReceives: number;
}

/** What recovery needs of every message. */
export interface MessagePlace {
  readonly queueNumber: number;
  /** ms since the epoch */
  readonly sentTimestamp: number;
  /** ms since the epoch: end of its delay */
  readonly availableAt: number;
}

interface Header {
  /** message id */
  i: string;
  /** sender id */
  s: string;
  /** attributes, binary values as base64 under `b` */
  a?: Record<string, { t: string; v?: string; b?: string }>;
  /** trace header */
  x?: string;
  /** dead-letter source */
  d?: string;
  /** earlier receives */
  r?: number;
}

/** Layout: u32 queue, f64 sent, f64 available, u32 length of the JSON header, the header, the body; big-endian. */
const FIXED_BYTES = 24;

export function encodeMessage(place: MessagePlace, content: MessageContent): Buffer {
  const header: Header = { i: content.messageId, s: content.senderId };
  if (content.attributes !== undefined) header.a = packAttributes(content.attributes);
  if (content.traceHeader !== undefined) header.x = content.traceHeader;
  if (content.deadLetterSource !== undefined) header.d = content.deadLetterSource;
  if (content.earlierReceives > 0) header.r = content.earlierReceives;
  const json = JSON.stringify(header);
  const headerBytes = Buffer.byteLength(json);
  const record = Buffer.allocUnsafe(FIXED_BYTES + headerBytes + Buffer.byteLength(content.body));
  record.writeUInt32BE(place.queueNumber, 0);
  record.writeDoubleBE(place.sentTimestamp, 4);
  record.writeDoubleBE(place.availableAt, 12);
  record.writeUInt32BE(headerBytes, 20);
  record.write(json, FIXED_BYTES);
  record.write(content.body, FIXED_BYTES + headerBytes);
  return record;
}

export function decodePlace(record: Buffer): MessagePlace {
  return {
    queueNumber: record.readUInt32BE(0),
    sentTimestamp: record.readDoubleBE(4),
    availableAt: record.readDoubleBE(12),
  };
}

export function decodeContent(record: Buffer): MessageContent {
  const bodyStart = FIXED_BYTES + record.readUInt32BE(20);
  const header = JSON.parse(record.toString('utf8', FIXED_BYTES, bodyStart)) as Header;
  const body = record.toString('utf8', bodyStart);
  return {
    messageId: header.i,
    body,
    bodyMd5: bodyDigest(body),
    senderId: header.s,
    attributes: header.a === undefined ? undefined : unpackAttributes(header.a),
    traceHeader: header.x,
    deadLetterSource: header.d,
    earlierReceives: header.r ?? 0,
  };
}

function packAttributes(attributes: Readonly<Record<string, MessageAttributeValue>>): NonNullable<Header['a']> {
  const packed: NonNullable<Header['a']> = {};
  for (const [name, value] of Object.entries(attributes)) {
    const type = value.DataType ?? '';
    packed[name] =
      value.BinaryValue === undefined
        ? { t: type, v: value.StringValue ?? '' }
        : { t: type, b: Buffer.from(value.BinaryValue).toString('base64') };
  }
  return packed;
}

function unpackAttributes(packed: NonNullable<Header['a']>): Record<string, MessageAttributeValue> {
  const attributes: Record<string, MessageAttributeValue> = {};
  for (const [name, { t, v, b }] of Object.entries(packed)) {
    attributes[name] =
      b === undefined ? { DataType: t, StringValue: v } : { DataType: t, BinaryValue: Buffer.from(b, 'base64') };
  }
  return attributes;
}
