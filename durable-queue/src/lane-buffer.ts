import type { Channel } from './channel.ts';
import { KIND, layRecord, recordBytes } from './record.ts';
import type { DropReason } from './report.ts';

/** Answers a producer when its item is stored, or was dropped. */
export interface Waiter {
  stored(sequence: number, evicted: number): void;
  dropped(reason: DropReason): void;
  failed(error: Error): void;
}

export interface BufferedRecord {
  readonly channel: Channel;
  readonly waiter: Waiter;
  readonly sequence: number;
  readonly time: number;
  /** In the buffer. */
  readonly at: number;
  readonly length: number;
}

const FIRST_CAPACITY = 16 * 1024;
/** Above it, what a burst has needed is given back when it is over. */
const KEPT_CAPACITY = 128 * 1024;

/** Items of one rank that were accepted and not yet written. */
export class LaneBuffer {
  readonly records: BufferedRecord[] = [];
  bytes = Buffer.allocUnsafe(FIRST_CAPACITY);
  length = 0;

  add(channel: Channel, content: Uint8Array, sequence: number, time: number, waiter: Waiter): void {
    const length = recordBytes(channel.nameBytes, content);
    const at = this.length;
    if (at + length > this.bytes.length) this.#grow(at + length);
    layRecord(this.bytes, at, { kind: KIND.item, name: channel.nameBytes, sequence, time, content });
    this.records.push({ channel, waiter, sequence, time, at, length });
    this.length += length;
  }

  /** Empties it, to be filled again. */
  clear(): void {
    this.records.length = 0;
    this.length = 0;
    if (this.bytes.length > KEPT_CAPACITY) this.bytes = Buffer.allocUnsafe(FIRST_CAPACITY);
  }

  #grow(needed: number): void {
    const larger = Buffer.allocUnsafeSlow(Math.max(needed, 2 * this.bytes.length));
    this.bytes.copy(larger, 0, 0, this.length);
    this.bytes = larger;
  }
}
