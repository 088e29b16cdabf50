import type { ComponentClock } from '../../../shared/src/component.ts';

/** So many in a second, and as many at once. */
export class RateLimit {
  readonly #perSecond: number;
  readonly #clock: ComponentClock;
  #left: number;
  #at: number;
  /** Refused so far. */
  refused = 0;

  constructor(perSecond: number, clock: ComponentClock) {
    this.#perSecond = perSecond;
    this.#clock = clock;
    this.#left = perSecond;
    this.#at = clock.monotonic();
  }

  take(): boolean {
    const now = this.#clock.monotonic();
    this.#left = Math.min(this.#perSecond, this.#left + ((now - this.#at) / 1_000) * this.#perSecond);
    this.#at = now;
    if (this.#left < 1) {
      this.refused++;
      return false;
    }
    this.#left--;
    return true;
  }
}
