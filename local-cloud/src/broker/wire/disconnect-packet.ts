import { malformed, protocolError } from '../reason-codes.ts';
import type { PacketReader } from './packet-reader.ts';
import { PROPERTY } from './publish-properties.ts';

export interface DisconnectPacket {
  readonly reasonCode: number;
  /** Seconds; undefined leaves the session's as it is. */
  readonly sessionExpiryInterval: number | undefined;
}

/** DISCONNECT of MQTT 5 (§3.14). Without a reason code it means 0, without a length no properties. */
export function readDisconnect(reader: PacketReader): DisconnectPacket {
  if (reader.done) return { reasonCode: 0, sessionExpiryInterval: undefined };
  const reasonCode = reader.byte();
  let sessionExpiryInterval: number | undefined;
  if (!reader.done) {
    const length = reader.variable();
    const end = reader.position + length;
    if (end !== reader.end) throw malformed('the property length differs from the packet');
    while (!reader.done) {
      const id = reader.byte();
      if (id === PROPERTY.sessionExpiryInterval && sessionExpiryInterval === undefined) {
        sessionExpiryInterval = reader.uint32();
      } else if (id === PROPERTY.reasonString) reader.string();
      else if (id === PROPERTY.userProperty) {
        reader.string();
        reader.string();
      } else throw protocolError(`property ${id} does not belong in a DISCONNECT`);
    }
  }
  return { reasonCode, sessionExpiryInterval };
}
