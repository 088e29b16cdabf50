/** Values that a window holds at most; more than that, and the oldest leave early. */
const MAX_VALUES = 10_000;
/** Values after which the sum is made anew: adding and subtracting drifts. */
const RENEW_AFTER = 1_000;

/** Mean of the values of the last `window` ms. */
export class MovingAverage {
  readonly #window: number;
  #values: { readonly time: number; readonly value: number }[] = [];
  #sum = 0;
  #since = 0;

  constructor(window: number) {
    this.#window = window;
  }

  add(time: number, value: number): number {
    // A clock that was set back: what was before is not comparable.
    if (time < (this.#values.at(-1)?.time ?? time)) this.#forget();
    this.#values.push({ time, value });
    this.#sum += value;
    let gone = 0;
    while ((this.#values[gone]?.time ?? time) <= time - this.#window || this.#values.length - gone > MAX_VALUES) {
      this.#sum -= this.#values[gone]?.value ?? 0;
      gone++;
    }
    if (gone > 0) this.#values.splice(0, gone);
    if (++this.#since >= RENEW_AFTER) {
      this.#sum = this.#values.reduce((sum, each) => sum + each.value, 0);
      this.#since = 0;
    }
    return this.#sum / this.#values.length;
  }

  #forget(): void {
    this.#values = [];
    this.#sum = 0;
  }
}
