import { generate, type IConnackPacket } from 'mqtt-packet';
import type { ProtocolVersion } from './connect-packet.ts';

export type ConnackProperties = NonNullable<IConnackPacket['properties']>;

export function connackAccepted(
  version: ProtocolVersion,
  sessionPresent: boolean,
  properties: ConnackProperties,
): Buffer {
  if (version === 4) return generate({ cmd: 'connack', returnCode: 0, sessionPresent });
  return generate({ cmd: 'connack', reasonCode: 0, sessionPresent, properties }, { protocolVersion: 5 });
}

/** A refusal: never with session present [MQTT-3.2.2-6] (3.1.1: [MQTT-3.2.2-4]). */
export function connackRefused(version: ProtocolVersion, code: number, reasonString: string): Buffer {
  if (version === 4) return generate({ cmd: 'connack', returnCode: code, sessionPresent: false });
  const properties = { reasonString };
  return generate({ cmd: 'connack', reasonCode: code, sessionPresent: false, properties }, { protocolVersion: 5 });
}

export function suback(version: ProtocolVersion, packetId: number, granted: number[]): Buffer {
  return generate({ cmd: 'suback', messageId: packetId, granted }, { protocolVersion: version });
}

export function unsuback(version: ProtocolVersion, packetId: number, granted: number[]): Buffer {
  return generate({ cmd: 'unsuback', messageId: packetId, granted }, { protocolVersion: version });
}

/** Only MQTT 5 has a DISCONNECT from the server. */
export function disconnect(reasonCode: number, reasonString: string | undefined): Buffer {
  const properties = reasonString === undefined ? {} : { reasonString };
  return generate({ cmd: 'disconnect', reasonCode, properties }, { protocolVersion: 5 });
}

/** PUBACK of MQTT 5 that says more than success (§3.4). */
export function pubackRefused(packetId: number, reasonCode: number): Buffer {
  return Buffer.from([0x40, 0x03, packetId >> 8, packetId & 0xff, reasonCode]);
}

export const PINGRESP = Buffer.from([0xd0, 0x00]);
