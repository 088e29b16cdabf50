/** Cuts a stream into MQTT packets, each a buffer of its own, fixed header included (MQTT 5 §2.1). */
export class PacketCutter {
  #rest: Buffer = Buffer.alloc(0);
  readonly #onPacket: (packet: Buffer) => void;

  constructor(onPacket: (packet: Buffer) => void) {
    this.#onPacket = onPacket;
  }

  push(chunk: Buffer): void {
    let data = this.#rest.length === 0 ? chunk : Buffer.concat([this.#rest, chunk]);
    for (let length = packetLength(data); length !== undefined && length <= data.length; length = packetLength(data)) {
      this.#onPacket(Buffer.from(data.subarray(0, length)));
      data = data.subarray(length);
    }
    this.#rest = data;
  }
}

/** Undefined while the fixed header is not whole. A fifth length byte is passed on for the server to refuse. */
function packetLength(data: Buffer): number | undefined {
  let length = 0;
  for (let index = 1; index < data.length; index++) {
    if (index === 5) return data.length;
    const byte = data[index] as number;
    length += (byte & 0x7f) * 128 ** (index - 1);
    if (byte < 0x80) return index + 1 + length;
  }
  return undefined;
}
