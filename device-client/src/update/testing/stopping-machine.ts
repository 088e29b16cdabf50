/** Counts everything that a machine does to the outside, and stops it at one of them: the call never answers, nor does any after it. */
export class StoppingMachine {
  readonly stopped: Promise<void>;
  readonly #stopAt: number;
  #calls = 0;
  #dead = false;
  #stop: () => void = () => {};

  /** @param stopAt the call, counted from 1 */
  constructor(stopAt = Number.POSITIVE_INFINITY) {
    this.#stopAt = stopAt;
    this.stopped = new Promise((resolve) => {
      this.#stop = resolve;
    });
  }

  get calls(): number {
    return this.#calls;
  }

  get dead(): boolean {
    return this.#dead;
  }

  /** Ends it here, as a reboot does. */
  end(): void {
    this.#dead = true;
    this.#stop();
  }

  /** A look that changes nothing: to stop before it is to stop after the change before. */
  look<T>(work: () => T): Promise<T> {
    return this.#dead ? new Promise(() => {}) : Promise.resolve().then(work);
  }

  /**
   * One call to the outside.
   * @param partly how far a call gets that is stopped
   */
  call<T>(work: () => T | Promise<T>, partly: () => void = () => {}): Promise<T> {
    if (this.#dead) return new Promise(() => {});
    this.#calls++;
    if (this.#calls === this.#stopAt) {
      partly();
      this.end();
      return new Promise(() => {});
    }
    // A microtask only: nothing outside happens between a call and its answer.
    return Promise.resolve().then(work);
  }
}
