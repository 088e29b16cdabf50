import type { Expression, Select, SelectItem, SortItem } from '../syntax/ast.ts';
import { type Position, semanticError } from '../syntax/query-error.ts';
import { containsAggregate } from './aggregate-search.ts';
import { sortDirection, sortKey } from './call-compiler.ts';
import type { Compiled } from './compiled.ts';
import { ExpressionCompiler } from './expression-compiler.ts';
import type { CompiledQuery, ExpressionContext, QueryColumn, SubqueryCompiler } from './expression-context.ts';
import { Grouping } from './grouping.ts';
import { ordinalOf, typedSql } from './output-columns.ts';
import type { CompiledFrom, Session } from './relations.ts';
import { type NameResolver, Scope } from './scope.ts';
import type { SqlType } from './types.ts';

export interface SelectContext {
  readonly session: Session;
  readonly from: CompiledFrom;
  readonly outer: NameResolver | undefined;
  readonly compileSubquery: SubqueryCompiler;
}

export interface OutputItem {
  readonly sql: string;
  readonly type: SqlType;
  readonly column: QueryColumn;
}

/** One SELECT with the ORDER BY of its query. */
export function compileSelect(select: Select, orderBy: readonly SortItem[], context: SelectContext): CompiledQuery {
  const scope = new Scope(context.from.columns, context.outer);
  const rows: ExpressionContext = {
    names: scope,
    compileSubquery: context.compileSubquery,
    now: context.session.now,
    withoutWindows: 'WHERE clause',
    aggregate: undefined,
  };
  const from = context.from.sql === '' ? '' : ` FROM ${context.from.sql}`;
  const where =
    select.where === undefined ? '' : ` WHERE ${new ExpressionCompiler(rows).condition(select.where, 'WHERE clause')}`;
  const items = expandAll(select, scope);
  const grouped =
    select.groupBy !== undefined ||
    select.having !== undefined ||
    items.some((item) => item.kind === 'expression' && containsAggregate(item.expression)) ||
    orderBy.some(({ expression }) => containsAggregate(expression));
  if (!grouped) {
    const compiler = new ExpressionCompiler({ ...rows, withoutWindows: undefined, aggregate: undefined });
    return assemble(select, orderBy, items, compiler, scope, `${from}${where}`);
  }
  const grouping = new Grouping(
    rows,
    context.session.alias('g'),
    (select.groupBy ?? []).map((key) => groupedItem(key, items)),
  );
  const compiler = new ExpressionCompiler(grouping.context(undefined));
  const having =
    select.having === undefined
      ? ''
      : ` WHERE ${new ExpressionCompiler(grouping.context('HAVING clause')).condition(select.having, 'HAVING clause')}`;
  // The groups' SQL is complete only after everything that uses them has been compiled.
  return assemble(
    select,
    orderBy,
    items,
    compiler,
    scope,
    () => ` FROM (${grouping.sql(from, where)}) ${grouping.alias}${having}`,
  );
}

/** GROUP BY names an expression over the rows, or an item of the select list by its position. */
function groupedItem(key: Expression, items: readonly ExpandedItem[]): Expression | Compiled {
  if (key.kind !== 'literal' || key.literal.type !== 'integer') return key;
  const item = items[Number(key.literal.value) - 1];
  if (item === undefined) throw semanticError(key.at, `GROUP BY position ${key.literal.value} is not in select list`);
  return item.kind === 'column' ? item.compiled : item.expression;
}

type ExpandedItem =
  | { readonly kind: 'expression'; readonly expression: Expression; readonly alias: string | undefined }
  | {
      readonly kind: 'column';
      readonly compiled: Compiled;
      readonly column: QueryColumn;
    };

function expandAll(select: Select, scope: Scope): ExpandedItem[] {
  return select.items.flatMap((item: SelectItem): ExpandedItem[] => {
    if (item.kind === 'expression') return [item];
    const columns = scope.all(item.qualifier, item.at);
    if (columns.length === 0) throw semanticError(item.at, 'SELECT * not allowed in queries without FROM clause');
    return columns.map(({ name, type, sql, source }) => ({
      kind: 'column',
      compiled: { sql, type, at: item.at },
      column: { name, type, ...(source === undefined ? {} : { source }) },
    }));
  });
}

