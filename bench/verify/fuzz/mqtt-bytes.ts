/** Writes MQTT fields (MQTT 5 §1.5) without judging them, so that wrong packets can be written too. */

export type MqttVersion = 4 | 5;

export function u16(value: number): Buffer {
  return Buffer.from([(value >> 8) & 0xff, value & 0xff]);
}

export function u32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value >>> 0);
  return bytes;
}

export function variable(value: number): Buffer {
  const bytes: number[] = [];
  let rest = value;
  do {
    const digit = rest % 128;
    rest = Math.floor(rest / 128);
    bytes.push(rest > 0 ? digit | 0x80 : digit);
  } while (rest > 0);
  return Buffer.from(bytes);
}

/** Two bytes of length, then the bytes. */
export function field(content: string | Buffer): Buffer {
  const bytes = typeof content === 'string' ? Buffer.from(content, 'utf8') : content;
  return Buffer.concat([u16(bytes.length), bytes]);
}

/** A whole control packet. */
export function packet(header: number, ...body: Buffer[]): Buffer {
  const length = body.reduce((sum, part) => sum + part.length, 0);
  return Buffer.concat([Buffer.from([header]), variable(length), ...body]);
}

/** The property section of MQTT 5, length included; nothing at all for 3.1.1. */
export function properties(version: MqttVersion, ...parts: Buffer[]): Buffer {
  if (version === 4) return Buffer.alloc(0);
  const body = Buffer.concat(parts);
  return Buffer.concat([variable(body.length), body]);
}

/** One property: its identifier and its value. */
export function property(id: number, ...value: Buffer[]): Buffer {
  return Buffer.concat([Buffer.from([id]), ...value]);
}

export const PINGREQ = Buffer.from([0xc0, 0x00]);
export const PINGRESP_HEADER = 0xd0;
export const PUBACK_HEADER = 0x40;
export const CONNACK_HEADER = 0x20;
