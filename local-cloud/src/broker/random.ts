import type { Entropy } from '../core/entropy.ts';

/** Fast numbers for choices that need no secrecy (xorshift32), seeded from the cloud's entropy. */
export class Random {
  #state: number;

  constructor(entropy: Entropy) {
    this.#state = entropy.bytes(4).readUInt32LE(0) || 1;
  }

  /** An integer in `[0, bound)`; 0 for a bound of 0. */
  below(bound: number): number {
    let state = this.#state;
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    this.#state = state;
    return bound === 0 ? 0 : (state >>> 0) % bound;
  }
}
