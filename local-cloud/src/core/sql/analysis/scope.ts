import { type Position, semanticError } from '../syntax/query-error.ts';
import type { Compiled } from './compiled.ts';
import type { SqlType } from './types.ts';

/** A column that a query can name. */
export interface ScopeColumn {
  readonly name: string | undefined;
  readonly type: SqlType;
  readonly sql: string;
  /** Names the column may be qualified with: an alias, or a table with or without its database. */
  readonly qualifiers: readonly (readonly string[])[];
  /** Table and database it comes from, for PrepareQuery. */
  readonly source?: { readonly database: string; readonly table: string };
}

/** Where names are looked up. */
export interface NameResolver {
  /** Undefined when there is no such column here or further out. @throws AwsError when it is ambiguous */
  find(parts: readonly string[], at: Position): Compiled | undefined;
}

/** The columns of a FROM clause. Names are compared with case (developer guide, "Quotas", naming constraints). */
export class Scope implements NameResolver {
  readonly columns: readonly ScopeColumn[];
  readonly #outer: NameResolver | undefined;

  constructor(columns: readonly ScopeColumn[], outer: NameResolver | undefined) {
    this.columns = columns;
    this.#outer = outer;
  }

  find(parts: readonly string[], at: Position): Compiled | undefined {
    const column = this.own(parts, at);
    if (column !== undefined) return { sql: column.sql, type: column.type, at };
    return this.#outer?.find(parts, at);
  }

  own(parts: readonly string[], at: Position): ScopeColumn | undefined {
    const name = parts.at(-1);
    const qualifier = parts.slice(0, -1);
    const found = this.columns.filter((column) => column.name === name && isQualifiedBy(column, qualifier));
    if (found.length > 1) throw semanticError(at, `Column '${parts.join('.')}' is ambiguous`);
    return found[0];
  }

  /** The columns of `t.*`, or all. */
  all(qualifier: readonly string[], at: Position): readonly ScopeColumn[] {
    const found = this.columns.filter((column) => isQualifiedBy(column, qualifier));
    if (found.length === 0 && qualifier.length > 0) throw semanticError(at, `Table '${qualifier.join('.')}' not found`);
    return found;
  }
}

function isQualifiedBy(column: ScopeColumn, qualifier: readonly string[]): boolean {
  if (qualifier.length === 0) return true;
  return column.qualifiers.some(
    (names) => names.length === qualifier.length && names.every((name, index) => name === qualifier[index]),
  );
}
