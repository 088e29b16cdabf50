import type { ComponentClock } from '../../shared/src/component.ts';
import type { SpoolConfiguration } from './configuration.ts';
import { pause } from './pause.ts';

/** ms of an unused rate that may be made up for */
const BURST = 500;

/** Keeps messages and bytes a second within what the configuration says at the moment. */
export class Pace {
  readonly #clock: ComponentClock;
  readonly #rate: () => SpoolConfiguration['rate'];
  #nextMessage = Number.NEGATIVE_INFINITY;
  #nextByte = Number.NEGATIVE_INFINITY;

  constructor(clock: ComponentClock, rate: () => SpoolConfiguration['rate']) {
    this.#clock = clock;
    this.#rate = rate;
  }

  /** Resolves when a message of so many bytes may go, or when the signal aborts. */
  async turn(size: number, signal: AbortSignal): Promise<void> {
    const { bytes, messages } = this.#rate();
    const now = this.#clock.monotonic();
    const at = Math.max(now, this.#nextMessage, this.#nextByte);
    this.#nextMessage = Math.max(now - BURST, this.#nextMessage) + 1_000 / messages;
    this.#nextByte = Math.max(now - BURST, this.#nextByte) + (size * 1_000) / bytes;
    await pause(this.#clock, at - now, signal);
  }
}
