import type { DeviceClock } from './clock.ts';

/** Wakes one who waits. A ring without anybody waiting is kept for the next. */
export class Doorbell {
  readonly #clock: DeviceClock;
  #rung = false;
  #wake: (() => void) | undefined;

  constructor(clock: DeviceClock) {
    this.#clock = clock;
  }

  ring(): void {
    this.#rung = true;
    this.#wake?.();
  }

  /**
   * Resolves at a ring, after `milliseconds` where given, or when `signal` aborts.
   * @returns whether it rang
   */
  async wait(signal: AbortSignal, milliseconds?: number): Promise<boolean> {
    if (!this.#rung && !signal.aborted) {
      await new Promise<void>((resolve) => {
        const timer = milliseconds === undefined ? undefined : this.#clock.after(milliseconds, done);
        signal.addEventListener('abort', done, { once: true });
        this.#wake = done;
        function done(): void {
          timer?.cancel();
          signal.removeEventListener('abort', done);
          resolve();
        }
      });
      this.#wake = undefined;
    }
    const rung = this.#rung;
    this.#rung = false;
    return rung;
  }
}
