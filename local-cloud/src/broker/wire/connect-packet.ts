import { malformed, ProtocolViolation, protocolError, REASON } from '../reason-codes.ts';
import type { PacketReader } from './packet-reader.ts';
import { PROPERTY, type PublishProperties, readPublishProperties } from './publish-properties.ts';

export type ProtocolVersion = 4 | 5;

export interface ConnectPacket {
  readonly protocolVersion: ProtocolVersion;
  /** Clean Start of MQTT 5, Clean Session of 3.1.1. */
  readonly cleanStart: boolean;
  /** Seconds, as asked for. */
  readonly keepAliveSeconds: number;
  readonly clientId: string;
  readonly will: WillPacket | undefined;
  readonly username: string | undefined;
  /** A view into the packet. */
  readonly password: Buffer | undefined;
  readonly properties: ConnectProperties;
}

export interface WillPacket {
  readonly topic: string;
  readonly payload: Buffer;
  /** 2 is readable, so that it can be refused with the code for it. */
  readonly qos: 0 | 1 | 2;
  readonly retain: boolean;
  readonly properties: PublishProperties;
}

export interface ConnectProperties {
  /** Seconds; undefined when absent (MQTT 5 §3.1.2.11.2: then 0). */
  sessionExpiryInterval: number | undefined;
  receiveMaximum: number;
  maximumPacketSize: number;
  topicAliasMaximum: number;
  requestProblemInformation: boolean;
  authenticationMethod: string | undefined;
}

const DEFAULT_PROPERTIES: ConnectProperties = {
  sessionExpiryInterval: undefined,
  receiveMaximum: 0xffff,
  maximumPacketSize: Infinity,
  topicAliasMaximum: 0,
  requestProblemInformation: true,
  authenticationMethod: undefined,
};

/** CONNECT (MQTT 3.1.1 §3.1, MQTT 5 §3.1). @throws ProtocolViolation */
export function readConnect(reader: PacketReader): ConnectPacket {
  const protocolVersion = readProtocol(reader);
  const flags = reader.byte();
  // [MQTT-3.1.2-3] the reserved flag is 0
  if ((flags & 0x01) !== 0) throw malformed('the reserved connect flag is set');
  const keepAliveSeconds = reader.uint16();
  const properties = protocolVersion === 5 ? readConnectProperties(reader) : DEFAULT_PROPERTIES;
  const clientId = reader.string();
  const will = readWill(reader, flags, protocolVersion);
  const user = readUser(reader, flags, protocolVersion);
  if (!reader.done) throw malformed('CONNECT has bytes after its last field');
  return { protocolVersion, cleanStart: (flags & 0x02) !== 0, keepAliveSeconds, clientId, will, ...user, properties };
}

function readProtocol(reader: PacketReader): ProtocolVersion {
  const name = reader.string();
  const level = reader.byte();
  if (name === 'MQTT' && (level === 4 || level === 5)) return level;
  // [MQTT-3.1.2-2] (MQTT 5: [MQTT-3.1.2-2] too) an unsupported level is answered with its own code, then closed
  if (name === 'MQTT' || name === 'MQIsdp') {
    throw new ProtocolViolation(REASON.unsupportedProtocolVersion, `protocol ${name} ${level} is not supported`);
  }
  // [MQTT-3.1.2-1]
  throw malformed('the protocol name is not MQTT');
}

function readConnectProperties(reader: PacketReader): ConnectProperties {
  const end = readLength(reader);
  const properties = { ...DEFAULT_PROPERTIES };
  const seen = new Set<number>();
  while (reader.position < end) {
    const id = reader.byte();
    if (id !== PROPERTY.userProperty && seen.has(id)) throw protocolError(`property ${id} is repeated`);
    seen.add(id);
    readConnectProperty(reader, id, properties);
  }
  if (reader.position !== end) throw malformed('a property exceeds the property length');
  // §3.1.2.11.10
  if (seen.has(PROPERTY.authenticationData) && properties.authenticationMethod === undefined) {
    throw protocolError('authentication data without an authentication method');
  }
  return properties;
}

function readConnectProperty(reader: PacketReader, id: number, properties: ConnectProperties): void {
  switch (id) {
    case PROPERTY.sessionExpiryInterval:
      properties.sessionExpiryInterval = reader.uint32();
      return;
    case PROPERTY.receiveMaximum:
      properties.receiveMaximum = nonZero(reader.uint16(), 'receive maximum');
      return;
    case PROPERTY.maximumPacketSize:
      properties.maximumPacketSize = nonZero(reader.uint32(), 'maximum packet size');
      return;
    case PROPERTY.topicAliasMaximum:
      properties.topicAliasMaximum = reader.uint16();
      return;
    case PROPERTY.requestResponseInformation:
      // The server may answer without response information [MQTT-3.1.2-28].
      reader.flag('request response information');
      return;
    case PROPERTY.requestProblemInformation:
      properties.requestProblemInformation = reader.flag('request problem information');
      return;
    case PROPERTY.userProperty:
      reader.string();
      reader.string();
      return;
    case PROPERTY.authenticationMethod:
      properties.authenticationMethod = reader.string();
      return;
    case PROPERTY.authenticationData:
      reader.bytes();
      return;
    default:
      throw protocolError(`property ${id} does not belong in a CONNECT`);
  }
}

function readWill(reader: PacketReader, flags: number, version: ProtocolVersion): WillPacket | undefined {
  const qos = (flags >> 3) & 0x03;
  const retain = (flags & 0x20) !== 0;
  if ((flags & 0x04) === 0) {
    // [MQTT-3.1.2-11], [MQTT-3.1.2-13]
    if (qos !== 0 || retain) throw malformed('will QoS or will retain without a will');
    return undefined;
  }
  // [MQTT-3.1.2-12]
  if (qos === 3) throw malformed('will QoS 3');
  const properties = version === 5 ? readPublishProperties(reader, 'will') : undefined;
  const topic = reader.string();
  const payload = Buffer.from(reader.bytes());
  return {
    topic,
    payload,
    qos: qos as 0 | 1 | 2,
    retain,
    properties: properties ?? {
      messageExpiryInterval: undefined,
      topicAlias: undefined,
      willDelayInterval: 0,
      forwarded: undefined,
    },
  };
}

function readUser(
  reader: PacketReader,
  flags: number,
  version: ProtocolVersion,
): Pick<ConnectPacket, 'username' | 'password'> {
  const hasName = (flags & 0x80) !== 0;
  const hasPassword = (flags & 0x40) !== 0;
  // MQTT 3.1.1 [MQTT-3.1.2-22]
  if (version === 4 && hasPassword && !hasName) throw malformed('a password without a user name');
  const username = hasName ? reader.string() : undefined;
  return { username, password: hasPassword ? reader.bytes() : undefined };
}

function readLength(reader: PacketReader): number {
  const length = reader.variable();
  const end = reader.position + length;
  if (end > reader.end) throw malformed('the property length exceeds its packet');
  return end;
}

function nonZero(value: number, name: string): number {
  if (value === 0) throw protocolError(`${name} must not be 0`);
  return value;
}
