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

export function contentDigest(measures: readonly RecordMeasure[]): bigint {
  let text = '';
  for (const measure of inOrderOfName(measures)) {
    const value = String(measure.value);
    if (text !== '') text += '|';
    text += `${measure.name.length}:${measure.name}:${measure.type}=${value.length}:${value}`;
  }
  return digest(text);
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
export function digest(text: string): bigint {
  const bytes = hashOf('sha256', text, 'buffer');
  return (bytes.readBigInt64LE(0) << 64n) | bytes.readBigUInt64LE(8);
}
