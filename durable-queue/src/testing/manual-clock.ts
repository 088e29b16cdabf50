import type { QueueClock } from '../clock.ts';

/** A clock that moves only when told to. */
export class ManualClock implements QueueClock {
  #now: number;
  #tasks: { readonly due: number; readonly task: () => void }[] = [];

  constructor(now = Date.UTC(2026, 0, 1)) {
    this.#now = now;
  }

  now(): number {
    return this.#now;
  }

  after(milliseconds: number, task: () => void): { cancel(): void } {
    const entry = { due: this.#now + milliseconds, task };
    this.#tasks.push(entry);
    return {
      cancel: () => {
        this.#tasks = this.#tasks.filter((other) => other !== entry);
      },
    };
  }

  set(now: number): void {
    this.#now = now;
  }

  /** Runs what falls due. */
  advance(milliseconds: number): void {
    this.#now += milliseconds;
    const due = this.#tasks.filter((entry) => entry.due <= this.#now);
    this.#tasks = this.#tasks.filter((entry) => entry.due > this.#now);
    for (const { task } of due) task();
  }
}
