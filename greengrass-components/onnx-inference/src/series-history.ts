/** Samples in the order of their times. */
export interface Samples {
  /** ms since the epoch, each after the one before */
  readonly times: readonly number[];
  readonly values: readonly number[];
}

/**
 * What is remembered of one series.
 *
 * INVARIANTS
 * - Times grow; of two samples with one time the later message counts.
 * - Never more than `capacity` samples: the oldest go first.
 */
export class SeriesHistory {
  #times: number[] = [];
  #values: number[] = [];
  /** Begin of what is remembered: what lies before is left behind, and cut off now and then. */
  #begin = 0;
  readonly #capacity: number;

  constructor(capacity: number) {
    this.#capacity = capacity;
  }

  get size(): number {
    return this.#times.length - this.#begin;
  }

  /** Time of the newest sample; undefined: there is none. */
  get newest(): number | undefined {
    return this.size === 0 ? undefined : this.#times[this.#times.length - 1];
  }

  add(time: number, value: number): void {
    const last = this.newest;
    if (last === undefined || time > last) {
      this.#times.push(time);
      this.#values.push(value);
      if (this.size > this.#capacity) this.#begin++;
    } else {
      const at = this.#from(time);
      if (this.#times[at] === time) {
        this.#values[at] = value;
        return;
      }
      if (this.size >= this.#capacity && at === this.#begin) return;
      this.#times.splice(at, 0, time);
      this.#values.splice(at, 0, value);
      if (this.size > this.#capacity) this.#begin++;
    }
    this.#cut();
  }

  /** Forgets what was before. */
  forget(before: number): void {
    this.#begin = this.#from(before);
    this.#cut();
  }

  /** Samples in `[from, to)`. */
  between(from: number, to: number): Samples {
    const [first, end] = [this.#from(from), this.#from(to)];
    return { times: this.#times.slice(first, end), values: this.#values.slice(first, end) };
  }

  /** Index of the first sample at `time` or after. */
  #from(time: number): number {
    let low = this.#begin;
    let high = this.#times.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.#times[middle] as number) < time) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  #cut(): void {
    if (this.#begin < 1_024 || this.#begin * 2 < this.#times.length) return;
    this.#times = this.#times.slice(this.#begin);
    this.#values = this.#values.slice(this.#begin);
    this.#begin = 0;
  }
}
