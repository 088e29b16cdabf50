import type { Expression, Query, QueryBody, SortItem } from '../syntax/ast.ts';
import { semanticError } from '../syntax/query-error.ts';
import { sortDirection } from './call-compiler.ts';
import type { Compiled } from './compiled.ts';
import { ExpressionCompiler } from './expression-compiler.ts';
import type { CompiledQuery, QueryColumn } from './expression-context.ts';
import { unify } from './operators.ts';
import { ordinalOf, renamed, typedSql } from './output-columns.ts';
import { type CommonTables, compileFrom, type Session } from './relations.ts';
import { type NameResolver, Scope } from './scope.ts';
import { compileSelect } from './select-compiler.ts';
import * as types from './types.ts';

/**
 * Compiles whole queries: common tables, set operations, VALUES, ORDER BY and LIMIT. Each compiled query is a SELECT
 * whose columns are o0, o1, …, so that no name of the user's becomes one of the engine's.
 */
export class QueryCompiler {
  readonly #session: Session;

  constructor(session: Session) {
    this.#session = session;
  }

  compile(query: Query, outer: NameResolver | undefined, inherited: CommonTables): CompiledQuery {
    const commonTables = this.#commonTables(query, inherited);
    const { body } = query;
    if (body.kind === 'select') {
      const compiled = compileSelect(body, query.orderBy, {
        session: this.#session,
        from: compileFrom(body.from, {
          session: this.#session,
          outer,
          commonTables,
          compileQuery: (inner, names) => this.compile(inner, names, commonTables),
        }),
        outer,
        compileSubquery: (subquery, names) => this.compile(subquery, names, commonTables),
      });
      return { sql: `${compiled.sql}${this.#limit(query)}`, columns: compiled.columns };
    }
    const compiled = this.#body(body, outer, commonTables);
    if (query.orderBy.length === 0 && query.limit === undefined) return compiled;
    const alias = this.#session.alias('q');
    const names = compiled.columns.map((_, index) => `${alias}.o${index} AS o${index}`).join(', ');
    const order = this.#outputOrder(query.orderBy, compiled.columns, alias);
    return {
      sql: `SELECT ${names} FROM (${compiled.sql}) ${alias}${order}${this.#limit(query)}`,
      columns: compiled.columns,
    };
  }

  #commonTables(query: Query, inherited: CommonTables): CommonTables {
    if (query.with.length === 0) return inherited;
    const tables = new Map(inherited);
    const own = new Set<string>();
    for (const table of query.with) {
      if (own.has(table.name))
        throw semanticError(table.at, `WITH query name '${table.name}' specified more than once`);
      own.add(table.name);
      const compiled = this.compile(table.query, undefined, tables);
      tables.set(table.name, { ...compiled, columns: renamed(compiled.columns, table.columns, table.at) });
    }
    return tables;
  }

  #body(body: QueryBody, outer: NameResolver | undefined, commonTables: CommonTables): CompiledQuery {
    switch (body.kind) {
      case 'select':
        return this.compile({ with: [], body, orderBy: [], limit: undefined, at: body.at }, outer, commonTables);
      case 'nested':
        return this.compile(body.query, outer, commonTables);
      case 'values':
        return this.#values(body.rows, body, outer, commonTables);
      case 'set':
        return this.#setOperation(body, outer, commonTables);
    }
  }

  #values(
    rows: readonly (readonly Expression[])[],
    body: QueryBody,
    outer: NameResolver | undefined,
    commonTables: CommonTables,
  ): CompiledQuery {
    const compiler = new ExpressionCompiler({
      names: new Scope([], outer),
      compileSubquery: (subquery, names) => this.compile(subquery, names, commonTables),
      now: this.#session.now,
      withoutWindows: 'VALUES',
      aggregate: undefined,
    });
    const compiled = rows.map((row) => row.map((expression) => compiler.compile(expression)));
    const width = compiled[0]?.length ?? 0;
    if (compiled.some((row) => row.length !== width)) {
      throw semanticError(body.at, 'Values rows have mismatched sizes');
    }
    const columns = Array.from({ length: width }, (_, index) =>
      unify(
        compiled.map((row) => row[index] as Compiled),
        body.at,
        'VALUES',
      ),
    );
    const tuples = compiled.map(
      (_, row) => `(${columns.map((column) => typedSql(column[row] as Compiled)).join(', ')})`,
    );
    const names = columns.map((_, index) => `o${index}`).join(', ');
    return {
      sql: `SELECT * FROM (VALUES ${tuples.join(', ')}) v(${names})`,
      columns: columns.map((column) => ({ name: undefined, type: column[0]?.type ?? types.UNKNOWN })),
    };
  }

  #setOperation(
    body: Extract<QueryBody, { kind: 'set' }>,
    outer: NameResolver | undefined,
    commonTables: CommonTables,
  ): CompiledQuery {
    const { operator, all, at } = body;
    const left = this.#body(body.left, outer, commonTables);
    const right = this.#body(body.right, outer, commonTables);
    if (left.columns.length !== right.columns.length) {
      throw semanticError(
        at,
        `${operator} query has different number of fields: ${left.columns.length}, ${right.columns.length}`,
      );
    }
    const unified = left.columns.map((column, index) => {
      const other = right.columns[index] as QueryColumn;
      const common = types.commonType(column.type, other.type);
      if (
        common === undefined ||
        [column, other].some(({ type }) => type.name === 'varchar' && common.name !== 'varchar')
      ) {
        throw semanticError(
          at,
          `column ${index + 1} in ${operator} query has incompatible types: ${types.typeText(column.type)}, ${types.typeText(other.type)}`,
        );
      }
      return common;
    });
    const sides = [left, right].map((side) => {
      const columns = unified.map((type, index) => {
        const column: Compiled = { sql: `q.o${index}`, type: (side.columns[index] as QueryColumn).type, at };
        const [coerced] = unify([column, { sql: 'NULL', type, at }], at, operator);
        return `${coerced?.sql} AS o${index}`;
      });
      return `(SELECT ${columns.join(', ')} FROM (${side.sql}) q)`;
    });
    return {
      sql: sides.join(` ${operator}${all ? ' ALL' : ''} `),
      columns: unified.map((type, index) => ({ name: left.columns[index]?.name, type })),
    };
  }

  /** ORDER BY over a set operation or VALUES names output columns only. */
  #outputOrder(orderBy: readonly SortItem[], columns: readonly QueryColumn[], alias: string): string {
    if (orderBy.length === 0) return '';
    const scope = new Scope(
      columns.map(({ name, type }, index) => ({ name, type, sql: `${alias}.o${index}`, qualifiers: [] })),
      undefined,
    );
    const compiler = new ExpressionCompiler({
      names: scope,
      compileSubquery: (subquery, names) => this.compile(subquery, names, new Map()),
      now: this.#session.now,
      withoutWindows: 'ORDER BY clause',
      aggregate: undefined,
    });
    const items = orderBy.map((item) => {
      const ordinal = ordinalOf(item.expression, columns.length);
      const sql = ordinal === undefined ? compiler.compile(item.expression).sql : `${alias}.o${ordinal}`;
      return `${sql}${sortDirection(item)}`;
    });
    return ` ORDER BY ${items.join(', ')}`;
  }

  #limit({ limit }: Query): string {
    return limit === undefined ? '' : ` LIMIT ${limit}`;
  }
}
