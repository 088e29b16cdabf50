import { bigintSql } from '../../../core/sql/analysis/compiled.ts';
import type { ReadableColumn, ReadableTable } from '../../../core/sql/analysis/relations.ts';
import * as types from '../../../core/sql/analysis/types.ts';
import { magneticStoreStart, type TableDefinition } from '../catalog/definitions.ts';
import { storageName } from '../storage/engine.ts';
import type { TableLayout } from '../storage/table-layout.ts';

const STORED_TYPES = {
  double: types.DOUBLE,
  bigint: types.BIGINT,
  boolean: types.BOOLEAN,
  varchar: types.VARCHAR,
  timestamp: types.TIMESTAMP,
} as const;

/** A stored table as queries see it; `now` in ns since the epoch. */
export function storedTable(definition: TableDefinition, layout: TableLayout, now: bigint): ReadableTable {
  const stored = layout.columns.map(({ attribute, name, ordinal, type }) => ({
    attribute,
    column: { name, type: STORED_TYPES[type], sql: `c${ordinal}` } satisfies ReadableColumn,
  }));
  const columns: ReadableColumn[] = [
    ...stored.filter(({ attribute }) => attribute === 'DIMENSION').map(({ column }) => column),
    { name: 'measure_name', type: types.VARCHAR, sql: 'measure_name' },
    { name: 'time', type: types.TIMESTAMP, sql: 'time' },
    ...stored.filter(({ attribute }) => attribute !== 'DIMENSION').map(({ column }) => column),
  ];
  return { database: definition.database, name: definition.name, columns, rows: rowsOf(definition, layout, now) };
}

function rowsOf(definition: TableDefinition, layout: TableLayout, now: bigint): string {
  if (layout.columns.length === 0 && layout.measureNameCount === 0) {
    return 'SELECT CAST(NULL AS VARCHAR) AS measure_name, CAST(NULL AS BIGINT) AS time WHERE FALSE';
  }
  // Rows that have outlived both stores are gone, whether or not they have been removed yet.
  const oldest = BigInt(Math.floor(magneticStoreStart(definition.retention, Number(now / 1_000_000n)))) * 1_000_000n;
  return `SELECT * FROM ${storageName(definition.id)} WHERE time >= ${bigintSql(oldest)}`;
}
