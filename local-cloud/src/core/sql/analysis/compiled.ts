import type { LiteralValue } from '../syntax/ast.ts';
import type { Position } from '../syntax/query-error.ts';
import { type SqlType, sameType, UNKNOWN } from './types.ts';

/** An expression in the engine's SQL, with its type in the query language. */
export interface Compiled {
  /** Safe to stand anywhere: a name, a literal, a call, or in parentheses. */
  readonly sql: string;
  readonly type: SqlType;
  readonly at: Position;
  readonly literal?: LiteralValue;
  /** A double that may be NaN, which the engine compares unlike Presto. Stored values never are. */
  readonly mayBeNaN?: boolean;
}

/** Text as a literal of the engine. */
export function quoteText(text: string): string {
  return `'${text.replaceAll("'", "''")}'`;
}

/** A bigint as a literal of the engine; the smallest one cannot be written as a negated number. */
export function bigintSql(value: bigint): string {
  return value < 0n ? `CAST('${value}' AS BIGINT)` : `${value}::BIGINT`;
}

export function doubleSql(value: number): string {
  if (Number.isNaN(value)) return "'nan'::DOUBLE";
  if (!Number.isFinite(value)) return value > 0 ? "'inf'::DOUBLE" : "'-inf'::DOUBLE";
  return `CAST('${value}' AS DOUBLE)`;
}

/** A literal that holds a constant of the type the literal's kind implies. */
export function nullOf(at: Position): Compiled {
  return { sql: 'NULL', type: UNKNOWN, at, literal: { type: 'null' } };
}

export function retyped(compiled: Compiled, type: SqlType): Compiled {
  return sameType(compiled.type, type) ? compiled : { ...compiled, type };
}
