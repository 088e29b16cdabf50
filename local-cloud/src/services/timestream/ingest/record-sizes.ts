import { MAX_MEASURE_VALUE_BYTES, MAX_RECORD_BYTES, MAX_SERIES_BYTES } from '../limits.ts';
import type { RecordDimension, RecordMeasure } from './record.ts';

const TIME_BYTES = 8;

/**
 * Sizes as they are metered (developer guide, "Metering and pricing", writes): 8 bytes for a time, a bigint or a double,
 * 1 for a boolean, else the length in UTF-8.
 *
 * @returns the reason of a rejection
 */
export function checkSizes(
  measureName: string,
  dimensions: readonly RecordDimension[],
  measures: readonly RecordMeasure[],
): string | undefined {
  let series = 0;
  for (const { name, value } of dimensions) series += Buffer.byteLength(name) + Buffer.byteLength(value);
  if (series > MAX_SERIES_BYTES) {
    return `The size of the dimension names and values, ${series} bytes, exceeds the limit of ${MAX_SERIES_BYTES} bytes.`;
  }
  let values = 0;
  for (const measure of measures) values += valueBytes(measure);
  if (values > MAX_MEASURE_VALUE_BYTES) {
    return `The size of the measure values, ${values} bytes, exceeds the limit of ${MAX_MEASURE_VALUE_BYTES} bytes.`;
  }
  const total = TIME_BYTES + series + Buffer.byteLength(measureName) + values;
  if (total > MAX_RECORD_BYTES) {
    return `The size of the record, ${total} bytes, exceeds the limit of ${MAX_RECORD_BYTES} bytes.`;
  }
  return undefined;
}

function valueBytes({ type, value }: RecordMeasure): number {
  if (type === 'boolean') return 1;
  return type === 'varchar' ? Buffer.byteLength(value as string) : 8;
}
