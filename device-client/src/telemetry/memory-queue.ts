import type { Batch, PutResult, QueueItem } from '@fleetwright/durable-queue';
import type { SampleQueue } from './sample-queue.ts';

interface Lane {
  readonly items: QueueItem[];
  /** Of `items`, those that are handed out. */
  taken: number;
}

const TAKEN: PutResult = { stored: true, sequence: 0, evicted: 0 };
const REFUSED: PutResult = { stored: false, reason: 'queue-full' };

/**
 * Samples in memory, up to a number: for simulated fleets, where thousands of devices share a process. Nothing is
 * dropped: a full queue refuses its producer.
 */
export class MemoryQueue implements SampleQueue {
  readonly #capacity: number;
  readonly #lanes = new Map<string, Lane>();
  /** Handed-out batches of each lane, oldest first. */
  readonly #batches = new Map<Batch, { readonly lane: Lane; done: boolean }>();
  #items = 0;
  #bytes = 0;
  #sequence = 0;
  #waiting: (() => void)[] = [];

  /** @param capacity items */
  constructor(capacity: number) {
    this.#capacity = capacity;
  }

  get items(): number {
    return this.#items;
  }

  get bytes(): number {
    return this.#bytes;
  }

  isFull(): boolean {
    return this.#items >= this.#capacity;
  }

  async put(lane: string, bytes: Uint8Array, _priority: unknown, time: number): Promise<PutResult> {
    if (this.isFull()) return REFUSED;
    this.#items++;
    this.#bytes += bytes.length;
    const item = { sequence: ++this.#sequence, time, bytes: bytes as Buffer, possibleDuplicate: false };
    this.#lane(lane).items.push(item);
    return TAKEN;
  }

  async room(): Promise<void> {
    while (this.isFull()) await new Promise<void>((resolve) => this.#waiting.push(resolve));
  }

  async peek(name: string, max: number, bytes: number): Promise<Batch | undefined> {
    const lane = this.#lane(name);
    const items: QueueItem[] = [];
    let size = 0;
    for (let at = lane.taken; at < lane.items.length && items.length < max; at++) {
      const item = lane.items[at] as QueueItem;
      size += item.bytes.length;
      if (items.length > 0 && size > bytes) break;
      items.push(item);
    }
    return items.length === 0 ? undefined : { channel: name, priority: 'normal', items };
  }

  async take(name: string, max: number): Promise<Batch | undefined> {
    const lane = this.#lane(name);
    const items = lane.items.slice(lane.taken, lane.taken + max);
    if (items.length === 0) return undefined;
    lane.taken += items.length;
    const batch: Batch = { channel: name, priority: 'normal', items };
    this.#batches.set(batch, { lane, done: false });
    return batch;
  }

  async release(batch: Batch): Promise<void> {
    const held = this.#batches.get(batch);
    if (held === undefined) return;
    this.#batches.delete(batch);
    held.lane.taken -= batch.items.length;
  }

  /** A batch goes when those before it of its lane have gone. */
  async ack(batch: Batch): Promise<void> {
    const held = this.#batches.get(batch);
    if (held === undefined) return;
    held.done = true;
    for (const [each, { done, lane }] of this.#batches) {
      if (lane !== held.lane) continue;
      if (!done) break;
      this.#batches.delete(each);
      lane.items.splice(0, each.items.length);
      lane.taken -= each.items.length;
      this.#items -= each.items.length;
      for (const { bytes } of each.items) this.#bytes -= bytes.length;
    }
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const resolve of waiting) resolve();
  }

  waiting(lane: string): number {
    return this.#lanes.get(lane)?.items.length ?? 0;
  }

  async close(): Promise<void> {
    this.#batches.clear();
    for (const lane of this.#lanes.values()) lane.taken = 0;
  }

  #lane(name: string): Lane {
    let lane = this.#lanes.get(name);
    if (lane === undefined) {
      lane = { items: [], taken: 0 };
      this.#lanes.set(name, lane);
    }
    return lane;
  }
}
