import { seededRandom, seedOf } from '../../device-client/src/index.ts';

/** Seeded draws. The same seed gives the same sequence, so that a finding can be made again. */
export class Dice {
  readonly seed: number;
  readonly #next: () => number;

  constructor(seed: number) {
    this.seed = seed >>> 0;
    this.#next = seededRandom(this.seed);
  }

  /** Dice of their own for one lane or phase, so that lanes do not depend on each other's timing. */
  fork(name: string): Dice {
    return new Dice(seedOf(`${this.seed}/${name}`));
  }

  /** Even draw in [0, 1). */
  draw(): number {
    return this.#next();
  }

  /** Even draw of 0 … limit - 1. */
  int(limit: number): number {
    return Math.floor(this.#next() * limit);
  }

  /** Even draw of least … most. */
  between(least: number, most: number): number {
    return least + this.int(most - least + 1);
  }

  chance(probability: number): boolean {
    return this.#next() < probability;
  }

  pick<T>(list: readonly T[]): T {
    return list[this.int(list.length)] as T;
  }

  /** A key of `weights`, as often as its weight says. */
  weighted<K extends string>(weights: Readonly<Record<K, number>>): K {
    const entries = Object.entries(weights) as [K, number][];
    let left = this.#next() * entries.reduce((sum, [, weight]) => sum + weight, 0);
    for (const [key, weight] of entries) {
      left -= weight;
      if (left < 0) return key;
    }
    return (entries.at(-1) as [K, number])[0];
  }

  bytes(length: number): Buffer {
    const bytes = Buffer.allocUnsafe(length);
    for (let at = 0; at < length; at += 4) {
      const word = (this.#next() * 0x1_0000_0000) >>> 0;
      for (let index = at; index < Math.min(at + 4, length); index++)
        bytes[index] = (word >>> (8 * (index - at))) & 0xff;
    }
    return bytes;
  }

  /** Characters of `alphabet`. */
  text(length: number, alphabet = 'abcdefghijklmnopqrstuvwxyz0123456789'): string {
    let text = '';
    for (let index = 0; index < length; index++) text += alphabet[this.int(alphabet.length)];
    return text;
  }
}
