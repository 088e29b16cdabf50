import { Meter, type MeterName } from '../meter.ts';
import type { Counts } from './messages.ts';

/** A meter whose counts are carried over to the cloud's own, with each answer. */
export class CountingMeter extends Meter {
  #fresh = new Map<MeterName, number>();

  override count(name: MeterName, by = 1): void {
    super.count(name, by);
    this.#fresh.set(name, (this.#fresh.get(name) ?? 0) + by);
  }

  /** What was counted since the last time. */
  take(): Counts {
    if (this.#fresh.size === 0) return [];
    const counts = [...this.#fresh];
    this.#fresh = new Map();
    return counts;
  }
}
