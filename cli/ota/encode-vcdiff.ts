import { copiesOf } from './find-copies.ts';

/** V, C, D with their high bits set, version 0, no secondary compressor and no code table (RFC 3284, section 4.1). */
const HEADER = [0xd6, 0xc3, 0xc4, 0x00, 0x00];
/** Win_Indicator: the window copies from the source (section 4.2). */
const VCD_SOURCE = 0x01;
/** Entries of the default code table whose size follows (section 5.6). COPY has its address in full (VCD_SELF). */
const RUN = 0;
const ADD = 1;
const COPY = 19;
/** Bytes of the target that one window makes: what a decoder holds in memory beside the source. */
const WINDOW = 8 * 1_048_576;
/** Repetitions of one byte from which a RUN is shorter than an ADD. */
const MIN_RUN = 8;

/**
 * A delta that makes `target` of `source`, in the format VCDIFF (RFC 3284), without its optional parts: any decoder takes
 * it. Sizes are well below 2 GiB, the most that 32-bit decoders read.
 */
export function encodeVcdiff(source: Uint8Array, target: Uint8Array): Buffer {
  const parts: Buffer[] = [Buffer.from(HEADER)];
  const copies = copiesOf(source, target);
  let next = copies.next();
  for (let start = 0; start === 0 || start < target.length; start += WINDOW) {
    const end = Math.min(start + WINDOW, target.length);
    const window = new WindowWriter(source, target);
    let at = start;
    while (next.done !== true && next.value.at < end) {
      const { at: copyAt, from, length } = next.value;
      const begin = Math.max(copyAt, start);
      const stop = Math.min(copyAt + length, end);
      window.add(at, begin);
      window.copy(from + (begin - copyAt), stop - begin);
      at = stop;
      // The rest of a copy that is longer than the window belongs to the next one.
      if (copyAt + length > end) break;
      next = copies.next();
    }
    window.add(at, end);
    parts.push(window.finish(end - start));
  }
  return Buffer.concat(parts);
}

class WindowWriter {
  readonly #source: Uint8Array;
  readonly #target: Uint8Array;
  readonly #data: Uint8Array[] = [];
  readonly #instructions: number[] = [];
  readonly #addresses: number[] = [];

  constructor(source: Uint8Array, target: Uint8Array) {
    this.#source = source;
    this.#target = target;
  }

  /** New bytes of the target, repetitions among them as such. */
  add(from: number, to: number): void {
    let literal = from;
    for (let at = from; at < to; ) {
      let end = at + 1;
      while (end < to && this.#target[end] === this.#target[at]) end++;
      if (end - at >= MIN_RUN) {
        this.#literal(literal, at);
        this.#instructions.push(RUN, ...integer(end - at));
        this.#data.push(this.#target.subarray(at, at + 1));
        literal = end;
      }
      at = end;
    }
    this.#literal(literal, to);
  }

  copy(address: number, length: number): void {
    this.#instructions.push(COPY, ...integer(length));
    this.#addresses.push(...integer(address));
  }

  /** Section 4.3. */
  finish(targetLength: number): Buffer {
    const data = Buffer.concat(this.#data);
    const instructions = Buffer.from(this.#instructions);
    const addresses = Buffer.from(this.#addresses);
    const lengths = [data, instructions, addresses].flatMap(({ length }) => integer(length));
    const encoding = Buffer.concat([
      // Delta_Indicator 0: nothing is compressed again.
      Buffer.from([...integer(targetLength), 0, ...lengths]),
      data,
      instructions,
      addresses,
    ]);
    const size = this.#source.length;
    const head = size === 0 ? [0] : [VCD_SOURCE, ...integer(size), ...integer(0)];
    return Buffer.concat([Buffer.from([...head, ...integer(encoding.length)]), encoding]);
  }

  #literal(from: number, to: number): void {
    if (from >= to) return;
    this.#instructions.push(ADD, ...integer(to - from));
    this.#data.push(this.#target.subarray(from, to));
  }
}

/** Base 128, the most significant digit first, all but the last with the high bit (section 2). */
export function integer(value: number): number[] {
  const digits = [value & 0x7f];
  for (let rest = Math.floor(value / 128); rest > 0; rest = Math.floor(rest / 128))
    digits.unshift((rest & 0x7f) | 0x80);
  return digits;
}
