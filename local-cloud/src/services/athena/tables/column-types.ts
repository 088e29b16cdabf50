import type { ReadableColumn } from '../../../core/sql/analysis/relations.ts';
import * as types from '../../../core/sql/analysis/types.ts';
import { type HiveType, quotedName } from '../../../core/sql/hive-type.ts';
import { QueryFailure } from '../errors.ts';
import type { TableColumn } from './catalog-table.ts';

const TYPES: Readonly<Record<string, types.SqlType>> = {
  boolean: types.BOOLEAN,
  tinyint: types.INTEGER,
  smallint: types.INTEGER,
  int: types.INTEGER,
  bigint: types.BIGINT,
  double: types.DOUBLE,
  string: types.VARCHAR,
  date: types.DATE,
  timestamp: types.TIMESTAMP,
};

/** Type of a column in queries; undefined for those that the query language here does not have. */
export function queryType(type: HiveType): types.SqlType | undefined {
  if (type.kind === 'scalar') return TYPES[type.name];
  if (type.kind !== 'array') return undefined;
  const element = queryType(type.element);
  // Elements would need the conversions of whole columns.
  return element === undefined || element.name === 'timestamp' ? undefined : types.arrayOf(element);
}

/** A column as queries see it, and the expression that gives it from a stored one. */
export function readableColumn({ name, type }: TableColumn, index: number): ReadableColumn {
  const known = queryType(type);
  if (known === undefined) {
    throw new QueryFailure(`NOT_SUPPORTED: columns of the type of '${name}' are not implemented by the local cloud`);
  }
  return { name, type: known, sql: `c${index}` };
}

/** From a stored value to the engine's form of the query type: timestamps of Athena have milliseconds. */
export function fromStored(sql: string, type: types.SqlType): string {
  if (type.name === 'timestamp') return `(epoch_ms(CAST(${sql} AS TIMESTAMP)) * 1000000::BIGINT)`;
  return `CAST(${sql} AS ${types.engineType(type)})`;
}

/** From a partition's text. @throws in the engine for text that is no value of the type */
export function fromText(text: string, type: types.SqlType): string {
  const literal = `'${text.replaceAll("'", "''")}'`;
  if (text === '__HIVE_DEFAULT_PARTITION__') return `CAST(NULL AS ${types.engineType(type)})`;
  return type.name === 'timestamp'
    ? fromStored(`CAST(${literal} AS TIMESTAMP)`, type)
    : `CAST(${literal} AS ${types.engineType(type)})`;
}

export const quoted = quotedName;
