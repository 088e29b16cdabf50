import { type DeviceClock, systemClock } from '../clock.ts';

/** The system's clock, put right for this process alone. */
export class OffsetClock implements DeviceClock {
  readonly #base: DeviceClock;
  readonly #monotonic: () => number;
  #anchor: { readonly time: number; readonly at: number } | undefined;

  /** @param monotonic ms that only grow, whatever is done to the system's clock */
  constructor(base: DeviceClock = systemClock, monotonic: () => number = () => performance.now()) {
    this.#base = base;
    this.#monotonic = monotonic;
  }

  /** ms by which it differs from the system's clock now */
  get offset(): number {
    return this.#anchor === undefined ? 0 : Math.round(this.now() - this.#base.now());
  }

  /** From now on it counts from there by itself: what is done to the system's clock does not move it. */
  correct(time: number): void {
    this.#anchor = { time, at: this.#monotonic() };
  }

  /** The system's clock is right. */
  follow(): void {
    this.#anchor = undefined;
  }

  now(): number {
    if (this.#anchor === undefined) return this.#base.now();
    return Math.round(this.#anchor.time + this.#monotonic() - this.#anchor.at);
  }

  after(milliseconds: number, task: () => void): { cancel(): void } {
    return this.#base.after(milliseconds, task);
  }
}
