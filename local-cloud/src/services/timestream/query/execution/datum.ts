import type { ColumnInfo, Datum, ScalarType, Type } from '@aws-sdk/client-timestream-query';
import type { DuckDBDateValue, DuckDBListValue, DuckDBValue } from '@duckdb/node-api';
import type { QueryColumn } from '../../../../core/sql/analysis/expression-context.ts';
import {
  dateText,
  dayToSecondText,
  timeOfDayText,
  timestampText,
  yearToMonthText,
} from '../../../../core/sql/analysis/timestamps.ts';
import type { ScalarName, SqlType } from '../../../../core/sql/analysis/types.ts';
import { doubleText } from '../../../../core/sql/double-text.ts';

/** Results as the Query API shows them (API reference, ColumnInfo and Datum; developer guide, "Supported data types"). */

const SCALAR_TYPES: Record<ScalarName, ScalarType> = {
  unknown: 'UNKNOWN',
  boolean: 'BOOLEAN',
  integer: 'INTEGER',
  bigint: 'BIGINT',
  double: 'DOUBLE',
  varchar: 'VARCHAR',
  date: 'DATE',
  time: 'TIME',
  timestamp: 'TIMESTAMP',
  'interval day to second': 'INTERVAL_DAY_TO_SECOND',
  'interval year to month': 'INTERVAL_YEAR_TO_MONTH',
};

export function typeInfo(type: SqlType): Type {
  if (type.name === 'array') return { ArrayColumnInfo: { Type: typeInfo(type.element) } };
  return { ScalarType: SCALAR_TYPES[type.name] };
}

/** Columns without a name are called `_col` and their index, as Presto does. */
export function columnInfo(columns: readonly QueryColumn[]): ColumnInfo[] {
  return columns.map(({ name, type }, index) => ({ Name: name ?? `_col${index}`, Type: typeInfo(type) }));
}

export function datum(value: DuckDBValue, type: SqlType): Datum {
  if (value === null || type.name === 'unknown') return { NullValue: true };
  if (type.name === 'array') {
    return { ArrayValue: (value as DuckDBListValue).items.map((item) => datum(item, type.element)) };
  }
  return { ScalarValue: scalarText(value, type.name) };
}

function scalarText(value: DuckDBValue, type: ScalarName): string {
  switch (type) {
    case 'double':
      return doubleText(value as number);
    case 'timestamp':
      return timestampText(value as bigint);
    case 'time':
      return timeOfDayText(value as bigint);
    case 'date':
      return dateText(BigInt((value as DuckDBDateValue).days));
    case 'interval day to second':
      return dayToSecondText(value as bigint);
    case 'interval year to month':
      return yearToMonthText(value as bigint);
    default:
      return String(value);
  }
}
