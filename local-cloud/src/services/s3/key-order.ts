/** Order of keys in listings: by their UTF-8 bytes ("ListObjectsV2", "lexicographical order"). */
export function compareKeys(a: string, b: string): number {
  const length = Math.min(a.length, b.length);
  for (let index = 0; index < length; index++) {
    const left = a.charCodeAt(index);
    const right = b.charCodeAt(index);
    // UTF-16 puts surrogates (characters beyond U+FFFF) before U+E000–U+FFFF, UTF-8 behind them.
    if (left !== right) return rank(left) - rank(right);
  }
  return a.length - b.length;
}

function rank(unit: number): number {
  if (unit < 0xd800) return unit;
  return unit < 0xe000 ? unit + 0x2000 : unit - 0x800;
}

/** A set of keys in that order. */
export class SortedKeys {
  readonly #keys: string[] = [];

  get size(): number {
    return this.#keys.length;
  }

  at(index: number): string | undefined {
    return this.#keys[index];
  }

  add(key: string): void {
    const last = this.#keys.at(-1);
    if (last === undefined || compareKeys(key, last) > 0) {
      this.#keys.push(key);
      return;
    }
    const index = this.indexFrom(key);
    if (this.#keys[index] !== key) this.#keys.splice(index, 0, key);
  }

  delete(key: string): void {
    const index = this.indexFrom(key);
    if (this.#keys[index] === key) this.#keys.splice(index, 1);
  }

  /** Index of the first key that is not before `key`. */
  indexFrom(key: string): number {
    return this.#first((one) => compareKeys(one, key) >= 0);
  }

  /** Index of the first key behind `key`. */
  indexAfter(key: string): number {
    return this.#first((one) => compareKeys(one, key) > 0);
  }

  /** Index of the first key behind all that begin with `prefix`. */
  indexPast(prefix: string): number {
    return this.#first((one) => !one.startsWith(prefix) && compareKeys(one, prefix) > 0);
  }

  /** `holds` must be false for a head of the list and true for the rest. */
  #first(holds: (key: string) => boolean): number {
    let low = 0;
    let high = this.#keys.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (holds(this.#keys[middle] as string)) high = middle;
      else low = middle + 1;
    }
    return low;
  }
}
