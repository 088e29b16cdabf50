const SLOTS = 512;
/** Keys of one document that are told apart; beyond them every key counts as equal to another. */
const MAX_KEYS = 256;

/**
 * Tells equal keys within one object of a document apart from keys of other objects. Holds places in the bytes, never
 * copies.
 */
export class KeyTable {
  #bytes: Uint8Array = new Uint8Array(0);
  /** Object that the key in a slot belongs to; below `#first` the slot is free. */
  readonly #owners = new Int32Array(SLOTS);
  readonly #starts = new Int32Array(SLOTS);
  readonly #lengths = new Int32Array(SLOTS);
  #first = 1;
  #last = 0;
  #count = 0;

  clear(bytes: Uint8Array): void {
    this.#bytes = bytes;
    this.#count = 0;
    if (this.#last > 0x7000_0000) {
      this.#owners.fill(0);
      this.#last = 0;
    }
    this.#first = this.#last + 1;
  }

  /** Begins an object and gives its serial number. */
  open(): number {
    return ++this.#last;
  }

  /**
   * False for a key that the object has already, and for one that begins with a digit: an object would order those
   * first.
   */
  add(start: number, end: number, owner: number): boolean {
    const bytes = this.#bytes;
    const length = end - start;
    if (length === 0) return this.#insert(0, start, 0, owner);
    const first = bytes[start] as number;
    if (first >= 0x30 && first <= 0x39) return false;
    const middle = bytes[start + (length >> 1)] as number;
    const last = bytes[end - 1] as number;
    return this.#insert(first * 31 + middle * 17 + last * 7 + length * 61, start, length, owner);
  }

  #insert(hash: number, start: number, length: number, owner: number): boolean {
    if (++this.#count > MAX_KEYS) return false;
    for (let slot = hash & (SLOTS - 1); ; slot = (slot + 1) & (SLOTS - 1)) {
      const known = this.#owners[slot] as number;
      if (known < this.#first) {
        this.#owners[slot] = owner;
        this.#starts[slot] = start;
        this.#lengths[slot] = length;
        return true;
      }
      if (
        known === owner &&
        this.#lengths[slot] === length &&
        this.#same(this.#starts[slot] as number, start, length)
      ) {
        return false;
      }
    }
  }

  #same(left: number, right: number, length: number): boolean {
    const bytes = this.#bytes;
    for (let index = 0; index < length; index++) if (bytes[left + index] !== bytes[right + index]) return false;
    return true;
  }
}
