/**
 * Time as a port. Nothing in `local-cloud` outside this file reads the wall clock or sets a timer,
 * so that a month of fleet life can run in seconds under {@link ManualClock}.
 */
export interface Timer {
  cancel(): void;
}

export interface Clock {
  /** Milliseconds since the Unix epoch. */
  now(): number;
  /** Runs `task` once after `milliseconds`. */
  after(milliseconds: number, task: () => void): Timer;
  /** Runs `task` every `milliseconds` until cancelled. */
  every(milliseconds: number, task: () => void): Timer;
}

/** Resolves after `milliseconds` of the given clock, or at once when `signal` aborts. */
export function sleep(clock: Clock, milliseconds: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal?.aborted) return resolve();
    const timer = clock.after(milliseconds, finish);
    function finish(): void {
      timer.cancel();
      signal?.removeEventListener('abort', finish);
      resolve();
    }
    signal?.addEventListener('abort', finish, { once: true });
  });
}

/** The machine's own clock. Its timers keep the process alive, as servers want. */
export const systemClock: Clock = {
  now: () => Date.now(),
  after(milliseconds, task) {
    const handle = setTimeout(task, milliseconds);
    return { cancel: () => clearTimeout(handle) };
  },
  every(milliseconds, task) {
    const handle = setInterval(task, milliseconds);
    return { cancel: () => clearInterval(handle) };
  },
};

interface PendingTask {
  due: number;
  order: number;
  period: number | undefined;
  task: () => void;
}

/** A clock that moves only when told to: `await clock.advance(60_000)`. */
export class ManualClock implements Clock {
  #now: number;
  #order = 0;
  readonly #pending = new Set<PendingTask>();

  constructor(start = Date.UTC(2026, 0, 1)) {
    this.#now = start;
  }

  now(): number {
    return this.#now;
  }

  after(milliseconds: number, task: () => void): Timer {
    return this.#schedule(milliseconds, undefined, task);
  }

  every(milliseconds: number, task: () => void): Timer {
    return this.#schedule(milliseconds, milliseconds, task);
  }

  /** Runs everything that falls due in the next `milliseconds`, in order, letting promises settle in between. */
  async advance(milliseconds: number): Promise<void> {
    const end = this.#now + milliseconds;
    for (;;) {
      const next = [...this.#pending]
        .filter((pending) => pending.due <= end)
        .sort((a, b) => a.due - b.due || a.order - b.order)[0];
      if (next === undefined) break;
      this.#now = Math.max(this.#now, next.due);
      if (next.period === undefined) this.#pending.delete(next);
      else next.due += Math.max(1, next.period);
      next.task();
      await settle();
    }
    this.#now = end;
    await settle();
  }

  #schedule(milliseconds: number, period: number | undefined, task: () => void): Timer {
    const pending: PendingTask = {
      due: this.#now + Math.max(0, milliseconds),
      order: this.#order++,
      period,
      task,
    };
    this.#pending.add(pending);
    return { cancel: () => void this.#pending.delete(pending) };
  }
}

/** Lets queued microtasks and immediates run. */
function settle(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
