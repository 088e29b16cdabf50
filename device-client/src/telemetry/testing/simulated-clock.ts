import type { DeviceClock } from '../../clock.ts';

interface Task {
  due: number;
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
  /** ms that have passed, whatever the clock was set to. */
  elapsed = 0;

  constructor(now = Date.UTC(2026, 0, 1)) {
    this.#now = now;
  }

  now(): number {
    return this.#now;
  }

  /** What is due stays as far away as it was. */
  set(now: number): void {
    const change = now - this.#now;
    this.#tasks = this.#tasks.map((task) => Object.assign(task, { due: task.due + change }));
    this.#now = now;
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
      this.#move(next.due);
      next.run();
      await this.settle();
    }
    this.#move(end);
  }

  #move(to: number): void {
    this.elapsed += Math.max(0, to - this.#now);
    this.#now = Math.max(this.#now, to);
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
