import {
  type Batch,
  type DurableQueue,
  open,
  type Priority,
  type PutResult,
  type QueueOptions,
} from '@fleetwright/durable-queue';
import type { SampleQueue } from './sample-queue.ts';

/** Of what the queue adds to an item in its buffer: a header and the lane's name. */
const ITEM_OVERHEAD_BYTES = 64;
/** Batches of one lane handed out at once: more than messages under way are made of. */
const LEASES = 4_096;
const DEFAULT_BUFFERED_BYTES = 1024 * 1024;

export type DiskQueueOptions = Omit<QueueOptions, 'maxLeases' | 'maxChannels'>;

/** The durable queue as the telemetry feature uses it. */
export class DiskQueue implements SampleQueue {
  readonly #queue: DurableQueue;
  readonly #maxBuffered: number;
  /** Given and not answered for, by priority. */
  readonly #buffered: Record<Priority, number> = { alarm: 0, normal: 0, bulk: 0 };

  #waiting: (() => void)[] = [];

  private constructor(queue: DurableQueue, maxBuffered: number) {
    this.#queue = queue;
    this.#maxBuffered = maxBuffered;
  }

  /** @throws QueueError */
  static async open(options: DiskQueueOptions): Promise<DiskQueue> {
    const queue = await open({ ...options, maxLeases: LEASES });
    return new DiskQueue(queue, options.maxBufferedBytes ?? DEFAULT_BUFFERED_BYTES);
  }

  get items(): number {
    return this.#queue.stats().items;
  }

  get bytes(): number {
    return this.#queue.stats().bytes;
  }

  isFull(priority: Priority, bytes: number): boolean {
    const used = this.#buffered[priority];
    return used > 0 && used + bytes + ITEM_OVERHEAD_BYTES > this.#maxBuffered;
  }

  async put(lane: string, bytes: Uint8Array, priority: Priority, time: number): Promise<PutResult> {
    const size = bytes.length + ITEM_OVERHEAD_BYTES;
    this.#buffered[priority] += size;
    try {
      return await this.#queue.put(lane, bytes, { priority, time });
    } finally {
      this.#buffered[priority] -= size;
      const waiting = this.#waiting;
      this.#waiting = [];
      for (const resolve of waiting) resolve();
    }
  }

  /** When half of the buffer is free: a producer that waits for any room would wait at every sample. */
  async room(priority: Priority): Promise<void> {
    while (this.#buffered[priority] > this.#maxBuffered / 2) {
      await new Promise<void>((resolve) => this.#waiting.push(resolve));
    }
  }

  peek(lane: string, max: number, bytes: number): Promise<Batch | undefined> {
    return this.#queue.peek(max, bytes, { channel: lane });
  }

  take(lane: string, max: number): Promise<Batch | undefined> {
    return this.#queue.take(max, Number.POSITIVE_INFINITY, { channel: lane });
  }

  ack(batch: Batch): Promise<boolean> {
    return this.#queue.ack(batch);
  }

  release(batch: Batch): Promise<boolean> {
    return this.#queue.release(batch);
  }

  waiting(lane: string): number {
    return this.#queue.stats().channels.find(({ channel }) => channel === lane)?.items ?? 0;
  }

  close(): Promise<void> {
    return this.#queue.close();
  }
}
