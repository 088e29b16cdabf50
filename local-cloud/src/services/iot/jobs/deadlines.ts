import type { Clock, Timer } from '../../../core/clock.ts';

/** Longest sleep of the timer: a schedule may lie years ahead, the machine's timers reach 24 days. ms */
const LONGEST_SLEEP = 24 * 3_600_000;

/** Useless entries that are always borne. */
const SLACK = 64;

interface Entry {
  readonly at: number;
  readonly order: number;
  readonly key: string;
}

/**
 * Deadlines by name, each with its task, on one timer of the clock. A deadline that is set again replaces the one before.
 * They are not kept: whoever sets them sets them again after a restart, and what fell due meanwhile runs at once.
 */
export class Deadlines {
  readonly #clock: Clock;
  readonly #tasks = new Map<string, { entry: Entry; task: () => void }>();
  /** Binary heap by time; entries that were replaced or cleared stay until they surface or are the most. */
  #heap: Entry[] = [];
  #order = 0;
  #timer: { at: number; timer: Timer } | undefined;
  #stopped = false;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  set(key: string, at: number, task: () => void): void {
    if (this.#tasks.get(key)?.entry.at === at) return;
    const entry: Entry = { at, order: this.#order++, key };
    this.#tasks.set(key, { entry, task });
    push(this.#heap, entry);
    if (this.#heap.length > 2 * this.#tasks.size + SLACK) this.#compact();
    this.#arm();
  }

  /** Entries that are kept, of which some may be of no use any more. */
  get size(): number {
    return this.#heap.length;
  }

  clear(key: string): void {
    this.#tasks.delete(key);
  }

  stop(): void {
    this.#stopped = true;
    this.#timer?.timer.cancel();
    this.#timer = undefined;
  }

  #compact(): void {
    this.#heap = [];
    for (const { entry } of this.#tasks.values()) push(this.#heap, entry);
  }

  #arm(): void {
    const first = this.#first();
    if (this.#stopped || first === undefined) return;
    if (this.#timer !== undefined && this.#timer.at <= first.at) return;
    this.#timer?.timer.cancel();
    const now = this.#clock.now();
    const at = Math.min(Math.max(first.at, now), now + LONGEST_SLEEP);
    this.#timer = { at, timer: this.#clock.after(at - now, () => this.#run()) };
  }

  #run(): void {
    this.#timer = undefined;
    const now = this.#clock.now();
    for (let first = this.#first(); first !== undefined && first.at <= now; first = this.#first()) {
      pop(this.#heap);
      const due = this.#tasks.get(first.key);
      this.#tasks.delete(first.key);
      due?.task();
    }
    this.#arm();
  }

  #first(): Entry | undefined {
    for (let first = this.#heap[0]; first !== undefined; first = this.#heap[0]) {
      if (this.#tasks.get(first.key)?.entry === first) return first;
      pop(this.#heap);
    }
    return undefined;
  }
}

function before(a: Entry, b: Entry): boolean {
  return a.at < b.at || (a.at === b.at && a.order < b.order);
}

function push(heap: Entry[], entry: Entry): void {
  let at = heap.push(entry) - 1;
  while (at > 0) {
    const parent = (at - 1) >> 1;
    if (!before(entry, heap[parent] as Entry)) break;
    heap[at] = heap[parent] as Entry;
    at = parent;
  }
  heap[at] = entry;
}

function pop(heap: Entry[]): void {
  const last = heap.pop();
  if (last === undefined || heap.length === 0) return;
  let at = 0;
  for (;;) {
    let child = 2 * at + 1;
    if (child >= heap.length) break;
    if (child + 1 < heap.length && before(heap[child + 1] as Entry, heap[child] as Entry)) child++;
    if (!before(heap[child] as Entry, last)) break;
    heap[at] = heap[child] as Entry;
    at = child;
  }
  heap[at] = last;
}
