import type { DurableLog } from '../../core/store.ts';
import { throughputExceeded } from './errors.ts';
import { MAX_GET_BYTES, SHARD_READ_BYTES, SHARD_READS, SHARD_WRITE_BYTES, SHARD_WRITE_RECORDS } from './limits.ts';
import { type DataRecord, decodeRecord } from './record-bytes.ts';
import type { ShardRecord } from './stream-record.ts';

interface Place {
  readonly logId: number;
  /** ms since the epoch */
  readonly arrival: number;
}

export interface ReadRecord extends DataRecord {
  readonly logId: number;
}

/** What has been used of a second's allowance. */
interface Second {
  second: number;
  records: number;
  bytes: number;
}

/**
 * Records of one shard by their places in the log, oldest first.
 *
 * INVARIANT: places are taken in by growing log ids, each once its record is on disk, so that a reader that has seen one
 * place will find every later one behind it.
 */
export class Shard {
  record: ShardRecord;
  readonly start: bigint;
  readonly end: bigint;
  readonly #log: DurableLog;
  #places: Place[] = [];
  #writes: Second = { second: 0, records: 0, bytes: 0 };
  #reads: Second = { second: 0, records: 0, bytes: 0 };
  /** ms: a large read uses up the allowance of the seconds after it. */
  #readableAt = 0;
  /** Log id after the latest record, visible or not yet. */
  next: number;

  constructor(record: ShardRecord, log: DurableLog) {
    this.record = record;
    this.start = BigInt(record.startHash);
    this.end = BigInt(record.endHash);
    this.#log = log;
    this.next = 0;
  }

  get open(): boolean {
    return this.record.endSequence === undefined;
  }

  holds(hash: bigint): boolean {
    return hash >= this.start && hash <= this.end;
  }

  /** @returns false when the second's records or bytes are used up */
  allowWrite(now: number, bytes: number): boolean {
    const second = Math.floor(now / 1000);
    if (this.#writes.second !== second) this.#writes = { second, records: 0, bytes: 0 };
    const used = this.#writes;
    if (used.records + 1 > SHARD_WRITE_RECORDS || used.bytes + bytes > SHARD_WRITE_BYTES) return false;
    used.records++;
    used.bytes += bytes;
    return true;
  }

  /** @throws AwsError `ProvisionedThroughputExceeded` */
  checkRead(now: number, where: string): void {
    const second = Math.floor(now / 1000);
    if (this.#reads.second !== second) this.#reads = { second, records: 0, bytes: 0 };
    if (this.#reads.records >= SHARD_READS || now < this.#readableAt) {
      throw throughputExceeded(`Rate exceeded for shard ${this.record.id} in ${where}.`);
    }
    this.#reads.records++;
  }

  add(place: Place): void {
    this.#places.push(place);
    if (place.logId >= this.next) this.next = place.logId + 1;
  }

  /** Up to `most` records and 10 MiB from log id `from` on. */
  read(from: number, most: number, now: number): ReadRecord[] {
    const records: ReadRecord[] = [];
    let bytes = 0;
    for (let index = this.#indexOf((place) => place.logId >= from); index < this.#places.length; index++) {
      const { logId } = this.#places[index] as Place;
      const stored = this.#log.get(logId);
      if (stored === undefined) continue;
      if (records.length >= most || (records.length > 0 && bytes + stored.length > MAX_GET_BYTES)) break;
      records.push({ logId, ...decodeRecord(stored) });
      bytes += stored.length;
    }
    if (bytes > SHARD_READ_BYTES) this.#readableAt = now + Math.floor((bytes / SHARD_READ_BYTES - 1) * 1000);
    return records;
  }

  /** Arrival of the oldest record from log id `from` on. */
  arrivalFrom(from: number): number | undefined {
    return this.#places[this.#indexOf((place) => place.logId >= from)]?.arrival;
  }

  /** Log id of the first record that arrived at `time` or later; the one after the latest when there is none. */
  firstAt(time: number): number {
    return this.#places[this.#indexOf((place) => place.arrival >= time)]?.logId ?? this.next;
  }

  /** Removes records that arrived before `time`, or all. */
  expire(time: number): void {
    const kept = this.#indexOf((place) => place.arrival >= time);
    for (const { logId } of this.#places.splice(0, kept)) this.#log.remove(logId);
  }

  get empty(): boolean {
    return this.#places.length === 0;
  }

  /** First index whose place meets the test, which all later ones meet, too. */
  #indexOf(test: (place: Place) => boolean): number {
    let low = 0;
    let high = this.#places.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (test(this.#places[middle] as Place)) high = middle;
      else low = middle + 1;
    }
    return low;
  }
}
