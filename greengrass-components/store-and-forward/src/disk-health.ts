import type { ComponentClock } from '../../shared/src/component.ts';

/** ms for which nothing but errors came from the disk, after which the spool is no good */
const PATIENCE = 60_000;

/** Says so when the disk has failed for too long: a component that keeps nothing should not look well. */
export class DiskHealth {
  readonly #clock: ComponentClock;
  readonly #onBroken: (error: Error) => void;
  #since: number | undefined;

  constructor(clock: ComponentClock, onBroken: (error: Error) => void) {
    this.#clock = clock;
    this.#onBroken = onBroken;
  }

  works(): void {
    this.#since = undefined;
  }

  fails(error: unknown): void {
    const now = this.#clock.monotonic();
    this.#since ??= now;
    if (now - this.#since < PATIENCE) return;
    this.#since = undefined;
    const reason = error instanceof Error ? error.message : String(error);
    this.#onBroken(new Error(`the disk has failed for ${PATIENCE / 1_000} s: ${reason}`, { cause: error }));
  }
}
