import { malformed, ProtocolViolation, protocolError, REASON } from '../reason-codes.ts';
import type { ProtocolVersion } from './connect-packet.ts';
import type { PacketReader } from './packet-reader.ts';
import { PROPERTY } from './publish-properties.ts';

export interface SubscriptionRequest {
  readonly filter: string;
  readonly qos: 0 | 1 | 2;
  readonly noLocal: boolean;
  readonly retainAsPublished: boolean;
  /** 0: send retained messages; 1: only for a new subscription; 2: do not (MQTT 5 §3.8.3.1). */
  readonly retainHandling: 0 | 1 | 2;
}

export interface SubscribePacket {
  readonly packetId: number;
  readonly subscriptions: readonly SubscriptionRequest[];
}

export interface UnsubscribePacket {
  readonly packetId: number;
  readonly filters: readonly string[];
}

/** SUBSCRIBE (§3.8). @throws ProtocolViolation */
export function readSubscribe(reader: PacketReader, version: ProtocolVersion): SubscribePacket {
  const packetId = readPacketId(reader);
  if (version === 5) readRequestProperties(reader);
  const subscriptions: SubscriptionRequest[] = [];
  while (!reader.done) {
    const filter = reader.string();
    subscriptions.push(readOptions(reader.byte(), filter, version));
  }
  // [MQTT-3.8.3-2] (3.1.1: [MQTT-3.8.3-3])
  if (subscriptions.length === 0) throw protocolError('SUBSCRIBE without a topic filter');
  return { packetId, subscriptions };
}

/** UNSUBSCRIBE (§3.10). @throws ProtocolViolation */
export function readUnsubscribe(reader: PacketReader, version: ProtocolVersion): UnsubscribePacket {
  const packetId = readPacketId(reader);
  if (version === 5) readRequestProperties(reader);
  const filters: string[] = [];
  while (!reader.done) filters.push(reader.string());
  // [MQTT-3.10.3-2]
  if (filters.length === 0) throw protocolError('UNSUBSCRIBE without a topic filter');
  return { packetId, filters };
}

function readOptions(options: number, filter: string, version: ProtocolVersion): SubscriptionRequest {
  const qos = options & 0x03;
  if (qos === 3) throw malformed('subscription QoS 3');
  // 3.1.1 [MQTT-3-8.3-4]; 5 [MQTT-3.8.3-5]
  if ((options & (version === 5 ? 0xc0 : 0xfc)) !== 0) throw malformed('reserved subscription option bits are set');
  const retainHandling = (options >> 4) & 0x03;
  if (retainHandling === 3) throw protocolError('retain handling 3');
  return {
    filter,
    qos: qos as 0 | 1 | 2,
    noLocal: (options & 0x04) !== 0,
    retainAsPublished: (options & 0x08) !== 0,
    retainHandling: retainHandling as 0 | 1 | 2,
  };
}

function readPacketId(reader: PacketReader): number {
  const packetId = reader.uint16();
  // [MQTT-2.2.1-3] (3.1.1: [MQTT-2.3.1-1])
  if (packetId === 0) throw protocolError('packet identifier 0');
  return packetId;
}

function readRequestProperties(reader: PacketReader): void {
  const length = reader.variable();
  const end = reader.position + length;
  if (end > reader.end) throw malformed('the property length exceeds its packet');
  while (reader.position < end) {
    const id = reader.byte();
    if (id === PROPERTY.userProperty) {
      reader.string();
      reader.string();
    } else if (id === PROPERTY.subscriptionIdentifier) {
      // AWS IoT has none; its CONNACK says so (developer guide, mqtt.html, "MQTT 5 properties").
      throw new ProtocolViolation(
        REASON.subscriptionIdentifiersNotSupported,
        'subscription identifiers are not supported',
      );
    } else throw protocolError(`property ${id} does not belong here`);
  }
  if (reader.position !== end) throw malformed('a property exceeds the property length');
}
