import { hashOf } from '../../../core/hash-of.ts';
import type { MeasureNameType, StoredType } from '../storage/table-layout.ts';

export interface RecordDimension {
  readonly name: string;
  readonly value: string;
}

export type MeasureContent = number | bigint | boolean | string;

/** One value of a record under the name of its column: `cpu`, or `measure_value::double` of a single-measure record. */
export interface RecordMeasure {
  readonly name: string;
  readonly type: StoredType;
  /** number for double, bigint for bigint and for timestamp (ns), boolean, string for varchar */
  readonly value: MeasureContent;
}

/** A record of a WriteRecords call after merging with the common attributes. */
export interface IngestRecord {
  /** Place in the call. */
  readonly index: number;
  /** ns since the epoch */
  readonly time: bigint;
  readonly measureName: string;
  readonly type: MeasureNameType;
  readonly version: bigint;
  /** In order of name. */
  readonly dimensions: readonly RecordDimension[];
  readonly measures: readonly RecordMeasure[];
  /** Measure name and dimensions in one text: with the time, the key of the record. */
  readonly series: string;
  /** Digest of the measures: records with the same key and content are duplicates. */
  readonly content: bigint;
}

/** Lengths make the text unambiguous, whatever characters names and values hold. */
export function seriesText(measureName: string, dimensions: readonly RecordDimension[]): string {
  let text = `${measureName.length}:${measureName}`;
  for (const { name, value } of dimensions) text += `|${name.length}:${name}=${value.length}:${value}`;
  return text;
}

/**
 * Digest of names, types and values. Each part begins with its length or has a fixed one, so that no two contents are
 * written alike; a double is its eight bytes, and 0 and -0 are one value.
 */
export function contentDigest(measures: readonly RecordMeasure[]): bigint {
  let at = 0;
  for (const { name, type, value } of inOrderOfName(measures)) {
    at = writeText(at, name);
    scratch[at++] = TYPE_CODES[type];
    if (typeof value === 'string') at = writeText(at, value);
    else if (typeof value === 'boolean') scratch[at++] = value ? 1 : 0;
    else if (typeof value === 'number') at = scratch.writeDoubleLE(value + 0, at);
    else at = scratch.writeBigInt64LE(value, at);
  }
  return digest(scratch.subarray(0, at));
}

const TYPE_CODES: Record<StoredType, number> = { double: 1, bigint: 2, boolean: 3, varchar: 4, timestamp: 5 };

/** Reused by every record; grows with the longest. */
let scratch = Buffer.allocUnsafeSlow(4096);

/** Length and text; leaves room for what of fixed length may follow. */
function writeText(at: number, text: string): number {
  const needed = at + 4 + text.length * 3 + 16;
  if (needed > scratch.length) {
    const larger = Buffer.allocUnsafeSlow(Math.max(needed, scratch.length * 2));
    scratch.copy(larger, 0, 0, at);
    scratch = larger;
  }
  const written = scratch.write(text, at + 4);
  scratch.writeUInt32LE(written, at);
  return at + 4 + written;
}

function inOrderOfName(measures: readonly RecordMeasure[]): readonly RecordMeasure[] {
  for (let index = 1; index < measures.length; index++) {
    if ((measures[index] as RecordMeasure).name < (measures[index - 1] as RecordMeasure).name) {
      return [...measures].sort((left, right) => (left.name < right.name ? -1 : 1));
    }
  }
  return measures;
}

/** 128 bits of SHA-256 as a signed integer, the engine's HUGEINT. */
export function digest(content: string | Uint8Array): bigint {
  const bytes = hashOf('sha256', content, 'buffer');
  return (bytes.readBigInt64LE(0) << 64n) | bytes.readBigUInt64LE(8);
}
