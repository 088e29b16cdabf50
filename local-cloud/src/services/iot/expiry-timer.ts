import type { Clock, Timer } from '../../core/clock.ts';

/**
 * One timer for many deadlines of equal length, which therefore fall due in the order in which they were set.
 * It never keeps more than one timer of the clock.
 */
export class ExpiryTimer {
  readonly #clock: Clock;
  readonly #nextDeadline: () => number | undefined;
  readonly #expire: () => void;
  #timer: Timer | undefined;

  /** `nextDeadline` (ms since the epoch) is asked again after each `expire`, which must take what is due away. */
  constructor(clock: Clock, nextDeadline: () => number | undefined, expire: () => void) {
    this.#clock = clock;
    this.#nextDeadline = nextDeadline;
    this.#expire = expire;
  }

  /** To be called after a deadline was added; the earliest one counts. */
  schedule(): void {
    if (this.#timer !== undefined) return;
    const deadline = this.#nextDeadline();
    if (deadline === undefined) return;
    this.#timer = this.#clock.after(Math.max(0, deadline - this.#clock.now()), () => {
      this.#timer = undefined;
      this.#expire();
      this.schedule();
    });
  }

  stop(): void {
    this.#timer?.cancel();
    this.#timer = undefined;
  }
}
