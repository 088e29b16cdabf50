import type { Query, Relation, TableReference } from '../syntax/ast.ts';
import { missingTable, notBuilt, type Position, semanticError } from '../syntax/query-error.ts';
import type { Compiled } from './compiled.ts';
import { ExpressionCompiler } from './expression-compiler.ts';
import type { CompiledQuery } from './expression-context.ts';
import { compare } from './operators.ts';
import { renamed } from './output-columns.ts';
import { type NameResolver, Scope, type ScopeColumn } from './scope.ts';
import * as types from './types.ts';

/** A table that a query reads. */
export interface ReadableTable {
  readonly database: string;
  readonly name: string;
  readonly columns: readonly ReadableColumn[];
  /** A SELECT of the engine that gives the rows. */
  readonly rows: string;
}

export interface ReadableColumn {
  /** The name queries use. */
  readonly name: string;
  readonly type: types.SqlType;
  /** The column of `rows`, as an identifier of the engine. */
  readonly sql: string;
}

/** What all parts of one query share. */
export interface Session {
  /** ns since the epoch */
  readonly now: bigint;
  /** Answers undefined for a table that does not exist. */
  table(database: string, name: string): ReadableTable | undefined;
  hasDatabase(database: string): boolean;
  /** A name that no other relation of the query has. */
  alias(prefix: string): string;
}

export type CommonTables = ReadonlyMap<string, CompiledQuery>;

/** A FROM clause: its SQL, empty without one, and its columns. */
export interface CompiledFrom {
  readonly sql: string;
  readonly columns: readonly ScopeColumn[];
}

export interface FromContext {
  readonly session: Session;
  readonly outer: NameResolver | undefined;
  readonly commonTables: CommonTables;
  readonly compileQuery: (query: Query, outer: NameResolver | undefined) => CompiledQuery;
}

export function compileFrom(from: readonly Relation[], context: FromContext): CompiledFrom {
  const compiler = new RelationCompiler(context);
  let left: CompiledFrom | undefined;
  for (const relation of from) {
    const right = compiler.compile(relation, left?.columns ?? []);
    left =
      left === undefined
        ? right
        : { sql: `${left.sql} CROSS JOIN ${right.sql}`, columns: [...left.columns, ...right.columns] };
  }
  return left ?? { sql: '', columns: [] };
}

class RelationCompiler {
  readonly #context: FromContext;

  constructor(context: FromContext) {
    this.#context = context;
  }

  /** `before`: columns that UNNEST may refer to. */
  compile(relation: Relation, before: readonly ScopeColumn[]): CompiledFrom {
    switch (relation.kind) {
      case 'table':
        return this.#table(relation);
      case 'subquery':
        return this.#derived(this.#context.compileQuery(relation.query, this.#context.outer), []);
      case 'unnest':
        return this.#unnest(relation, before);
      case 'aliased': {
        const inner = this.compile(relation.relation, before);
        const columns = renamed(inner.columns, relation.columns, relation.at);
        return { sql: inner.sql, columns: columns.map((column) => ({ ...column, qualifiers: [[relation.alias]] })) };
      }
      case 'join':
        return this.#join(relation, before);
    }
  }

  #table({ parts, at }: TableReference): CompiledFrom {
    const [name, ...more] = parts as [string, ...string[]];
    const common = more.length === 0 ? this.#context.commonTables.get(name) : undefined;
    if (common !== undefined) return this.#derived(common, [[name]]);
    const { database, name: table, columns, rows } = findTable(this.#context.session, parts, at);
    const alias = this.#context.session.alias('r');
    const qualifiers = [[table], [database, table]];
    const source = { database, table };
    return {
      sql: `(${rows}) ${alias}`,
      columns: columns.map(
        (column): ScopeColumn => ({
          name: column.name,
          type: column.type,
          sql: `${alias}.${column.sql}`,
          qualifiers,
          source,
        }),
      ),
    };
  }