function assemble(
  select: Select,
  orderBy: readonly SortItem[],
  items: readonly ExpandedItem[],
  compiler: ExpressionCompiler,
  scope: Scope,
  rest: string | (() => string),
): CompiledQuery {
  const outputs = items.map((item): OutputItem => {
    if (item.kind === 'column') {
      const { compiled, column } = item;
      const key = compiler.context.groupKeys?.require(compiled, column.name ?? '');
      return { sql: (key ?? compiled).sql, type: compiled.type, column };
    }
    const { sql, type } = compiler.compile(item.expression);
    return { sql, type, column: outputColumn(item, type, scope) };
  });
  const order = sortKeys(select, orderBy, items, outputs, compiler);
  const columns = outputs.map((output, index) => `${typedSql(output)} AS o${index}`).join(', ');
  const tail = typeof rest === 'string' ? rest : rest();
  const sort = order.length === 0 ? '' : ` ORDER BY ${order.join(', ')}`;
  return {
    sql: `SELECT ${select.distinct ? 'DISTINCT ' : ''}${columns}${tail}${sort}`,
    columns: outputs.map(({ column }) => column),
  };
}

function outputColumn(item: Extract<ExpandedItem, { kind: 'expression' }>, type: SqlType, scope: Scope): QueryColumn {
  const { expression, alias } = item;
  if (alias !== undefined) return { name: alias, type, aliased: true };
  if (expression.kind !== 'column') return { name: undefined, type };
  const source = scope.own(expression.parts, expression.at)?.source;
  return { name: expression.parts.at(-1), type, ...(source === undefined ? {} : { source }) };
}

/** Sort keys: positions and names of output columns first, then expressions over the rows. */
function sortKeys(
  select: Select,
  orderBy: readonly SortItem[],
  items: readonly ExpandedItem[],
  outputs: readonly OutputItem[],
  compiler: ExpressionCompiler,
): string[] {
  return orderBy.map((item) => {
    const { expression, at } = { expression: item.expression, at: item.expression.at };
    const position = ordinalOf(expression, outputs.length) ?? namedOutput(expression, outputs, at);
    if (position !== undefined) return `o${position}${sortDirection(item)}`;
    const named = new OutputNames(compiler.context.names, items, outputs);
    const { sql } = new ExpressionCompiler({ ...compiler.context, names: named }).compile(expression);
    const same = outputs.findIndex((output) => output.sql === sql);
    if (same === -1 && select.distinct) {
      throw semanticError(at, 'For SELECT DISTINCT, ORDER BY expressions must appear in select list');
    }
    return `${same === -1 ? sortKey(sql) : `o${same}`}${sortDirection(item)}`;
  });
}

function namedOutput(expression: Expression, outputs: readonly OutputItem[], at: Position): number | undefined {
  if (expression.kind !== 'column' || expression.parts.length > 1) return undefined;
  const [name] = expression.parts;
  const found = outputs.flatMap(({ column }, index) => (column.name === name ? [index] : []));
  const distinct = new Set(found.map((index) => outputs[index]?.sql));
  if (distinct.size > 1) throw semanticError(at, `Column '${name}' is ambiguous`);
  return found[0];
}

/** Within a larger ORDER BY expression an alias of the select list stands for its expression. */
class OutputNames implements NameResolver {
  readonly #rows: NameResolver;
  readonly #items: readonly ExpandedItem[];
  readonly #outputs: readonly OutputItem[];

  constructor(rows: NameResolver, items: readonly ExpandedItem[], outputs: readonly OutputItem[]) {
    this.#rows = rows;
    this.#items = items;
    this.#outputs = outputs;
  }

  find(parts: readonly string[], at: Position): Compiled | undefined {
    const index = this.#items.findIndex(
      (item) => item.kind === 'expression' && item.alias !== undefined && parts.length === 1 && item.alias === parts[0],
    );
    const output = this.#outputs[index];
    return output === undefined ? this.#rows.find(parts, at) : { sql: output.sql, type: output.type, at };
  }
}
