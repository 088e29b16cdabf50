import { crc32 } from './crc32.ts';

/**
 * What segments and state files are made of, one record after the other (little endian):
 *
 * | at | bytes | |
 * |---|---|---|
 * | 0 | 4 | CRC-32 of everything behind it |
 * | 4 | 2 | mark |
 * | 6 | 1 | kind |
 * | 7 | 1 | length of the channel's name |
 * | 8 | 4 | length of the content |
 * | 12 | 6 | sequence |
 * | 18 | 6 | time |
 * | 24 | | name, content |
 *
 * The CRC begins with a seed of the file's salt and the record's place. So a record counts only where it was written:
 * not one that stands in somebody's content, nor one of an earlier file whose blocks the disk has given again.
 */
export const RECORD_HEADER_BYTES = 24;
export const KIND = { item: 1, channel: 2, snapshotEnd: 3 } as const;
export const MAX_NAME_BYTES = 255;
/** Sequences and times are whole numbers below. */
export const MAX_UINT48 = 2 ** 48 - 1;

const MARK = 0x5146;
const MARK_BYTES = Buffer.from([0x46, 0x51]);
const MARK_AT = 4;

export interface RecordFields {
  readonly kind: number;
  readonly name: Uint8Array;
  readonly sequence: number;
  readonly time: number;
  readonly content: Uint8Array;
}

export function recordBytes(name: Uint8Array, content: Uint8Array): number {
  return RECORD_HEADER_BYTES + name.length + content.length;
}

/** Writes the record at `at`, but for its CRC; answers its length. */
export function layRecord(bytes: Buffer, at: number, record: RecordFields): number {
  const { content, kind, name, sequence, time } = record;
  bytes.writeUInt16LE(MARK, at + MARK_AT);
  bytes[at + 6] = kind;
  bytes[at + 7] = name.length;
  bytes.writeUInt32LE(content.length, at + 8);
  bytes.writeUIntLE(sequence, at + 12, 6);
  bytes.writeUIntLE(time, at + 18, 6);
  bytes.set(name, at + RECORD_HEADER_BYTES);
  bytes.set(content, at + RECORD_HEADER_BYTES + name.length);
  return recordBytes(name, content);
}

/** Writes the CRC of the record at `at`, which is going to stand at `place` of a file with that salt. */
export function sealRecord(bytes: Buffer, at: number, length: number, salt: number, place: number): void {
  bytes.writeUInt32LE(crc32(bytes.subarray(at + MARK_AT, at + length), seedOf(salt, place)), at);
}

export const sequenceAt = (bytes: Buffer, at: number): number => bytes.readUIntLE(at + 12, 6);
export const timeAt = (bytes: Buffer, at: number): number => bytes.readUIntLE(at + 18, 6);
export const kindAt = (bytes: Buffer, at: number): number => bytes[at + 6] as number;
export const nameAt = (bytes: Buffer, at: number): Buffer =>
  bytes.subarray(at + RECORD_HEADER_BYTES, at + RECORD_HEADER_BYTES + (bytes[at + 7] as number));
/** Without header and name. */
export const contentLengthAt = (bytes: Buffer, at: number): number => bytes.readUInt32LE(at + 8);
export const lengthAt = (bytes: Buffer, at: number): number =>
  RECORD_HEADER_BYTES + (bytes[at + 7] as number) + contentLengthAt(bytes, at);
export const contentAt = (bytes: Buffer, at: number): Buffer => {
  const start = at + RECORD_HEADER_BYTES + (bytes[at + 7] as number);
  return bytes.subarray(start, start + contentLengthAt(bytes, at));
};

/** Bytes that belong to no intact record. */
export interface DamagedRange {
  readonly from: number;
  readonly to: number;
}

export interface Scan {
  /** Behind the last intact record. */
  readonly end: number;
  /** With intact records behind them. */
  readonly holes: readonly DamagedRange[];
}

/** Shows every intact record of `bytes`, which begin at place 0 of a file with that salt, to `visit`, from `from` on. */
export function scanRecords(bytes: Buffer, salt: number, visit: (at: number) => void, from = 0): Scan {
  const holes: DamagedRange[] = [];
  let end = from;
  for (let at = from; at >= 0; ) {
    if (!isIntact(bytes, at, salt)) {
      at = nextMark(bytes, at);
      continue;
    }
    if (at > end) holes.push({ from: end, to: at });
    visit(at);
    end = at + lengthAt(bytes, at);
    at = end;
  }
  return { end, holes };
}

/** Where a record behind `at` may begin; -1 when nowhere. */
function nextMark(bytes: Buffer, at: number): number {
  const mark = bytes.indexOf(MARK_BYTES, at + MARK_AT + 1);
  return mark < 0 ? -1 : mark - MARK_AT;
}

function isIntact(bytes: Buffer, at: number, salt: number): boolean {
  if (at + RECORD_HEADER_BYTES > bytes.length || bytes.readUInt16LE(at + MARK_AT) !== MARK) return false;
  const end = at + lengthAt(bytes, at);
  if (end > bytes.length) return false;
  return crc32(bytes.subarray(at + MARK_AT, end), seedOf(salt, at)) === bytes.readUInt32LE(at);
}

function seedOf(salt: number, place: number): number {
  return (salt ^ Math.imul(place + 1, 0x9e3779b1)) >>> 0;
}
