import type { DropReason } from '@fleetwright/durable-queue';
import type { DeviceClock } from '../clock.ts';
import type { Drop } from './sample-queue.ts';

/** ms from the first drop to its report; what follows within is in the same report. */
const REPORT_DELAY = 60_000;

export interface DropReport {
  readonly lane: string;
  readonly reason: DropReason;
  readonly samples: number;
}

/** Counts samples that were lost, and tells of them in bunches: a full disk drops many at a time. */
export class DropAccount {
  readonly #clock: DeviceClock;
  readonly #report: (report: DropReport) => void;
  #pending = new Map<string, { lane: string; reason: DropReason; samples: number }>();
  #timer: { cancel(): void } | undefined;
  /** Since the feature was made. */
  total = 0;

  constructor(clock: DeviceClock, report: (report: DropReport) => void) {
    this.#clock = clock;
    this.#report = report;
  }

  add({ lanes, reason }: Drop): void {
    for (const [lane, samples] of Object.entries(lanes)) {
      this.total += samples;
      const key = `${lane} ${reason}`;
      const pending = this.#pending.get(key);
      if (pending === undefined) this.#pending.set(key, { lane, reason, samples });
      else pending.samples += samples;
    }
    if (this.#pending.size > 0) this.#timer ??= this.#clock.after(REPORT_DELAY, () => this.tell());
  }

  /** Tells what has not been told. */
  tell(): void {
    this.stop();
    const pending = this.#pending;
    this.#pending = new Map();
    for (const report of pending.values()) this.#report(report);
  }

  stop(): void {
    this.#timer?.cancel();
    this.#timer = undefined;
  }
}
