import type { Delivery } from '../delivery.ts';
import type { BrokerMessage } from '../message.ts';
import type { ProtocolVersion } from './connect-packet.ts';
import { PROPERTY } from './publish-properties.ts';

/** How a topic is named in one packet: 0 for no alias; `withName` false when the receiver knows the alias already. */
export interface TopicNaming {
  readonly alias: number;
  readonly withName: boolean;
}

export const BY_NAME: TopicNaming = { alias: 0, withName: true };

/** Bytes of a variable byte integer. */
export function variableLength(value: number): number {
  return value < 0x80 ? 1 : value < 0x4000 ? 2 : value < 0x20_0000 ? 3 : 4;
}

export function writeVariable(target: Buffer, at: number, value: number): number {
  let rest = value;
  let position = at;
  while (rest >= 0x80) {
    target[position++] = (rest & 0x7f) | 0x80;
    rest >>>= 7;
  }
  target[position++] = rest;
  return position;
}

function propertiesLength(message: BrokerMessage, naming: TopicNaming): number {
  return (message.expiresAt === Infinity ? 0 : 5) + (naming.alias === 0 ? 0 : 3) + (message.forwarded?.length ?? 0);
}

function remainingLength(message: BrokerMessage, qos: 0 | 1, version: ProtocolVersion, naming: TopicNaming): number {
  const topic = 2 + (naming.withName ? message.topicBytes.length : 0);
  const body = topic + (qos === 1 ? 2 : 0) + message.payload.length;
  if (version === 4) return body;
  const properties = propertiesLength(message, naming);
  return body + variableLength(properties) + properties;
}

/** Bytes of the whole PUBLISH packet. */
export function publishLength(message: BrokerMessage, qos: 0 | 1, version: ProtocolVersion, naming = BY_NAME): number {
  const remaining = remainingLength(message, qos, version, naming);
  return 1 + variableLength(remaining) + remaining;
}

/**
 * Writes a PUBLISH (MQTT 5 §3.3) at `at` and returns where it ends. The DUP flag is never set: AWS IoT does not support
 * it (developer guide, mqtt.html, "AWS IoT differences from MQTT specifications").
 */
export function writePublish(
  target: Buffer,
  at: number,
  delivery: Delivery,
  message: BrokerMessage,
  version: ProtocolVersion,
  naming: TopicNaming,
  now: number,
): number {
  target[at] = 0x30 | (delivery.qos << 1) | (delivery.retain ? 1 : 0);
  let position = writeVariable(target, at + 1, remainingLength(message, delivery.qos, version, naming));
  const { topicBytes, payload } = message;
  const topicLength = naming.withName ? topicBytes.length : 0;
  target[position] = topicLength >> 8;
  target[position + 1] = topicLength & 0xff;
  position += 2;
  if (topicLength > 0) {
    target.set(topicBytes, position);
    position += topicLength;
  }
  if (delivery.qos === 1) {
    target[position] = delivery.packetId >> 8;
    target[position + 1] = delivery.packetId & 0xff;
    position += 2;
  }
  if (version === 5) position = writeProperties(target, position, message, naming, now);
  target.set(payload, position);
  return position + payload.length;
}

function writeProperties(target: Buffer, at: number, message: BrokerMessage, naming: TopicNaming, now: number): number {
  let position = writeVariable(target, at, propertiesLength(message, naming));
  if (message.expiresAt !== Infinity) {
    target[position] = PROPERTY.messageExpiryInterval;
    // [MQTT-3.3.2-6]; below a second it is 0 (developer guide, mqtt.html, "Message expiry")
    position = target.writeUInt32BE(Math.max(0, Math.floor((message.expiresAt - now) / 1000)), position + 1);
  }
  if (naming.alias !== 0) {
    target[position] = PROPERTY.topicAlias;
    position = target.writeUInt16BE(naming.alias, position + 1);
  }
  if (message.forwarded !== undefined) {
    target.set(message.forwarded, position);
    position += message.forwarded.length;
  }
  return position;
}
