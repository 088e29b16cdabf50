/** What a {@link DeadlineHeap} orders. `heapIndex` belongs to the heap. */
export interface Deadline {
  /** ms since the epoch */
  deadline: number;
  /** Place in the heap, -1 outside. */
  heapIndex: number;
}

/** Binary heap on `deadline` whose entries know their place, so that any of them leaves in O(log n). */
export class DeadlineHeap<T extends Deadline> {
  readonly #entries: T[] = [];

  get size(): number {
    return this.#entries.length;
  }

  earliest(): T | undefined {
    return this.#entries[0];
  }

  add(entry: T): void {
    entry.heapIndex = this.#entries.length;
    this.#entries.push(entry);
    this.#rise(entry);
  }

  remove(entry: T): void {
    const last = this.#entries.pop() as T;
    if (last !== entry) {
      this.#place(last, entry.heapIndex);
      this.#rise(last);
      this.#sink(last);
    }
    entry.heapIndex = -1;
  }

  clear(): void {
    for (const entry of this.#entries) entry.heapIndex = -1;
    this.#entries.length = 0;
  }

  #place(entry: T, index: number): void {
    this.#entries[index] = entry;
    entry.heapIndex = index;
  }

  #rise(entry: T): void {
    while (entry.heapIndex > 0) {
      const index = entry.heapIndex;
      const parent = this.#entries[(index - 1) >> 1] as T;
      if (parent.deadline <= entry.deadline) return;
      this.#place(entry, parent.heapIndex);
      this.#place(parent, index);
    }
  }

  #sink(entry: T): void {
    for (;;) {
      const index = entry.heapIndex;
      const left = this.#entries[index * 2 + 1];
      if (left === undefined) return;
      const right = this.#entries[index * 2 + 2];
      const child = right !== undefined && right.deadline < left.deadline ? right : left;
      if (child.deadline >= entry.deadline) return;
      this.#place(entry, child.heapIndex);
      this.#place(child, index);
    }
  }
}
