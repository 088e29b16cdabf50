import { join } from 'node:path';
import type { DuckDBConnection } from '@duckdb/node-api';
import type { Principal } from '../../../core/iam/principal.ts';
import type { CloudContext } from '../../../core/plugin.ts';
import type { ReadableColumn, ReadableTable } from '../../../core/sql/analysis/relations.ts';
import * as types from '../../../core/sql/analysis/types.ts';
import { quotedName } from '../../../core/sql/hive-type.ts';
import type { Expression } from '../../../core/sql/syntax/ast.ts';
import { ScanLimitExceeded } from '../errors.ts';
import { type CatalogTable, locations, type PartitionLocation } from './catalog-table.ts';
import { fromStored, fromText, readableColumn } from './column-types.ts';
import { formatOf, type StoredRelation, storedRelation } from './formats.ts';
import { download, listObjects } from './table-objects.ts';

/** A table whose objects lie in the scratch directory. */
export interface LoadedTable {
  readonly table: ReadableTable;
  readonly bytesRead: number;
}

export interface Loading {
  readonly context: CloudContext;
  readonly caller: Principal;
  readonly connection: DuckDBConnection;
  readonly directory: string;
  /** Bytes that the query may still read; undefined: any. */
  readonly allowance?: number | undefined;
}

/**
 * Reads the objects of the partitions that a condition leaves, as the caller, and describes them as a relation.
 * @throws AwsError, QueryFailure, ScanLimitExceeded
 */
export async function loadTable(
  { allowance, caller, connection, context, directory }: Loading,
  catalogued: CatalogTable,
  condition: Expression | undefined,
  ordinal: number,
): Promise<LoadedTable> {
  const { columns, database, keys, name } = catalogued;
  const readable = [...columns, ...keys].map(readableColumn);
  const found = await locations(context, caller, catalogued, condition);
  const objects = await listObjects(context, caller, found);
  const format = formatOf(catalogued);
  const files: string[] = [];
  let bytesRead = 0;
  if (allowance !== undefined && objects.reduce((sum, { size }) => sum + size, 0) > allowance) {
    throw new ScanLimitExceeded();
  }
  for (const [index, object] of objects.entries()) {
    const file = join(directory, `t${ordinal}-p${object.partition}-${index}`);
    await download(context, caller, object, file);
    files.push(file);
    bytesRead += object.size;
  }
  const rows =
    files.length === 0
      ? emptyRows(readable)
      : rowsOf(await storedRelation(connection, format, columns, files), columns.length, readable, found);
  return { table: { database, name, columns: readable, rows }, bytesRead };
}

function emptyRows(columns: readonly ReadableColumn[]): string {
  const nulls = columns.map(({ sql, type }) => `CAST(NULL AS ${types.engineType(type)}) AS ${sql}`);
  return `SELECT ${nulls.join(', ')} WHERE FALSE`;
}

function rowsOf(
  stored: StoredRelation,
  ownColumns: number,
  readable: readonly ReadableColumn[],
  found: readonly PartitionLocation[],
): string {
  const own = readable.slice(0, ownColumns).map(({ name, sql, type }) => {
    const value = stored.columns.has(name)
      ? storedValue(`s.${quotedName(name)}`, type, stored.text)
      : `CAST(NULL AS ${types.engineType(type)})`;
    return `${value} AS ${sql}`;
  });
  const keys = readable.slice(ownColumns);
  if (keys.length === 0) return `SELECT ${own.join(', ')} FROM ${stored.sql} s`;
  const partitions = found.map(
    ({ values }, index) =>
      `(${[index, ...keys.map(({ type }, key) => fromText(values[key] as string, type))].join(', ')})`,
  );
  const names = keys.map((_, key) => `k${key}`);
  const selected = keys.map(({ sql }, key) => `p.k${key} AS ${sql}`);
  const partition = "CAST(regexp_extract(s.filename, 't[0-9]+-p([0-9]+)-[0-9]+$', 1) AS INTEGER)";
  return `SELECT ${[...own, ...selected].join(', ')} FROM ${stored.sql} s JOIN (VALUES ${partitions.join(', ')}) p(i, ${names.join(', ')}) ON p.i = ${partition}`;
}

/** LazySimpleSerDe reads what is no value of the type as null, OpenCSVSerde fails. */
function storedValue(sql: string, type: types.SqlType, text: StoredRelation['text']): string {
  if (text === undefined) return fromStored(sql, type);
  if (type.name === 'varchar') return sql;
  const cast = text === 'lenient' ? 'TRY_CAST' : 'CAST';
  const value = text === 'lenient' ? sql : `nullif(${sql}, '')`;
  if (type.name === 'timestamp') return `(epoch_ms(${cast}(${value} AS TIMESTAMP)) * 1000000::BIGINT)`;
  return `${cast}(${value} AS ${types.engineType(type)})`;
}
