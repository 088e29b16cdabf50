import type { Batch, DropReason, Priority, PutResult } from '@fleetwright/durable-queue';

/** Where samples wait until the cloud has them: on disk, or in memory for simulated devices. */
export interface SampleQueue {
  /** Whether an item of that size would be refused now. */
  isFull(priority: Priority, bytes: number): boolean;
  /** Resolves when the item is as durable as the queue makes it, or was not taken. */
  put(lane: string, bytes: Uint8Array, priority: Priority, time: number): Promise<PutResult>;
  /** Resolves when an item of that priority may find room. */
  room(priority: Priority): Promise<void>;
  /** What `take` would hand out: at most so many items and bytes. */
  peek(lane: string, max: number, bytes: number): Promise<Batch | undefined>;
  /** The oldest items of a lane, handed out until they are acknowledged or the queue is closed. There may be fewer than `max`. */
  take(lane: string, max: number): Promise<Batch | undefined>;
  /** Acknowledgements of one turn are written down together. */
  ack(batch: Batch): Promise<unknown>;
  /** The last batch that was handed out goes back. */
  release(batch: Batch): Promise<unknown>;
  /** Items of a lane that are stored and not acknowledged. */
  waiting(lane: string): number;
  /** Of all lanes. */
  readonly items: number;
  readonly bytes: number;
  /** What was handed out and not acknowledged is handed out again after the next opening. */
  close(): Promise<void>;
}

/** Items that were promised a place and lost it, or found none. */
export interface Drop {
  readonly reason: DropReason;
  /** Items by lane. */
  readonly lanes: Readonly<Record<string, number>>;
}
