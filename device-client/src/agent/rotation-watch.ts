import { backoffDelay } from '../backoff.ts';
import type { DeviceClock } from '../clock.ts';
import type { Device } from '../device.ts';
import { reasonOf } from '../errors.ts';
import type { DeviceLog } from '../feature.ts';
import { rotationDueAt } from '../identity/certificate-expiry.ts';

export interface RotationWatchOptions {
  readonly device: Device;
  readonly clock: DeviceClock;
  readonly random: () => number;
  readonly log: DeviceLog;
  /** ms before the certificate's end */
  readonly before: number;
  /** Whether now is a time for it. A clock that may be wrong must not change certificates. */
  readonly mayRotate: () => boolean;
}

const LOOK = 3_600_000;
const FAILED = { base: 3_600_000, cap: 86_400_000 };

/** Changes the device's certificate before it ends. */
export class RotationWatch {
  readonly #options: RotationWatchOptions;
  readonly #draw: number;
  #timer: { cancel(): void } | undefined;
  #failures = 0;

  constructor(options: RotationWatchOptions) {
    this.#options = options;
    this.#draw = options.random();
  }

  start(): void {
    this.#look();
  }

  stop(): void {
    this.#timer?.cancel();
  }

  #look(): void {
    const { before, clock, device, mayRotate } = this.#options;
    let wait = LOOK;
    if (mayRotate() && device.rotation.phase === 'idle') {
      const dueAt = rotationDueAt(device.identity.certificatePem, { before, draw: this.#draw });
      if (clock.now() >= dueAt) {
        void this.#rotate();
        return;
      }
      wait = Math.min(LOOK, dueAt - clock.now());
    }
    this.#timer = clock.after(wait, () => this.#look());
  }

  async #rotate(): Promise<void> {
    const { clock, device, log, random } = this.#options;
    let failed = true;
    try {
      failed = (await device.rotateCertificate('expiring')).result === 'failed';
    } catch (error) {
      log.warn('the certificate cannot be changed', { reason: reasonOf(error) });
    }
    this.#failures = failed ? this.#failures + 1 : 0;
    const wait = failed ? FAILED.base + backoffDelay(FAILED, this.#failures, random()) : LOOK;
    this.#timer = clock.after(wait, () => this.#look());
  }
}
