import { isUtf8 } from 'node:buffer';
import { malformed } from '../reason-codes.ts';

/**
 * Reads the fields of one packet (MQTT 5 §1.5). Every read is bounded by the packet's end.
 * @throws ProtocolViolation `malformedPacket`
 */
export class PacketReader {
  buffer: Buffer;
  position: number;
  end: number;

  constructor(buffer: Buffer, start: number, end: number) {
    this.buffer = buffer;
    this.position = start;
    this.end = end;
  }

  /** Makes the same object read another packet, so that the hot path allocates none. */
  reset(buffer: Buffer, start: number, end: number): this {
    this.buffer = buffer;
    this.position = start;
    this.end = end;
    return this;
  }

  get done(): boolean {
    return this.position >= this.end;
  }

  byte(): number {
    this.#need(1);
    return this.buffer[this.position++] as number;
  }

  /** A byte that may only be 0 or 1. */
  flag(name: string): boolean {
    const value = this.byte();
    if (value > 1) throw malformed(`${name} must be 0 or 1, not ${value}`);
    return value === 1;
  }

  uint16(): number {
    this.#need(2);
    const value = ((this.buffer[this.position] as number) << 8) | (this.buffer[this.position + 1] as number);
    this.position += 2;
    return value;
  }

  uint32(): number {
    this.#need(4);
    const value = this.buffer.readUInt32BE(this.position);
    this.position += 4;
    return value;
  }

  /** Variable byte integer, at most four bytes. */
  variable(): number {
    let value = 0;
    for (let index = 0; index < 4; index++) {
      const byte = this.byte();
      value |= (byte & 0x7f) << (7 * index);
      if (byte < 0x80) return value;
    }
    throw malformed('a variable byte integer has more than four bytes');
  }

  /** Length-prefixed bytes, as a view into the packet. */
  bytes(): Buffer {
    const length = this.uint16();
    this.#need(length);
    const value = this.buffer.subarray(this.position, this.position + length);
    this.position += length;
    return value;
  }

  /** UTF-8 encoded string, well-formed [MQTT-1.5.4-1] and without U+0000 [MQTT-1.5.4-2]. */
  string(): string {
    const bytes = this.bytes();
    if (!isUtf8(bytes) || bytes.includes(0)) throw malformed('a string is not well-formed UTF-8');
    return bytes.toString('utf8');
  }

  #need(count: number): void {
    if (this.end - this.position < count) throw malformed('a field exceeds its packet');
  }
}
