import type { Subject } from './subject.ts';

const INTERVAL = 250;

/**
 * Asks the cloud's process over IPC, a few times a second, how it is. The time until it answers is the time for which
 * its event loop was blocked, less the time for which this process was itself late in asking or in hearing.
 */
export class HealthProbe {
  readonly #subject: Subject;
  #longest = 0;
  #pendingSince: number | undefined;
  #lastTick = performance.now();
  #ownDelay = 0;
  readonly #timer: NodeJS.Timeout;

  constructor(subject: Subject) {
    this.#subject = subject;
    this.#timer = setInterval(() => this.#tick(), INTERVAL);
    this.#timer.unref();
  }

  /** Ends the probe. Longest time in which the cloud did not answer, ms; an answer still awaited counts up to now. */
  stop(): number {
    clearInterval(this.#timer);
    if (this.#pendingSince !== undefined) this.#note(performance.now() - this.#pendingSince);
    return Math.round(this.#longest);
  }

  #tick(): void {
    const now = performance.now();
    this.#ownDelay += Math.max(0, now - this.#lastTick - INTERVAL);
    this.#lastTick = now;
    if (this.#pendingSince !== undefined || this.#subject.ended !== undefined) return;
    const asked = now;
    this.#pendingSince = asked;
    this.#ownDelay = 0;
    this.#subject.platform.meters().then(
      () => this.#note(performance.now() - asked),
      () => {},
    );
  }

  #note(elapsed: number): void {
    this.#pendingSince = undefined;
    this.#longest = Math.max(this.#longest, elapsed - this.#ownDelay);
  }
}
