import type { DeadBand } from '@fleetwright/contracts';

/** Knows what was sent last, and whether a value tells something new. */
export class DeadBandFilter {
  readonly #band: DeadBand;
  #sent: { readonly time: number; readonly value: number } | undefined;

  constructor(band: DeadBand) {
    this.#band = band;
  }

  /** @param mustSend whatever the value is */
  passes(time: number, value: number, mustSend: boolean): boolean {
    const passes = mustSend || this.#isNews(time, value);
    if (passes) this.#sent = { time, value };
    return passes;
  }

  #isNews(time: number, value: number): boolean {
    if (this.#sent === undefined) return true;
    const { absolute = Number.POSITIVE_INFINITY, maxSilence, percent = Number.POSITIVE_INFINITY } = this.#band;
    const silence = time - this.#sent.time;
    // A clock that was set back has told nothing for an unknown time.
    if (silence < 0 || silence >= maxSilence) return true;
    const change = Math.abs(value - this.#sent.value);
    return change > Math.min(absolute, (Math.abs(this.#sent.value) * percent) / 100);
  }
}
