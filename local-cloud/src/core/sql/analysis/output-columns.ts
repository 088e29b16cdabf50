import type { Expression } from '../syntax/ast.ts';
import { type Position, semanticError } from '../syntax/query-error.ts';
import type { Compiled } from './compiled.ts';

/** A literal whole number names an output column, counted from 1. Answers its index from 0. */
export function ordinalOf(expression: Expression, count: number): number | undefined {
  if (expression.kind !== 'literal' || expression.literal.type !== 'integer') return undefined;
  const position = Number(expression.literal.value);
  if (position < 1 || position > count) {
    throw semanticError(expression.at, `ORDER BY position ${position} is not in select list`);
  }
  return position - 1;
}

/** Gives a null of unknown type a type of the engine. */
export function typedSql({ sql, type }: Pick<Compiled, 'sql' | 'type'>): string {
  return type.name === 'unknown' ? 'CAST(NULL AS INTEGER)' : sql;
}

/** Columns under the names of an alias list. */
export function renamed<C extends { readonly name: string | undefined }>(
  columns: readonly C[],
  names: readonly string[] | undefined,
  at: Position,
): readonly C[] {
  if (names === undefined) return columns;
  if (names.length !== columns.length) {
    throw semanticError(at, `Column alias list has ${names.length} entries but relation has ${columns.length} columns`);
  }
  return columns.map((column, index) => ({ ...column, name: names[index] }));
}
