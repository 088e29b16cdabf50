import type { MessageProperties, MqttMessage, PublisherIdentity } from '../core/mqtt.ts';
import { MAXIMUM_MESSAGE_EXPIRY_SECONDS, MINIMUM_MESSAGE_EXPIRY_SECONDS } from './limits.ts';
import { decodeForwarded, encodeForwarded } from './wire/publish-properties.ts';

export interface BrokerMessageFields {
  readonly topic: string;
  /** The topic in UTF-8, encoded once for all receivers. */
  readonly topicBytes: Buffer;
  readonly payload: Buffer;
  readonly qos: 0 | 1;
  readonly retain: boolean;
  readonly receivedAt: number;
  /** Seconds, within AWS's bounds; undefined when the message does not expire. */
  readonly expirySeconds?: number | undefined;
  /** MQTT 5 properties that are forwarded unaltered, encoded, without a length. */
  readonly forwarded?: Buffer | undefined;
  readonly publisher?: PublisherIdentity | undefined;
}

/** A message on its way. MQTT 5 properties stay encoded until somebody asks for them. */
export class BrokerMessage implements MqttMessage {
  readonly topic: string;
  readonly topicBytes: Buffer;
  readonly payload: Buffer;
  readonly qos: 0 | 1;
  readonly retain: boolean;
  readonly receivedAt: number;
  readonly forwarded: Buffer | undefined;
  /** ms since the epoch; Infinity when the message does not expire. */
  readonly expiresAt: number;
  readonly publisher: PublisherIdentity | undefined;

  constructor(fields: BrokerMessageFields) {
    this.topic = fields.topic;
    this.topicBytes = fields.topicBytes;
    this.payload = fields.payload;
    this.qos = fields.qos;
    this.retain = fields.retain;
    this.receivedAt = fields.receivedAt;
    this.forwarded = fields.forwarded;
    this.expiresAt = fields.expirySeconds === undefined ? Infinity : fields.receivedAt + fields.expirySeconds * 1000;
    this.publisher = fields.publisher;
  }

  get properties(): MessageProperties | undefined {
    if (this.forwarded === undefined && this.expiresAt === Infinity) return undefined;
    const properties = this.forwarded === undefined ? {} : decodeForwarded(this.forwarded);
    if (this.expiresAt === Infinity) return properties;
    return { ...properties, messageExpiryInterval: (this.expiresAt - this.receivedAt) / 1000 };
  }

  /** Bytes that the message holds in memory, about. */
  get size(): number {
    return this.topicBytes.length + this.payload.length + (this.forwarded?.length ?? 0) + 128;
  }
}

/** Message expiry is kept within 1 s and 7 days (developer guide, mqtt.html, "Message expiry"). */
export function boundExpiry(seconds: number | undefined): number | undefined {
  if (seconds === undefined) return undefined;
  return Math.min(MAXIMUM_MESSAGE_EXPIRY_SECONDS, Math.max(MINIMUM_MESSAGE_EXPIRY_SECONDS, seconds));
}

/** A message that a service publishes, in the broker's form. */
export function toBrokerMessage(message: MqttMessage): BrokerMessage {
  if (message instanceof BrokerMessage) return message;
  const { properties } = message;
  return new BrokerMessage({
    topic: message.topic,
    topicBytes: Buffer.from(message.topic, 'utf8'),
    payload: message.payload,
    qos: message.qos,
    retain: message.retain,
    receivedAt: message.receivedAt,
    expirySeconds: boundExpiry(properties?.messageExpiryInterval),
    forwarded: properties === undefined ? undefined : encodeForwarded(properties),
    publisher: message.publisher,
  });
}
