import { throttled } from '../../faults.ts';

/** Lets so many tasks run at a time and so many more wait. */
export class Turnstile {
  readonly #places: number;
  readonly #maxWaiting: number;
  readonly #waiting: (() => void)[] = [];
  #busy = 0;

  constructor(places: number, maxWaiting: number) {
    this.#places = places;
    this.#maxWaiting = maxWaiting;
  }

  /** @throws AwsError `ThrottlingException` when too many wait already */
  async pass<T>(task: () => Promise<T>): Promise<T> {
    if (this.#busy >= this.#places) {
      if (this.#waiting.length >= this.#maxWaiting) throw throttled('Too many queries are waiting. Try again later.');
      await new Promise<void>((resolve) => this.#waiting.push(resolve));
    } else this.#busy++;
    try {
      return await task();
    } finally {
      // The place is handed on, or given back.
      const next = this.#waiting.shift();
      if (next === undefined) this.#busy--;
      else next();
    }
  }
}
