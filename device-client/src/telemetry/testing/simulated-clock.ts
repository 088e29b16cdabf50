import type { DeviceClock } from '../../clock.ts';

interface Task {
  readonly due: number;
  readonly order: number;
  readonly run: () => void;
}

/** Turns of the event loop after each step, for promises and files. */
const TURNS = 4;

/** Time that passes when a test says so, task by task, each at its own instant. */
export class SimulatedClock implements DeviceClock {
  #now: number;
  #tasks: Task[] = [];
  #order = 0;

  constructor(now = Date.UTC(2026, 0, 1)) {
    this.#now = now;
  }

  now(): number {
    return this.#now;
  }

  after(milliseconds: number, run: () => void): { cancel(): void } {
    const task = { due: this.#now + milliseconds, order: ++this.#order, run };
    this.#tasks.push(task);
    return {
      cancel: () => {
        this.#tasks = this.#tasks.filter((other) => other !== task);
      },
    };
  }

  /** Lets what is under way go on, without any time. */
  async settle(turns = TURNS): Promise<void> {
    for (let turn = 0; turn < turns; turn++) await new Promise((resolve) => setImmediate(resolve));
  }

  async pass(milliseconds: number): Promise<void> {
    const end = this.#now + milliseconds;
    await this.settle();
    for (let next = this.#next(end); next !== undefined; next = this.#next(end)) {
      this.#tasks = this.#tasks.filter((task) => task !== next);
      this.#now = Math.max(this.#now, next.due);
      next.run();
      await this.settle();
    }
    this.#now = end;
  }

  #next(end: number): Task | undefined {
    let best: Task | undefined;
    for (const task of this.#tasks) {
      if (task.due > end) continue;
      if (best === undefined || task.due < best.due || (task.due === best.due && task.order < best.order)) best = task;
    }
    return best;
  }
}
