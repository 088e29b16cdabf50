import type { Client, Established } from '../client.ts';
import { HOLD } from '../client.ts';
import { BrokerMessage, boundExpiry } from '../message.ts';
import { malformed, ProtocolViolation, protocolError, REASON, type ReasonCode } from '../reason-codes.ts';
import type { TopicInfo } from '../topic-table.ts';
import { PacketReader } from '../wire/packet-reader.ts';
import { NO_PROPERTIES, type PublishProperties, readPublishProperties } from '../wire/publish-properties.ts';

/** Reused for every publish: handlers run to their end before the next one begins. */
const propertyReader = new PacketReader(Buffer.alloc(0), 0, 0);

/** PUBLISH (§3.3). */
export function handlePublish(
  client: Client,
  state: Established,
  header: number,
  buffer: Buffer,
  start: number,
  end: number,
): void {
  const qos = ((header >> 1) & 0x03) as 0 | 1 | 2 | 3;
  // [MQTT-3.3.1-4]
  if (qos === 3) throw malformed('publish QoS 3');
  // "AWS IoT doesn't support publishing or subscribing with QoS level 2" [MQTT-3.2.2-11]
  if (qos === 2) throw new ProtocolViolation(REASON.qosNotSupported, 'QoS 2 is not supported');
  const topicStart = start + 2;
  const topicEnd = topicStart + readUint16(buffer, start, end);
  let at = topicEnd;
  let packetId = 0;
  if (qos === 1) {
    packetId = readUint16(buffer, at, end);
    // [MQTT-2.2.1-3] (3.1.1: [MQTT-2.3.1-1])
    if (packetId === 0) throw protocolError('packet identifier 0');
    at += 2;
  }
  if (at > end) throw malformed('the topic name exceeds its packet');
  let properties = NO_PROPERTIES;
  if (client.protocolVersion === 5) {
    properties = readPublishProperties(propertyReader.reset(buffer, at, end), 'publish');
    at = propertyReader.position;
  }
  const info = topicOf(client, buffer, topicStart, topicEnd, properties.topicAlias);
  // [MQTT-3.3.2-2], [MQTT-4.7.3-1]
  if (!info.wellFormed) throw new ProtocolViolation(REASON.topicNameInvalid, 'the topic name holds a wildcard');
  const { limits } = client.core;
  if (end - at > limits.payloadBytes) throw new ProtocolViolation(REASON.packetTooLarge, 'the payload is too large');
  if (qos === 1 && client.acks.length >= limits.inboundUnacknowledged && client.protocolVersion === 5) {
    // [MQTT-3.3.4-7]; a 3.1.1 client is not read from until it is below the limit
    throw new ProtocolViolation(REASON.receiveMaximumExceeded, 'too many unacknowledged publishes', 'THROTTLED');
  }
  // "Publish requests that exceed that quota are discarded."
  if (!client.publishRate.tryTake(client.receivedAt)) {
    refuse(client, packetId, REASON.quotaExceeded, false);
    return;
  }
  const retain = (header & 0x01) !== 0;
  const refusal = refusalOf(client, state, info, retain);
  if (refusal !== undefined) {
    if (refusal === REASON.notAuthorized) state.activity?.denied(info.topic, 'publish');
    refuse(client, packetId, refusal, true);
    return;
  }

  client.core.context.meter.count('mqtt.publishesIn');
  state.activity?.sent(info.topic, end - at, retain);
  const message = toMessage(client, state, info, buffer.subarray(at, end), qos, retain, properties);
  if (info.kind === 'reserved') {
    answer(client, state, info, message, packetId);
    return;
  }
  const stored = info.kind === 'ordinary' && client.core.deliver(message, info);
  const accepted = client.core.rules.accept(message);
  settle(client, packetId, message, accepted, stored);
}

function readUint16(buffer: Buffer, at: number, end: number): number {
  if (at + 2 > end) throw malformed('a field exceeds its packet');
  return ((buffer[at] as number) << 8) | (buffer[at + 1] as number);
}

/** The topic by name or alias [MQTT-3.3.2-12]. A device that repeats its topic costs a comparison of bytes. */
function topicOf(client: Client, buffer: Buffer, start: number, end: number, alias: number | undefined): TopicInfo {
  if (alias !== undefined) {
    // [MQTT-3.3.2-8], [MQTT-3.3.2-9]
    if (alias === 0 || alias > client.core.limits.topicAliases) {
      throw new ProtocolViolation(REASON.topicAliasInvalid, `topic alias ${alias} is out of range`);
    }
    if (start === end) {
      const known = client.aliases[alias];
      if (known === undefined) throw protocolError(`topic alias ${alias} has no topic`);
      return known;
    }
  }
  const last = client.lastTopic;
  const info =
    last !== undefined && sameBytes(last.bytes, buffer, start, end) ? last : named(client, buffer, start, end);
  if (alias !== undefined) client.aliases[alias] = info;
  return info;
}

