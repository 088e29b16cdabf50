import type { ComponentClock } from '../component.ts';

interface Entry {
  readonly due: number;
  readonly order: number;
  readonly task: () => void;
}

/** A clock that moves only when told to. For tests. */
export class ManualClock implements ComponentClock {
  #wall: number;
  #elapsed = 0;
  #order = 0;
  readonly #entries = new Set<Entry>();

  constructor(now = Date.UTC(2026, 0, 1)) {
    this.#wall = now;
  }

  /** Whole milliseconds, as of any machine's clock, whatever parts of one timers ask for. */
  now(): number {
    return Math.floor(this.#wall);
  }

  monotonic(): number {
    return this.#elapsed;
  }

  /** How many timers wait. */
  get pending(): number {
    return this.#entries.size;
  }

  after(milliseconds: number, task: () => void): { cancel(): void } {
    const entry: Entry = { due: this.#elapsed + Math.max(0, milliseconds), order: this.#order++, task };
    this.#entries.add(entry);
    return { cancel: () => void this.#entries.delete(entry) };
  }

  /** The wall clock alone jumps, as when a device learns the time. */
  jump(milliseconds: number): void {
    this.#wall += milliseconds;
  }

  /**
   * Goes on by `milliseconds`, timer by timer in the order in which they fall due, and lets what each began run until it waits
   * for something else than a promise.
   */
  async advance(milliseconds: number): Promise<void> {
    const end = this.#elapsed + milliseconds;
    await settle();
    for (let next = this.#next(end); next !== undefined; next = this.#next(end)) {
      this.#to(next.due);
      this.#entries.delete(next);
      next.task();
      await settle();
    }
    this.#to(end);
    await settle();
  }

  #to(elapsed: number): void {
    this.#wall += elapsed - this.#elapsed;
    this.#elapsed = elapsed;
  }

  #next(end: number): Entry | undefined {
    let found: Entry | undefined;
    for (const entry of this.#entries) {
      if (entry.due > end) continue;
      if (found === undefined || entry.due < found.due || (entry.due === found.due && entry.order < found.order)) {
        found = entry;
      }
    }
    return found;
  }
}

/** Lets everything run that waits for promises alone. */
export function settle(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
