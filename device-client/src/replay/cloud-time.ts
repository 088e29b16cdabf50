import type { DeviceClock } from '../clock.ts';

/** What a device can say of the time. */
export type TimeReading =
  | {
      readonly trusted: true;
      /** ms since the epoch */
      readonly time: number;
      /** ms since the epoch that the cloud has told and the time since then: the time is not before it. */
      readonly proven: number | undefined;
    }
  | { readonly trusted: false; readonly reason: string };

export interface CloudTimeOptions {
  readonly clock: DeviceClock;
  /** ms that only grow, whatever is done to the clock. @default the process's own */
  readonly monotonic?: () => number;
}

/** ms by which device and cloud may differ and still agree: a timestamp of the cloud is in seconds and has travelled. */
export const CLOCK_AGREEMENT = 60_000;

/** ms since the epoch. No device with this agent has lived before it: a clock without a battery starts in 1970. */
export const EARLIEST_TIME = Date.UTC(2025, 0, 1);

/** Above it a timestamp is in milliseconds: the developer guide shows both for AWS IoT Jobs (`jobs-mqtt-api`). */
const MOST_SECONDS = 100_000_000_000;

/**
 * The time, by the device's clock where that agrees with what the cloud says in its answers, else by those. They come
 * over a connection whose server has proven itself, which no clock of the device can change.
 */
export class CloudTime {
  readonly #clock: DeviceClock;
  readonly #monotonic: () => number;
  #heard: { readonly time: number; readonly at: number } | undefined;
  #waiting: (() => void)[] = [];

  constructor({ clock, monotonic }: CloudTimeOptions) {
    this.#clock = clock;
    this.#monotonic = monotonic ?? (() => performance.now());
  }

  /** Takes in a `timestamp` of an answer of AWS IoT, in seconds or ms since the epoch; anything else is no news. */
  hear(timestamp: unknown): void {
    if (typeof timestamp !== 'number' || !Number.isFinite(timestamp) || timestamp <= 0) return;
    const time = timestamp < MOST_SECONDS ? timestamp * 1_000 : timestamp;
    const at = this.#monotonic();
    const expected = this.#estimate(at);
    // Answers may overtake one another; time does not go back.
    if (expected !== undefined && time < expected) return;
    this.#heard = { time, at };
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const resolve of waiting) resolve();
  }

  /** @param floor ms since the epoch that an earlier life of the device has seen */
  read(floor: number): TimeReading {
    const now = this.#clock.now();
    const proven = this.#estimate(this.#monotonic());
    if (proven !== undefined) {
      const agrees = Math.abs(now - proven) <= CLOCK_AGREEMENT;
      return { trusted: true, time: agrees ? now : proven, proven };
    }
    const least = Math.max(floor - CLOCK_AGREEMENT, EARLIEST_TIME);
    if (now >= least) return { trusted: true, time: now, proven: undefined };
    return {
      trusted: false,
      reason: `the device's clock says ${iso(now)}, which is before ${iso(least)}, and the cloud has not told the time yet`,
    };
  }

  /** Resolves when the cloud has told the time, or after `milliseconds`. */
  whenHeard(milliseconds: number): Promise<void> {
    if (this.#heard !== undefined) return Promise.resolve();
    return new Promise((resolve) => {
      const timer = this.#clock.after(milliseconds, resolve);
      this.#waiting.push(() => {
        timer.cancel();
        resolve();
      });
    });
  }

  #estimate(at: number): number | undefined {
    return this.#heard === undefined ? undefined : this.#heard.time + (at - this.#heard.at);
  }
}

function iso(time: number): string {
  const date = new Date(time);
  return Number.isNaN(date.getTime()) ? String(time) : date.toISOString();
}
