import * as zlib from 'node:zlib';
import { createChecksum } from '../http/checksums.ts';
import { ENTRY_HEADER_BYTES, PREFIX_BYTES } from './entry-format.ts';
import type { Segment } from './segment.ts';

/**
 * Entries that are written and synced together: a header (magic, length and CRC-32 of what follows; 4 bytes each, little
 * endian), then entries, each beginning with kind (1), log number (2) and id (8, a double):
 *
 * - put: length (4), bytes
 * - remove: nothing more
 * - name: the id is the log's next one; length (4), the log's name
 *
 * A batch counts whole or not at all: one that a crash cut short fails its CRC.
 */
export const ENTRY = { put: 1, remove: 2, name: 3 } as const;

const MAGIC = 0x314a5746;
const HEADER_BYTES = 12;
const FIRST_CAPACITY = 256 * 1024;
/** Buffers above this are not used again. */
const KEPT_CAPACITY = 4 * 1024 * 1024;

interface Waiter {
  readonly promise: Promise<void>;
  readonly resolve: () => void;
  readonly reject: (error: unknown) => void;
}

export class Batch {
  readonly segment: Segment;
  /** Offset in the segment. */
  readonly start: number;
  #bytes: Buffer;
  #length = HEADER_BYTES;
  #waiter: Waiter | undefined;

  constructor(segment: Segment, start: number, reused?: Buffer) {
    this.segment = segment;
    this.start = start;
    this.#bytes = reused ?? Buffer.allocUnsafeSlow(FIRST_CAPACITY);
  }

  get length(): number {
    return this.#length;
  }

  /** What is to be written, with its header. */
  sealed(): Buffer {
    const body = this.#bytes.subarray(HEADER_BYTES, this.#length);
    this.#bytes.writeUInt32LE(MAGIC, 0);
    this.#bytes.writeUInt32LE(body.length, 4);
    this.#bytes.writeUInt32LE(crc32(body), 8);
    return this.#bytes.subarray(0, this.#length);
  }

  /** The buffer, when another batch may use it. */
  get reusable(): Buffer | undefined {
    return this.#bytes.length <= KEPT_CAPACITY ? this.#bytes : undefined;
  }

  /** Answers the entry's offset in the segment. */
  add(kind: number, log: number, id: number, value?: Uint8Array): number {
    const at = this.#length;
    const needed = value === undefined ? PREFIX_BYTES : ENTRY_HEADER_BYTES + value.length;
    if (at + needed > this.#bytes.length) this.#grow(at + needed);
    const bytes = this.#bytes;
    bytes[at] = kind;
    bytes.writeUInt16LE(log, at + 1);
    bytes.writeDoubleLE(id, at + 3);
    if (value !== undefined) {
      bytes.writeUInt32LE(value.length, at + PREFIX_BYTES);
      bytes.set(value, at + ENTRY_HEADER_BYTES);
    }
    this.#length = at + needed;
    return this.start + at;
  }

  /** A copy of the bytes of the entry at an offset of the segment. */
  read(offset: number): Buffer {
    const at = offset - this.start;
    const length = this.#bytes.readUInt32LE(at + PREFIX_BYTES);
    return Buffer.from(this.#bytes.subarray(at + ENTRY_HEADER_BYTES, at + ENTRY_HEADER_BYTES + length));
  }

  /** Settles when the batch is on disk, or cannot be brought there. */
  written(): Promise<void> {
    if (this.#waiter === undefined) {
      let settle: Omit<Waiter, 'promise'> | undefined;
      const promise = new Promise<void>((resolve, reject) => {
        settle = { resolve, reject };
      });
      this.#waiter = { promise, ...(settle as Omit<Waiter, 'promise'> | undefined) } as Waiter;
    }
    return this.#waiter.promise;
  }

  succeeded(): void {
    this.#waiter?.resolve();
  }

  failed(error: unknown): void {
    this.#waiter?.reject(error);
  }

  #grow(needed: number): void {
    const larger = Buffer.allocUnsafeSlow(Math.max(needed, this.#bytes.length * 2));
    this.#bytes.copy(larger, 0, 0, this.#length);
    this.#bytes = larger;
  }
}

export interface ReadEntry {
  readonly kind: number;
  readonly log: number;
  readonly id: number;
  /** Offset of the entry. */
  readonly offset: number;
  /** Empty for a removal. */
  readonly value: Buffer;
}

/**
 * Entries of the whole batches at the beginning of a segment, to `visit` in order. Answers where they end: short of the
 * length when a batch was cut off or damaged.
 */
export function readBatches(bytes: Buffer, visit: (entry: ReadEntry) => void): number {
  let start = 0;
  while (start + HEADER_BYTES <= bytes.length) {
    const length = bytes.readUInt32LE(start + 4);
    const end = start + HEADER_BYTES + length;
    if (bytes.readUInt32LE(start) !== MAGIC || end > bytes.length) break;
    if (crc32(bytes.subarray(start + HEADER_BYTES, end)) !== bytes.readUInt32LE(start + 8)) break;
    readEntries(bytes, start + HEADER_BYTES, end, visit);
    start = end;
  }
  return start;
}

const NO_BYTES = Buffer.alloc(0);

/** Native from Node 20.15 on. */
const crc32: (bytes: Buffer) => number = (zlib as { crc32?: (bytes: Buffer) => number }).crc32 ?? plainCrc32;

function plainCrc32(bytes: Buffer): number {
  const checksum = createChecksum('crc32');
  checksum.update(bytes);
  return Buffer.from(checksum.value(), 'base64').readUInt32BE(0);
}

function readEntries(bytes: Buffer, from: number, end: number, visit: (entry: ReadEntry) => void): void {
  for (let offset = from; offset < end; ) {
    const kind = bytes[offset] as number;
    const log = bytes.readUInt16LE(offset + 1);
    const id = bytes.readDoubleLE(offset + 3);
    if (kind === ENTRY.remove) {
      visit({ kind, log, id, offset, value: NO_BYTES });
      offset += PREFIX_BYTES;
    } else {
      const next = offset + ENTRY_HEADER_BYTES + bytes.readUInt32LE(offset + PREFIX_BYTES);
      visit({ kind, log, id, offset, value: bytes.subarray(offset + ENTRY_HEADER_BYTES, next) });
      offset = next;
    }
  }
}
