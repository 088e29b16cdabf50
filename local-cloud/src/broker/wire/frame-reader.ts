export const FRAME = { ready: 0, incomplete: 1, malformed: 2, tooLarge: 3 } as const;
export type FrameStatus = (typeof FRAME)[keyof typeof FRAME];

const EMPTY = Buffer.alloc(0);

/**
 * Cuts a byte stream into MQTT packets (MQTT 5 §2.1) without copying those that lie whole in one chunk.
 * After `next()` returned {@link FRAME}`.ready`, `buffer`, `header`, `start` and `end` describe the packet: its body is
 * `buffer[start, end)`.
 *
 * INVARIANTS
 * - A packet larger than the limit is refused from its header, before any of its body is kept.
 * - A packet spread over chunks is copied once, into a buffer of its own size, however small the chunks are.
 */
export class FrameReader {
  buffer: Buffer = EMPTY;
  header = 0;
  start = 0;
  end = 0;
  readonly #maximumBytes: number;
  /** Received and not yet cut. */
  #chunk: Buffer = EMPTY;
  #position = 0;
  /** Body of a packet that spans chunks, with `#filled` bytes of it received. */
  #assembly: Buffer | undefined;
  #filled = 0;

  constructor(maximumBytes: number) {
    this.#maximumBytes = maximumBytes;
  }

  /** Header byte of the packet of which a part has arrived. */
  get firstByte(): number | undefined {
    return this.#assembly === undefined ? this.#chunk[this.#position] : this.header;
  }

  push(chunk: Buffer): void {
    let rest = chunk;
    const assembly = this.#assembly;
    if (assembly !== undefined && this.#filled < assembly.length) {
      const taken = chunk.copy(assembly, this.#filled);
      this.#filled += taken;
      rest = chunk.subarray(taken);
    }
    if (this.#position === this.#chunk.length) this.#chunk = rest;
    else if (rest.length > 0) this.#chunk = Buffer.concat([this.#chunk.subarray(this.#position), rest]);
    else return;
    this.#position = 0;
  }

  next(): FrameStatus {
    if (this.#assembly !== undefined) return this.#takeAssembled(this.#assembly);
    const chunk = this.#chunk;
    const at = this.#position;
    const available = chunk.length - at;
    let length = 0;
    let used = 1;
    let byte: number;
    do {
      if (used === 5) return FRAME.malformed;
      if (used >= available) return FRAME.incomplete;
      byte = chunk[at + used] as number;
      length += (byte & 0x7f) << (7 * (used - 1));
      used++;
    } while (byte >= 0x80);
    if (used + length > this.#maximumBytes) return FRAME.tooLarge;
    this.header = chunk[at] as number;
    if (available < used + length) {
      this.#assembly = Buffer.allocUnsafeSlow(length);
      this.#filled = chunk.copy(this.#assembly, 0, at + used);
      this.#position = chunk.length;
      return FRAME.incomplete;
    }
    this.buffer = chunk;
    this.start = at + used;
    this.end = this.start + length;
    this.#position = this.end;
    return FRAME.ready;
  }

  #takeAssembled(assembly: Buffer): FrameStatus {
    if (this.#filled < assembly.length) return FRAME.incomplete;
    this.#assembly = undefined;
    this.buffer = assembly;
    this.start = 0;
    this.end = assembly.length;
    return FRAME.ready;
  }
}
