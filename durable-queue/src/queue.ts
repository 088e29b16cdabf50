import type { Lease } from './channel.ts';
import { DirectoryLock } from './directory-lock.ts';
import { QueueError, reasonOf } from './errors.ts';
import { type QueueOptions, settle } from './options.ts';
import { PRIORITIES, type Priority, priorityOf, rankOf } from './priority.ts';
import { type Batch, Reader, type TakeOptions } from './reader.ts';
import { MAX_NAME_BYTES, MAX_UINT48 } from './record.ts';
import { recover } from './recover.ts';
import type { DropReason, QueueStats } from './report.ts';
import { Store } from './store.ts';
import { Turns } from './turns.ts';
import { Writer } from './writer.ts';

export interface PutOptions {
  /** @default 'normal' */
  readonly priority?: Priority;
  /** ms since the Unix epoch. @default now */
  readonly time?: number;
}

export type PutResult =
  | {
      readonly stored: true;
      readonly sequence: number;
      /** Items of others that were dropped to make room for the write that this item was part of. */
      readonly evicted: number;
    }
  | { readonly stored: false; readonly reason: DropReason };

/** A queue on disk that survives `kill -9`, power cuts, torn writes and full disks. Made by {@link open}. */
export class DurableQueue {
  readonly #store: Store;
  readonly #lock: DirectoryLock;
  readonly #turns = new Turns();
  readonly #writer: Writer;
  readonly #reader: Reader;
  readonly #leases = new WeakMap<Batch, Lease>();
  #waiting: (() => void)[] = [];
  #closing: Promise<void> | undefined;

  constructor(store: Store, lock: DirectoryLock) {
    this.#store = store;
    this.#lock = lock;
    this.#reader = new Reader(store);
    this.#writer = new Writer(store, this.#turns, () => this.#wake());
  }

