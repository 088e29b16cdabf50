import { createHash } from 'node:crypto';
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

export function contentDigest(measures: readonly RecordMeasure[]): bigint {
  if (measures.length > 1) {
    const ordered = [...measures].sort((left, right) => (left.name < right.name ? -1 : 1));
    return digest(ordered.map(measureText).join('|'));
  }
  return digest(measures.map(measureText).join());
}

function measureText(measure: RecordMeasure): string {
  const text = String(measure.value);
  return `${measure.name.length}:${measure.name}:${measure.type}=${text.length}:${text}`;
}

/** 128 bits of SHA-256 as a signed integer, the engine's HUGEINT. */
export function digest(text: string): bigint {
  const bytes = createHash('sha256').update(text).digest();
  return (bytes.readBigInt64LE(0) << 64n) | bytes.readBigUInt64LE(8);
}
