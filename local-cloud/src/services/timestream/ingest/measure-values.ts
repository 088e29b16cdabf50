import type { RecordMeasure } from './record.ts';
import { parseTime } from './record-time.ts';

const DECIMAL = /^[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?$/;
const INTEGER = /^[+-]?\d{1,19}$/;
const MAX_BIGINT = 9_223_372_036_854_775_807n;

/**
 * Reads a measure's text by its type (developer guide, "Writes", data types). Infinity and NaN cannot be written
 * (developer guide, "Supported data types"). A TIMESTAMP counts in the time unit of its record.
 *
 * @returns the measure, or the reason of a rejection
 */
export function readMeasureValue(column: string, text: string, type: string, timeUnit: string): RecordMeasure | string {
  switch (type) {
    case 'DOUBLE': {
      const value = DECIMAL.test(text) ? Number(text) : Number.NaN;
      // A negative zero is equal to zero in SQL and shall be so in the digest.
      if (Number.isFinite(value)) return { name: column, type: 'double', value: value === 0 ? 0 : value };
      break;
    }
    case 'BIGINT': {
      if (!INTEGER.test(text)) break;
      const value = BigInt(text.startsWith('+') ? text.slice(1) : text);
      if (value >= -MAX_BIGINT - 1n && value <= MAX_BIGINT) return { name: column, type: 'bigint', value };
      break;
    }
    case 'BOOLEAN': {
      const lower = text.toLowerCase();
      if (lower === 'true' || lower === 'false') return { name: column, type: 'boolean', value: lower === 'true' };
      break;
    }
    case 'TIMESTAMP': {
      const value = parseTime(text, timeUnit);
      if (value !== undefined) return { name: column, type: 'timestamp', value };
      break;
    }
    case 'VARCHAR':
      return { name: column, type: 'varchar', value: text };
  }
  return `The value '${text}' of measure '${column}' is not a valid ${type}.`;
}