  /**
   * Resolves when the item is as durable as the policy says, or was dropped. `bytes` are copied at once. A channel's
   * items are delivered in the order of their `put`; while it has a backlog, it keeps the priority of that.
   * @throws QueueError `INPUT_INVALID`, `TOO_MANY_CHANNELS`, `WRITE_FAILED`, `CLOSED`
   */
  put(channel: string, bytes: Uint8Array, options: PutOptions = {}): Promise<PutResult> {
    return new Promise((resolve, reject) => {
      this.#mustBeOpen();
      const { priority = 'normal', time = this.#store.settings.clock.now() } = options;
      this.#checkItem(channel, bytes, priority, time);
      this.#writer.add(this.#store.channel(channel), rankOf(priority), bytes, time, {
        stored: (sequence, evicted) => resolve({ stored: true, sequence, evicted }),
        dropped: (reason) => resolve({ stored: false, reason }),
        failed: reject,
      });
    });
  }

  /** Resolves when the bounded buffer has room again, for a producer that does not wait for each `put`. */
  room(priority: Priority = 'normal'): Promise<void> {
    return this.#writer.room(rankOf(priority));
  }

  /**
   * Hands out a batch of the most urgent priority: at most `max` items and `bytes` bytes of one channel, in order. A
   * first item that is larger than `bytes` comes alone. Undefined when there is none, or its channel's leases are out.
   * @throws QueueError `INPUT_INVALID`, `CLOSED`, and the disk's error when it cannot be read
   */
  async take(max: number, bytes: number, options: TakeOptions = {}): Promise<Batch | undefined> {
    checkBounds(max, bytes);
    return this.#turns.run(async () => {
      this.#mustBeOpen();
      const taken = await this.#reader.take(max, bytes, options);
      if (taken !== undefined) this.#leases.set(taken.batch, taken.lease);
      return taken?.batch;
    });
  }

  /** What `take` would hand out now. Nothing is handed out, and nothing is marked. */
  async peek(max: number, bytes: number, options: TakeOptions = {}): Promise<Batch | undefined> {
    checkBounds(max, bytes);
    return this.#turns.run(async () => {
      this.#mustBeOpen();
      return this.#reader.peek(max, bytes, options);
    });
  }

  /**
   * The batch has arrived. That is written down within `acknowledgeInterval`: what a crash finds unwritten is delivered
   * again, marked. False when the batch was acknowledged or released before: it, or a part of it, is delivered again.
   */
  async ack(batch: Batch): Promise<boolean> {
    const lease = this.#leaseOf(batch);
    const held = await this.#turns.run(async () => {
      this.#mustBeOpen();
      return this.#reader.acknowledge(lease);
    });
    if (held) await this.#writer.note();
    return held;
  }

  /** The batch has not arrived, or nobody knows: `take` hands it out again, marked, before anything else of its channel. */
  async release(batch: Batch): Promise<boolean> {
    const lease = this.#leaseOf(batch);
    const held = await this.#turns.run(async () => {
      this.#mustBeOpen();
      return this.#reader.release(lease);
    });
    this.#wake();
    return held;
  }

  /** Resolves when `take` has something to hand out, the queue is closed or the signal aborts. */
  async available(options: TakeOptions & { readonly signal?: AbortSignal } = {}): Promise<void> {
    const { signal } = options;
    while (this.#closing === undefined && signal?.aborted !== true && !this.#reader.hasItems(options)) {
      await new Promise<void>((resolve) => {
        const done = (): void => {
          signal?.removeEventListener('abort', done);
          resolve();
        };
        this.#waiting.push(done);
        signal?.addEventListener('abort', done, { once: true });
      });
    }
  }

  /** Resolves when everything accepted so far is on disk, whatever the policy but `never`. */
  async flush(): Promise<void> {
    await this.#writer.written();
    await this.#turns.run(async () => {
      await this.#writer.sync();
      await this.#store.note(true);
    });
  }

  stats(): QueueStats {
    const { channels, counters, lanes } = this.#store;
    let items = 0;
    let leased = 0;
    const list: { channel: string; priority: Priority; items: number }[] = [];
    for (const { leases, name, pending, rank } of channels.values()) {
      items += pending;
      for (const { parts } of leases) for (const part of parts) leased += part.items;
      if (pending > 0) list.push({ channel: name, priority: priorityOf(rank), items: pending });
    }
    return {
      items,
      leased,
      bufferedItems: this.#writer.bufferedItems,
      bufferedBytes: this.#writer.bufferedBytes,
      bytes: this.#store.bytes,
      segments: lanes.reduce((sum, { segments }) => sum + segments.length, 0),
      channels: list,
      ...counters,
      dropped: { ...counters.dropped },
    };
  }

  /** Writes what was accepted, gives up leases and the lock. Nothing else may be called then. */
  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #close(): Promise<void> {
    try {
      await this.#writer.written();
      await this.#turns.run(async () => {
        if (this.#store.settings.sync !== 'never') await this.#writer.sync();
        this.#writer.stop();
        // Nothing is handed out any more, so now it is known exactly what was.
        for (const channel of this.#store.channels.values()) {
          channel.dirty ||= channel.horizon !== channel.delivered;
          channel.horizon = channel.delivered;
        }
        await this.#store.note(true);
        for (const lane of this.#store.lanes) await lane.close();
        await this.#store.state.close();
      });
    } finally {
      await this.#lock.release();
      this.#wake();
    }
  }

  #wake(): void {
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const resolve of waiting) resolve();
  }

  #leaseOf(batch: Batch): Lease {
    const lease = this.#leases.get(batch);
    if (lease === undefined) throw new QueueError('INPUT_INVALID', 'the batch was not handed out by this queue');
    return lease;
  }

  #mustBeOpen(): void {
    if (this.#closing !== undefined) throw new QueueError('CLOSED', `${this.#store.settings.directory} is closed`);
  }

  #checkItem(channel: string, bytes: Uint8Array, priority: Priority, time: number): void {
    const { maxItemBytes } = this.#store.settings;
    const nameBytes = Buffer.byteLength(channel);
    if (nameBytes < 1 || nameBytes > MAX_NAME_BYTES) {
      throw new QueueError('INPUT_INVALID', `a channel's name has 1 to ${MAX_NAME_BYTES} bytes, received ${nameBytes}`);
    }
    if (bytes.length > maxItemBytes) {
      throw new QueueError('INPUT_INVALID', `an item has at most ${maxItemBytes} bytes, received ${bytes.length}`);
    }
    if (!PRIORITIES.includes(priority)) {
      throw new QueueError('INPUT_INVALID', `priority must be one of ${PRIORITIES.join(', ')}, received ${priority}`);
    }
    if (!Number.isInteger(time) || time < 0 || time > MAX_UINT48) {
      throw new QueueError('INPUT_INVALID', `time must be whole milliseconds since 1970, received ${time}`);
    }
  }
}

function checkBounds(max: number, bytes: number): void {
  if (Number.isInteger(max) && max > 0 && bytes > 0) return;
  throw new QueueError('INPUT_INVALID', `a batch has at least one item and byte, asked for ${max} and ${bytes}`);
}

/**
 * Opens the queue in a directory, reading and checking all that is there.
 * @throws QueueError `INPUT_INVALID`, `LOCKED`, `DIRECTORY_UNUSABLE`
 */
export async function open(options: QueueOptions): Promise<DurableQueue> {
  const settings = settle(options);
  const { directory, fileSystem } = settings;
  const unusable = (error: unknown): QueueError =>
    error instanceof QueueError
      ? error
      : new QueueError('DIRECTORY_UNUSABLE', `cannot use ${directory}: ${reasonOf(error)}`, { cause: error });
  let lock: DirectoryLock;
  try {
    await fileSystem.makeDirectory(directory);
    lock = await DirectoryLock.take(directory, settings);
  } catch (error) {
    throw unusable(error);
  }
  const store = new Store(settings);
  try {
    await recover(store);
  } catch (error) {
    await lock.release().catch(() => {});
    throw unusable(error);
  }
  return new DurableQueue(store, lock);
}
