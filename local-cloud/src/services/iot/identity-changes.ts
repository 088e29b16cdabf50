import type { Clock, Timer } from '../../core/clock.ts';

interface PendingChange {
  readonly due: number;
  /** Undefined: any certificate may be touched. */
  readonly certificateId: string | undefined;
  /** The certificate lost its right to be connected. */
  readonly ends: boolean;
}

/**
 * When registry changes reach live connections.
 *
 * "Changes made to a policy can take a few minutes to become effective because of how AWS IoT caches the policy
 * documents" (developer guide, `iot-policies`). A cached evaluation carries the generation of its certificate and is
 * made anew once that has grown; it grows `delay` ms after a change, at once when `delay` is 0.
 */
export class IdentityChanges {
  readonly #clock: Clock;
  readonly #delay: number;
  readonly #generations = new Map<string, number>();
  readonly #listeners: ((certificateId: string) => void)[] = [];
  #common = 0;
  #pending: PendingChange[] = [];
  #timer: Timer | undefined;

  constructor(clock: Clock, delay: number) {
    this.#clock = clock;
    this.#delay = delay;
  }

  /** Grows with every change that reached this certificate. */
  generationOf(certificateId: string): number {
    return this.#common + (this.#generations.get(certificateId) ?? 0);
  }

  onIdentityChange(listener: (certificateId: string) => void): void {
    this.#listeners.push(listener);
  }

  /** What the certificate may do has changed. */
  certificateChanged(certificateId: string): void {
    this.#schedule(certificateId, false);
  }

  /** The certificate was deactivated, revoked or deleted: its live connections must end. */
  certificateEnded(certificateId: string): void {
    this.#schedule(certificateId, true);
  }

  /** A policy or group has changed that any number of certificates may depend on. */
  allChanged(): void {
    this.#schedule(undefined, false);
  }

  stop(): void {
    this.#timer?.cancel();
    this.#timer = undefined;
  }

  #schedule(certificateId: string | undefined, ends: boolean): void {
    const change: PendingChange = { due: this.#clock.now() + this.#delay, certificateId, ends };
    if (this.#delay === 0) this.#apply(change);
    else {
      this.#pending.push(change);
      this.#timer ??= this.#clock.after(this.#delay, () => this.#flush());
    }
  }

  #flush(): void {
    const now = this.#clock.now();
    const due = this.#pending.filter((change) => change.due <= now);
    this.#pending = this.#pending.filter((change) => change.due > now);
    const next = this.#pending[0];
    this.#timer = next === undefined ? undefined : this.#clock.after(next.due - now, () => this.#flush());
    for (const change of due) this.#apply(change);
  }

  #apply({ certificateId, ends }: PendingChange): void {
    if (certificateId === undefined) this.#common += 1;
    else this.#generations.set(certificateId, (this.#generations.get(certificateId) ?? 0) + 1);
    if (!ends || certificateId === undefined) return;
    for (const listener of this.#listeners) listener(certificateId);
  }
}
