import type { EdgeThreshold } from '@fleetwright/contracts';

export type AlarmChange = 'raised' | 'cleared';

/** Whether an alarm is on: raised when a value was beyond its limit for long enough, cleared when it is well inside. */
export class Threshold {
  readonly #limits: EdgeThreshold;
  #isRaised: boolean;
  /** Since when the value has been beyond the limit. */
  #beyondSince: number | undefined;

  constructor(limits: EdgeThreshold, isRaised = false) {
    this.#limits = limits;
    this.#isRaised = isRaised;
  }

  get isRaised(): boolean {
    return this.#isRaised;
  }

  add(time: number, value: number): AlarmChange | undefined {
    const { above = Number.POSITIVE_INFINITY, below = Number.NEGATIVE_INFINITY, hysteresis } = this.#limits;
    if (value > above || value < below) return this.#beyond(time);
    this.#beyondSince = undefined;
    if (!this.#isRaised || value > above - hysteresis || value < below + hysteresis) return undefined;
    this.#isRaised = false;
    return 'cleared';
  }

  #beyond(time: number): AlarmChange | undefined {
    if (this.#beyondSince === undefined || time < this.#beyondSince) this.#beyondSince = time;
    if (this.#isRaised || time - this.#beyondSince < this.#limits.for) return undefined;
    this.#isRaised = true;
    return 'raised';
  }
}