  #derived(query: CompiledQuery, qualifiers: readonly (readonly string[])[]): CompiledFrom {
    const alias = this.#context.session.alias('q');
    const columns = query.columns.map((column, index) => ({
      name: column.name,
      type: column.type,
      sql: `${alias}.o${index}`,
      qualifiers,
    }));
    return { sql: `(${query.sql}) ${alias}`, columns };
  }

  /** A row for each element; shorter arrays are filled with nulls. */
  #unnest(relation: Extract<Relation, { kind: 'unnest' }>, before: readonly ScopeColumn[]): CompiledFrom {
    const compiler = this.#compiler(before, 'UNNEST');
    const arrays = relation.arrays.map((expression) => {
      const compiled = compiler.compile(expression);
      if (compiled.type.name !== 'array') {
        throw semanticError(expression.at, `Cannot unnest type: ${types.typeText(compiled.type)}`);
      }
      return { sql: compiled.sql, element: compiled.type.element };
    });
    const alias = this.#context.session.alias('u');
    const columns: ScopeColumn[] = arrays.map(({ element }, index) => ({
      name: undefined,
      type: element,
      sql: `${alias}.o${index}`,
      qualifiers: [],
    }));
    const values = arrays.map(({ sql }, index) => `unnest(${sql}) AS o${index}`);
    if (relation.ordinality) {
      const lengths = arrays.map(({ sql }) => `len(${sql})`).join(', ');
      values.push(`unnest(generate_series(1, greatest(${lengths}))) AS o${arrays.length}`);
      columns.push({ name: undefined, type: types.BIGINT, sql: `${alias}.o${arrays.length}`, qualifiers: [] });
    }
    return { sql: `LATERAL (SELECT ${values.join(', ')}) ${alias}`, columns };
  }

  #join(relation: Extract<Relation, { kind: 'join' }>, before: readonly ScopeColumn[]): CompiledFrom {
    const left = this.compile(relation.left, before);
    const right = this.compile(relation.right, [...before, ...left.columns]);
    const columns = [...left.columns, ...right.columns];
    if (relation.type === 'CROSS') return { sql: `(${left.sql} CROSS JOIN ${right.sql})`, columns };
    if (right.sql.startsWith('LATERAL')) throw notBuilt(relation.at, `UNNEST in a ${relation.type} JOIN`);
    const join = `${left.sql} ${relation.type} JOIN ${right.sql}`;
    if (relation.using === undefined) {
      const condition =
        relation.on === undefined
          ? 'TRUE'
          : this.#compiler(columns, 'JOIN clause').condition(relation.on, 'JOIN ON clause');
      return { sql: `(${join} ON ${condition})`, columns };
    }
    return this.#using(relation, join, left.columns, right.columns);
  }

  /** The joined columns come first and once, without a table's name; then the others of each side. */
  #using(
    relation: Extract<Relation, { kind: 'join' }>,
    join: string,
    left: readonly ScopeColumn[],
    right: readonly ScopeColumn[],
  ): CompiledFrom {
    const { at } = relation;
    const conditions: string[] = [];
    const merged: ScopeColumn[] = [];
    const used = new Set<ScopeColumn>();
    for (const name of relation.using ?? []) {
      const [one, other] = [left, right].map((side) => {
        const column = new Scope(side, undefined).own([name], at);
        if (column === undefined) throw semanticError(at, `Column '${name}' is missing from a side of the join`);
        used.add(column);
        return column;
      }) as [ScopeColumn, ScopeColumn];
      const operands = [one, other].map(({ sql, type }): Compiled => ({ sql, type, at })) as [Compiled, Compiled];
      conditions.push(compare('=', ...operands, at).sql);
      if (!types.sameType(one.type, other.type)) throw notBuilt(at, 'JOIN USING over columns of different types');
      const sql = {
        RIGHT: other.sql,
        FULL: `COALESCE(${one.sql}, ${other.sql})`,
        INNER: one.sql,
        LEFT: one.sql,
        CROSS: one.sql,
      };
      merged.push({ name, type: one.type, sql: sql[relation.type], qualifiers: [] });
    }
    const rest = [...left, ...right].filter((column) => !used.has(column));
    return { sql: `(${join} ON ${conditions.join(' AND ')})`, columns: [...merged, ...rest] };
  }

  #compiler(columns: readonly ScopeColumn[], clause: string): ExpressionCompiler {
    return new ExpressionCompiler({
      names: new Scope(columns, this.#context.outer),
      compileSubquery: this.#context.compileQuery,
      now: this.#context.session.now,
      withoutWindows: clause,
      aggregate: undefined,
    });
  }
}

/** @throws AwsError `ValidationException` for a name that is no table's */
export function findTable(session: Session, parts: readonly string[], at: Position): ReadableTable {
  const [database, name, ...more] = parts as [string, string | undefined, ...string[]];
  if (name === undefined || more.length > 0) {
    throw semanticError(at, `Table '${parts.join('.')}' must be named with its database: database.table`);
  }
  const found = session.table(database, name);
  if (found !== undefined) return found;
  const missing = session.hasDatabase(database) ? `table '${name}'` : `database '${database}'`;
  throw missingTable(missing, `${database}.${name}`, at);
}
