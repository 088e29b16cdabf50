import type { Clock } from '../../core/clock.ts';
import type { DurableLog, Store } from '../../core/store.ts';
import { MAX_BLOCK_BYTES } from './limits.ts';
import { type RecordBlock, readBlock, type Separation, writeBlock } from './record-block.ts';

/** What is to be delivered as one object. */
export interface Chunk {
  /** Entries of the log, oldest first. */
  readonly entries: readonly number[];
  /** Arrival of the oldest record, ms since the epoch. */
  readonly arrival: number;
  readonly records: number;
  /** Bytes of the blocks. */
  readonly bytes: number;
  readonly blocks: readonly RecordBlock[];
}

interface Turn {
  readonly arrival: number;
  readonly records: Uint8Array[];
  bytes: number;
  readonly written: Promise<void>;
}

/**
 * Records of one stream between their arrival and their delivery.
 *
 * INVARIANTS
 * - `append` resolves when the record is on disk. Records of one turn of the event loop share one entry and one commit.
 * - Memory holds counters, never the backlog: however long a destination is out of reach, it grows on disk only.
 * - Records leave in the order in which they came.
 */
export class RecordBuffer {
  readonly #store: Store;
  readonly #log: DurableLog;
  readonly #clock: Clock;
  readonly #grown: () => void;
  #turn: Turn | undefined;
  /** Last entry that is on disk. */
  #durableThrough = 0;
  /** Entries before this one are removed, whether or not the disk knows it yet. */
  #head = 0;
  #bytes = 0;
  #oldest: number | undefined;

  /** `grown` is called when records have reached the disk. */
  constructor(store: Store, name: string, clock: Clock, grown: () => void) {
    this.#store = store;
    this.#log = store.log(name);
    this.#clock = clock;
    this.#grown = grown;
    for (const [id, entry] of this.#log.entries()) {
      const block = readBlock(entry);
      this.#oldest ??= block.arrival;
      this.#bytes += block.data.length;
      this.#durableThrough = id;
    }
  }

  /** Bytes on disk and not delivered. */
  get bytes(): number {
    return this.#bytes;
  }

  /** Arrival of the oldest record on disk. */
  get oldest(): number | undefined {
    return this.#oldest;
  }

  append(record: Uint8Array, separation: Separation): Promise<void> {
    let turn = this.#turn;
    if (turn === undefined || turn.bytes >= MAX_BLOCK_BYTES) {
      turn = this.#begin(separation);
      this.#turn = turn;
    }
    turn.records.push(record);
    turn.bytes += record.length;
    return turn.written;
  }

  /** The oldest records, up to `maxBytes` (but at least one entry). */
  take(maxBytes: number): Chunk | undefined {
    const blocks: RecordBlock[] = [];
    const entries: number[] = [];
    let arrival = 0;
    let records = 0;
    let bytes = 0;
    for (const [id, entry] of this.#log.entries(this.#head)) {
      if (id > this.#durableThrough || bytes >= maxBytes) break;
      const block = readBlock(entry);
      if (entries.length > 0 && bytes + block.data.length > maxBytes) break;
      if (entries.length === 0) arrival = block.arrival;
      entries.push(id);
      blocks.push(block);
      records += block.records;
      bytes += block.data.length;
    }
    if (entries.length === 0) return undefined;
    return { entries, arrival, records, bytes, blocks };
  }

  /** Forgets what has been delivered. */
  remove(chunk: Chunk): void {
    for (const id of chunk.entries) {
      this.#log.remove(id);
      this.#head = id + 1;
    }
    this.#bytes -= chunk.bytes;
    this.#findOldest();
  }

  /** Forgets records that arrived before `cutoff`, and answers how many. */
  removeBefore(cutoff: number): number {
    let records = 0;
    for (const [id, entry] of this.#log.entries(this.#head)) {
      const block = readBlock(entry);
      if (id > this.#durableThrough || block.arrival >= cutoff) break;
      this.#log.remove(id);
      this.#head = id + 1;
      this.#bytes -= block.data.length;
      records += block.records;
    }
    this.#findOldest();
    return records;
  }

  /** Forgets everything. */
  clear(): void {
    for (const [id] of this.#log.entries(this.#head)) {
      this.#log.remove(id);
      this.#head = id + 1;
    }
    this.#bytes = 0;
    this.#oldest = undefined;
  }

  #findOldest(): void {
    this.#oldest = undefined;
    for (const [id, entry] of this.#log.entries(this.#head)) {
      if (id <= this.#durableThrough) this.#oldest = readBlock(entry).arrival;
      break;
    }
  }

  #begin(separation: Separation): Turn {
    const records: Uint8Array[] = [];
    const arrival = this.#clock.now();
    const written = new Promise<void>((resolve, reject) => {
      setImmediate(() => {
        if (this.#turn?.records === records) this.#turn = undefined;
        this.#write(arrival, records, separation).then(resolve, reject);
      });
    });
    return { arrival, records, bytes: 0, written };
  }

  async #write(arrival: number, records: readonly Uint8Array[], separation: Separation): Promise<void> {
    const block = writeBlock(arrival, records, separation);
    const id = this.#log.append(block);
    await this.#store.durable();
    this.#durableThrough = Math.max(this.#durableThrough, id);
    if (id >= this.#head) this.#oldest ??= arrival;
    this.#bytes += readBlock(block).data.length;
    this.#grown();
  }
}
