import type { Entropy } from '../../core/entropy.ts';

const BYTES_PER_ID = 16;
const IDS_PER_DRAW = 256;
const HEX = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, '0'));

/** UUIDs (RFC 4122, version 4) for messages, drawn from the source of randomness many at a time. */
export class TraceIds {
  readonly #entropy: Entropy;
  #pool: Buffer = Buffer.alloc(0);
  #used = 0;

  constructor(entropy: Entropy) {
    this.#entropy = entropy;
  }

  next(): string {
    if (this.#used >= this.#pool.length) {
      this.#pool = this.#entropy.bytes(BYTES_PER_ID * IDS_PER_DRAW);
      this.#used = 0;
    }
    const start = this.#used;
    this.#used += BYTES_PER_ID;
    let text = '';
    for (let index = 0; index < BYTES_PER_ID; index++) {
      let byte = this.#pool[start + index] as number;
      if (index === 6) byte = (byte & 0x0f) | 0x40;
      if (index === 8) byte = (byte & 0x3f) | 0x80;
      if (index === 4 || index === 6 || index === 8 || index === 10) text += '-';
      text += HEX[byte];
    }
    return text;
  }
}
