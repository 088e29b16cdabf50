import type { DuckDBDateValue, DuckDBListValue, DuckDBValue } from '@duckdb/node-api';
import {
  dateText,
  dayToSecondText,
  timeOfDayText,
  timestampText,
  yearToMonthText,
} from '../../../core/sql/analysis/timestamps.ts';
import type { SqlType } from '../../../core/sql/analysis/types.ts';
import { doubleText } from '../../../core/sql/double-text.ts';

/** Type names of results (API reference, ColumnInfo; user guide, "Data types in Amazon Athena"). */
export function resultType(type: SqlType): string {
  return type.name;
}

const PRECISION: Readonly<Record<string, number>> = {
  boolean: 0,
  integer: 10,
  bigint: 19,
  double: 17,
  varchar: 2_147_483_647,
  date: 0,
  timestamp: 3,
};

export function precisionOf(type: SqlType): number {
  return PRECISION[type.name] ?? 0;
}

/** A value as result files show it; undefined for null. */
export function resultText(value: DuckDBValue, type: SqlType): string | undefined {
  if (value === null || type.name === 'unknown') return undefined;
  switch (type.name) {
    case 'array':
      return `[${(value as DuckDBListValue).items.map((item) => resultText(item, type.element) ?? 'null').join(', ')}]`;
    case 'double':
      return doubleText(value as number);
    case 'timestamp':
      return timestampText(value as bigint).slice(0, -6);
    case 'time':
      return timeOfDayText(value as bigint).slice(0, -6);
    case 'date':
      return dateText(BigInt((value as DuckDBDateValue).days));
    case 'interval day to second':
      return dayToSecondText(value as bigint).slice(0, -6);
    case 'interval year to month':
      return yearToMonthText(value as bigint);
    default:
      return String(value);
  }
}

/** One line of a result file: every value in double quotes, nothing for null. */
export function csvLine(cells: readonly (string | undefined)[]): string {
  return `${cells.map((cell) => (cell === undefined ? '' : `"${cell.replaceAll('"', '""')}"`)).join(',')}\n`;
}

/** Reads what {@link csvLine} wrote. */
export function readCsv(text: string): (string | undefined)[][] {
  const rows: (string | undefined)[][] = [];
  let row: (string | undefined)[] = [];
  const cell = /(?:"((?:[^"]|"")*)")?([,\n])/gy;
  for (let match = cell.exec(text); match !== null; match = cell.exec(text)) {
    row.push(match[1]?.replaceAll('""', '"'));
    if (match[2] === '\n') {
      rows.push(row);
      row = [];
    }
  }
  return rows;
}
