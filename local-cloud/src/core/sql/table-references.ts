import type { Expression, Query, QueryBody, Relation, Statement, TableReference } from './syntax/ast.ts';

/** The stored tables that a statement names, in order, each once. Common tables are not among them. */
export function tableReferences(statement: Statement): TableReference[] {
  if (statement.kind === 'describe' || statement.kind === 'show-measures') return [statement.table];
  if (statement.kind !== 'query') return [];
  const found = new Map<string, TableReference>();
  new Collector(found).query(statement.query, new Set());
  return [...found.values()];
}

type Names = ReadonlySet<string>;

class Collector {
  readonly #found: Map<string, TableReference>;

  constructor(found: Map<string, TableReference>) {
    this.#found = found;
  }

  query(query: Query, inherited: Names): void {
    const names = new Set(inherited);
    for (const table of query.with) {
      this.query(table.query, names);
      names.add(table.name);
    }
    this.#body(query.body, names);
    for (const { expression } of query.orderBy) this.#expression(expression, names);
  }

  #body(body: QueryBody, names: Names): void {
    switch (body.kind) {
      case 'nested':
        this.query(body.query, names);
        break;
      case 'set':
        this.#body(body.left, names);
        this.#body(body.right, names);
        break;
      case 'values':
        for (const row of body.rows) for (const value of row) this.#expression(value, names);
        break;
      case 'select':
        for (const item of body.items) if (item.kind === 'expression') this.#expression(item.expression, names);
        for (const relation of body.from) this.#relation(relation, names);
        for (const part of [body.where, ...(body.groupBy ?? []), body.having]) {
          if (part !== undefined) this.#expression(part, names);
        }
        break;
    }
  }

  #relation(relation: Relation, names: Names): void {
    switch (relation.kind) {
      case 'table':
        if (relation.parts.length === 1 && names.has(relation.parts[0] as string)) break;
        this.#found.set(JSON.stringify(relation.parts), relation);
        break;
      case 'subquery':
        this.query(relation.query, names);
        break;
      case 'unnest':
        for (const array of relation.arrays) this.#expression(array, names);
        break;
      case 'aliased':
        this.#relation(relation.relation, names);
        break;
      case 'join':
        this.#relation(relation.left, names);
        this.#relation(relation.right, names);
        if (relation.on !== undefined) this.#expression(relation.on, names);
        break;
    }
  }

  /** Subqueries anywhere within an expression; every other node is walked by its own members. */
  #expression(expression: Expression, names: Names): void {
    if ('query' in expression) this.query(expression.query, names);
    for (const value of Object.values(expression)) this.#walk(value, names);
  }

  #walk(value: unknown, names: Names): void {
    if (Array.isArray(value)) for (const item of value) this.#walk(item, names);
    else if (isExpression(value)) this.#expression(value, names);
    else if (isPlainPart(value)) for (const part of Object.values(value)) this.#walk(part, names);
  }
}

function isExpression(value: unknown): value is Expression {
  return typeof value === 'object' && value !== null && 'kind' in value && 'at' in value;
}

/** Case branches, sort items and windows, which have no place of their own; a query is none of them. */
function isPlainPart(value: unknown): value is object {
  return typeof value === 'object' && value !== null && !('body' in value) && !('line' in value);
}
