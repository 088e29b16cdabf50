import { closeSync, constants, openSync, readFileSync, writeSync } from 'node:fs';
import { basename, join } from 'node:path';
import type { DeviceClock } from '../../clock.ts';
import { reasonOf } from '../../errors.ts';
import type { DeviceLog } from '../../feature.ts';
import type { Watchdog } from '../update-ports.ts';

export interface DeviceWatchdogOptions {
  /** @default '/dev/watchdog' */
  readonly device?: string;
  readonly clock: DeviceClock;
  readonly log: DeviceLog;
  /** ms after which the hardware resets a machine that does not feed it. @default what the kernel says of the device, else 15000 */
  readonly timeout?: number;
  /** ms that only grow. @default the process's */
  readonly monotonic?: () => number;
}

const TIMEOUT = 15_000;
const LEAST_INTERVAL = 500;
/** Feedings within one timeout, so that a busy machine misses none. */
const FEEDINGS = 3;
const FOOD = '1';
/** "Magic close": the driver stops only when this was the last character (kernel documentation, `watchdog-api`). */
const STOP = 'V';

/**
 * A watchdog of Linux. Its own timeout is seconds, and setting it takes an ioctl, which Node.js does not have; so a longer
 * one is made of it: the device is fed until the time is over, and then no more.
 *
 * INVARIANT: a process that hangs or dies while it is armed feeds nothing, and does not close it by the magic character.
 */
export class DeviceWatchdog implements Watchdog {
  readonly #options: DeviceWatchdogOptions;
  readonly #interval: number;
  /** A bare descriptor: nothing closes it but {@link disarm}. */
  #file: number | undefined;
  #timer: { cancel(): void } | undefined;
  #until = 0;

  constructor(options: DeviceWatchdogOptions) {
    this.#options = options;
    const timeout = options.timeout ?? kernelTimeout(this.#device) ?? TIMEOUT;
    this.#interval = Math.max(LEAST_INTERVAL, timeout / FEEDINGS);
  }

  /** Armed again, it counts anew. @throws Error when the device cannot be opened: another program may hold it */
  async arm(milliseconds: number): Promise<void> {
    this.#until = this.#now() + milliseconds;
    this.#file ??= openSync(this.#device, constants.O_WRONLY);
    this.#feed();
  }

  async disarm(): Promise<void> {
    const file = this.#file;
    if (file === undefined) return;
    this.#file = undefined;
    this.#timer?.cancel();
    writeSync(file, STOP);
    closeSync(file);
  }

  #now(): number {
    return (this.#options.monotonic ?? (() => performance.now()))();
  }

  get #device(): string {
    return this.#options.device ?? '/dev/watchdog';
  }

  #feed(): void {
    const { clock, log } = this.#options;
    this.#timer?.cancel();
    const left = this.#until - this.#now();
    if (left <= 0) {
      log.error('the time of the watchdog is over: it is fed no more', { device: this.#device });
      return;
    }
    try {
      if (this.#file !== undefined) writeSync(this.#file, FOOD);
    } catch (error) {
      log.error('the watchdog cannot be fed', { device: this.#device, reason: reasonOf(error) });
    }
    this.#timer = clock.after(Math.min(this.#interval, left), () => this.#feed());
  }
}

/** ms; `/dev/watchdog` is the first of them (kernel documentation, `sysfs-class-watchdog`: `timeout`, in seconds). */
function kernelTimeout(device: string): number | undefined {
  const name = basename(device) === 'watchdog' ? 'watchdog0' : basename(device);
  try {
    const seconds = Number(readFileSync(join('/sys/class/watchdog', name, 'timeout'), 'utf8'));
    return seconds > 0 ? seconds * 1_000 : undefined;
  } catch {
    return undefined;
  }
}
