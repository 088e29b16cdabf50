import { STATE_LENGTH } from './detector/series-state.ts';

const FIRST_CAPACITY = 64;
/** By which the array grows: the room that is never used is a quarter at most. */
const GROWTH = 1.25;

/** State of all series in one array, which grows by a quarter at a time, and where each series stands in it. */
export class SeriesBank {
  readonly #places = new Map<string, number>();
  #state: Float64Array;

  constructor(names: readonly string[] = [], state: Float64Array = new Float64Array(FIRST_CAPACITY * STATE_LENGTH)) {
    if (state.length < names.length * STATE_LENGTH) throw new RangeError('state and names do not fit');
    this.#state = state;
    for (const name of names) this.#places.set(name, this.#places.size);
  }

  get size(): number {
    return this.#places.size;
  }

  /** Names in the order of their places. */
  get names(): string[] {
    return [...this.#places.keys()];
  }

  /** Valid until the next {@link add}. */
  get state(): Float64Array {
    return this.#state;
  }

  /** Undefined: the series is not known. */
  placeOf(name: string): number | undefined {
    return this.#places.get(name);
  }

  /** @returns the place of a new series */
  add(name: string): number {
    const place = this.#places.size;
    if ((place + 1) * STATE_LENGTH > this.#state.length) {
      const capacity = Math.max(FIRST_CAPACITY, Math.ceil((place + 1) * GROWTH));
      const larger = new Float64Array(capacity * STATE_LENGTH);
      larger.set(this.#state);
      this.#state = larger;
    }
    this.#places.set(name, place);
    return place;
  }

  /** What is in use, copied. */
  copy(): Float64Array {
    return this.#state.slice(0, this.size * STATE_LENGTH);
  }
}
