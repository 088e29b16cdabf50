import type { MessageProperties } from '../../core/mqtt.ts';
import { malformed, protocolError } from '../reason-codes.ts';
import { PacketReader } from './packet-reader.ts';

/** Identifiers of MQTT 5 properties (§2.2.2.2). */
export const PROPERTY = {
  payloadFormatIndicator: 0x01,
  messageExpiryInterval: 0x02,
  contentType: 0x03,
  responseTopic: 0x08,
  correlationData: 0x09,
  subscriptionIdentifier: 0x0b,
  sessionExpiryInterval: 0x11,
  authenticationMethod: 0x15,
  authenticationData: 0x16,
  requestProblemInformation: 0x17,
  willDelayInterval: 0x18,
  requestResponseInformation: 0x19,
  reasonString: 0x1f,
  receiveMaximum: 0x21,
  topicAliasMaximum: 0x22,
  topicAlias: 0x23,
  userProperty: 0x26,
  maximumPacketSize: 0x27,
} as const;

/** Properties of a PUBLISH or of a will. */
export interface PublishProperties {
  /** Seconds. */
  messageExpiryInterval: number | undefined;
  topicAlias: number | undefined;
  /** Seconds; of a will only. */
  willDelayInterval: number;
  /**
   * The properties that are forwarded unaltered and in their order ([MQTT-3.3.2-4], -15, -16, -17, -18, -20), still
   * encoded, without a length. Undefined when there are none.
   */
  forwarded: Buffer | undefined;
}

export const NO_PROPERTIES: PublishProperties = {
  messageExpiryInterval: undefined,
  topicAlias: undefined,
  willDelayInterval: 0,
  forwarded: undefined,
};

/** Reads the property section, its length included, of a PUBLISH (§3.3.2.3) or a will (§3.1.3.2). */
export function readPublishProperties(reader: PacketReader, kind: 'publish' | 'will'): PublishProperties {
  const length = reader.variable();
  if (length === 0) return NO_PROPERTIES;
  const end = reader.position + length;
  if (end > reader.end) throw malformed('the property length exceeds its packet');
  const inner = new PacketReader(reader.buffer, reader.position, end);
  reader.position = end;
  const properties: PublishProperties = { ...NO_PROPERTIES };
  const kept: Buffer[] = [];
  let seen = 0;
  while (!inner.done) {
    const start = inner.position;
    const id = inner.byte();
    if (id !== PROPERTY.userProperty) {
      const bit = 1 << (id & 0x1f);
      if (id > 0x23 || (id < 0x20 && (seen & bit) !== 0)) throw protocolError(`property ${id} is repeated or unknown`);
      if (id < 0x20) seen |= bit;
    }
    if (readForwarded(inner, id)) kept.push(inner.buffer.subarray(start, inner.position));
    else if (id === PROPERTY.messageExpiryInterval) properties.messageExpiryInterval = inner.uint32();
    else if (id === PROPERTY.topicAlias && kind === 'publish' && properties.topicAlias === undefined) {
      properties.topicAlias = inner.uint16();
    } else if (id === PROPERTY.willDelayInterval && kind === 'will') properties.willDelayInterval = inner.uint32();
    else throw protocolError(`property ${id} is repeated or does not belong in a ${kind}`);
  }
  if (kept.length > 0) properties.forwarded = kept.length === 1 ? (kept[0] as Buffer) : Buffer.concat(kept);
  return properties;
}

/** Steps over one forwarded property; false when `id` is not one. */
function readForwarded(reader: PacketReader, id: number): boolean {
  switch (id) {
    case PROPERTY.payloadFormatIndicator:
      reader.flag('the payload format indicator');
      return true;
    case PROPERTY.contentType:
      reader.string();
      return true;
    case PROPERTY.responseTopic:
      // [MQTT-3.3.2-14]
      if (/[#+]/.test(reader.string())) throw protocolError('a response topic must not contain wildcards');
      return true;
    case PROPERTY.correlationData:
      reader.bytes();
      return true;
    case PROPERTY.userProperty:
      reader.string();
      reader.string();
      return true;
    default:
      return false;
  }
}

/** Forwarded properties as rules and services see them. */
export function decodeForwarded(forwarded: Buffer): MessageProperties {
  const reader = new PacketReader(forwarded, 0, forwarded.length);
  const properties: { -readonly [K in keyof MessageProperties]: MessageProperties[K] } = {};
  const user: Record<string, string | string[]> = Object.create(null);
  while (!reader.done) {
    const id = reader.byte();
    if (id === PROPERTY.payloadFormatIndicator) properties.payloadFormatIndicator = reader.byte() === 1;
    else if (id === PROPERTY.contentType) properties.contentType = reader.string();
    else if (id === PROPERTY.responseTopic) properties.responseTopic = reader.string();
    else if (id === PROPERTY.correlationData) properties.correlationData = Buffer.from(reader.bytes());
    else {
      const name = reader.string();
      const value = reader.string();
      const earlier = user[name];
      if (earlier === undefined) user[name] = value;
      else if (Array.isArray(earlier)) earlier.push(value);
      else user[name] = [earlier, value];
      properties.userProperties = user;
    }
  }
  return properties;
}

/** The opposite of {@link decodeForwarded}, for messages that services publish. */
export function encodeForwarded(properties: MessageProperties): Buffer | undefined {
  const parts: Buffer[] = [];
  if (properties.payloadFormatIndicator !== undefined) {
    parts.push(Buffer.from([PROPERTY.payloadFormatIndicator, properties.payloadFormatIndicator ? 1 : 0]));
  }
  if (properties.contentType !== undefined) pushText(parts, PROPERTY.contentType, properties.contentType);
  if (properties.responseTopic !== undefined) pushText(parts, PROPERTY.responseTopic, properties.responseTopic);
  if (properties.correlationData !== undefined) pushBytes(parts, PROPERTY.correlationData, properties.correlationData);
  for (const [name, value] of Object.entries(properties.userProperties ?? {})) {
    for (const one of typeof value === 'string' ? [value] : value) {
      pushText(parts, PROPERTY.userProperty, name);
      pushText(parts, undefined, one);
    }
  }
  return parts.length === 0 ? undefined : Buffer.concat(parts);
}

function pushText(parts: Buffer[], id: number | undefined, text: string): void {
  pushBytes(parts, id, Buffer.from(text, 'utf8'));
}

function pushBytes(parts: Buffer[], id: number | undefined, bytes: Buffer): void {
  if (bytes.length > 0xffff) throw malformed('a property exceeds 65535 bytes');
  if (id !== undefined) parts.push(Buffer.from([id]));
  parts.push(Buffer.from([bytes.length >> 8, bytes.length & 0xff]), bytes);
}