function named(client: Client, buffer: Buffer, start: number, end: number): TopicInfo {
  if (start === end) throw protocolError('a publish without topic');
  const info = client.core.topics.fromBytes(buffer, start, end);
  client.lastTopic = info;
  return info;
}

function sameBytes(known: Buffer, buffer: Buffer, start: number, end: number): boolean {
  const { length } = known;
  if (length !== end - start) return false;
  // Topics of one client differ at their end, if at all.
  for (let index = length - 1; index >= 0; index--) if (known[index] !== buffer[start + index]) return false;
  return true;
}

/** Why the publish is not accepted; undefined when it is. */
function refusalOf(client: Client, state: Established, info: TopicInfo, retain: boolean): ReasonCode | undefined {
  const { devices } = client.core;
  if (!info.acceptable) return REASON.topicNameInvalid;
  if (!devices.isAllowed(state.connection, 'iot:Publish', info.topic)) return REASON.notAuthorized;
  if (retain) {
    // "You can't publish to a reserved topic with the RETAIN flag set."
    if (info.kind !== 'ordinary') return REASON.topicNameInvalid;
    if (!devices.isAllowed(state.connection, 'iot:RetainPublish', info.topic)) return REASON.notAuthorized;
  }
  return undefined;
}

/**
 * A refused publish: MQTT 5 tells the publisher in the PUBACK (developer guide, mqtt.html, "MQTT reason codes"); without
 * a PUBACK to tell it in, the connection ends [MQTT-3.3.5-2 of 3.1.1], unless the message is just to be discarded.
 */
function refuse(client: Client, packetId: number, code: ReasonCode, disconnects: boolean): void {
  if (client.protocolVersion === 5 && packetId !== 0) {
    client.acks.push(packetId, code, 0, undefined, undefined);
    return;
  }
  if (!disconnects) return;
  const reason = code === REASON.notAuthorized ? 'AUTH_ERROR' : 'CLIENT_ERROR';
  throw new ProtocolViolation(code, 'the publish is refused', reason);
}

function toMessage(
  client: Client,
  state: Established,
  info: TopicInfo,
  payload: Buffer,
  qos: 0 | 1,
  retain: boolean,
  properties: PublishProperties,
): BrokerMessage {
  return new BrokerMessage({
    topic: info.topic,
    topicBytes: info.bytes,
    payload,
    qos,
    retain,
    receivedAt: client.receivedAt,
    expirySeconds: boundExpiry(properties.messageExpiryInterval),
    forwarded: properties.forwarded,
    publisher: state.publisher,
  });
}

/** A publish to a reserved topic: its service answers, or nobody does and the connection ends (reserved-topics.md). */
function answer(client: Client, state: Established, info: TopicInfo, message: BrokerMessage, packetId: number): void {
  const handler = client.core.topics.handler(info);
  if (handler === undefined) {
    throw new ProtocolViolation(REASON.topicNameInvalid, `nothing can be published to ${info.topic}`);
  }
  const { core } = client;
  const stored = handler.alsoRouted === true && core.deliver(message, info);
  const routed = handler.alsoRouted === true ? core.rules.accept(message) : undefined;
  const handled = (async () => handler.handle(message, state.connection))();
  const accepted = routed === undefined ? handled : Promise.all([handled, routed]).then(() => {});
  settle(client, packetId, message, accepted, stored);
}

/** Has the publish acknowledged when it is safe. */
function settle(
  client: Client,
  packetId: number,
  message: BrokerMessage,
  accepted: Promise<void>,
  stored: boolean,
): void {
  const { core } = client;
  if (packetId === 0) {
    accepted.catch((error: unknown) => client.ingressFailed(error));
    return;
  }
  const bytes = message.size;
  client.acks.push(packetId, REASON.success, bytes, accepted, stored ? core.commits.request() : undefined);
  if (core.gauge.add(bytes, client)) client.hold(HOLD.ingress);
  if (client.protocolVersion === 4 && client.acks.length >= core.limits.inboundUnacknowledged) {
    client.hold(HOLD.acknowledgements);
  }
}
