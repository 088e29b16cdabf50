import type { DeviceClock } from '../../clock.ts';

interface Task {
  readonly due: number;
  readonly order: number;
  readonly run: () => void;
}

/** A clock that jumps to the next task when everything else waits: what is not done by microtasks waits for time. */
export class JumpingClock implements DeviceClock {
  #now: number;
  #order = 0;
  readonly #tasks = new Set<Task>();
  #scheduled = false;
  /** A machine that is off keeps no time. */
  stopped = false;

  constructor(now: number) {
    this.#now = now;
  }

  now(): number {
    return this.#now;
  }

  after(milliseconds: number, run: () => void): { cancel(): void } {
    const task: Task = { due: this.#now + Math.max(0, milliseconds), order: this.#order++, run };
    this.#tasks.add(task);
    this.#schedule();
    return { cancel: () => void this.#tasks.delete(task) };
  }

  #schedule(): void {
    if (this.#scheduled || this.stopped) return;
    this.#scheduled = true;
    setImmediate(() => {
      this.#scheduled = false;
      if (this.stopped) return;
      const [next] = [...this.#tasks].sort((left, right) => left.due - right.due || left.order - right.order);
      if (next === undefined) return;
      this.#tasks.delete(next);
      this.#now = Math.max(this.#now, next.due);
      next.run();
      if (this.#tasks.size > 0) this.#schedule();
    });
  }
}
