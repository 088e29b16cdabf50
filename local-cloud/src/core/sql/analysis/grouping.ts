import type { CallExpression, Expression } from '../syntax/ast.ts';
import { type Position, semanticError } from '../syntax/query-error.ts';
import { containsAggregate, containsSubqueryOrWindow } from './aggregate-search.ts';
import { compileFunction } from './call-compiler.ts';
import type { Compiled } from './compiled.ts';
import { ExpressionCompiler } from './expression-compiler.ts';
import type { ExpressionContext, GroupKeys } from './expression-context.ts';
import { typedSql } from './output-columns.ts';
import { Scope } from './scope.ts';

/**
 * A grouped query in two steps: the inner SELECT computes the groups' keys (g0, g1, …) and aggregates (a0, a1, …), the
 * outer one the expressions over them, HAVING and windows. Whatever is neither key nor aggregate is an error.
 */
export class Grouping implements GroupKeys {
  readonly alias: string;
  readonly #rows: ExpressionContext;
  readonly #keys: Compiled[];
  readonly #aggregates: Compiled[] = [];

  constructor(rows: ExpressionContext, alias: string, keys: readonly (Expression | Compiled)[]) {
    this.alias = alias;
    this.#rows = rows;
    const compiler = new ExpressionCompiler({ ...rows, withoutWindows: 'GROUP BY clause' });
    this.#keys = keys.map((key) => ('sql' in key ? key : compiler.compile(key)));
  }

  context(withoutWindows: string | undefined): ExpressionContext {
    return {
      ...this.#rows,
      names: { find: (parts, at) => this.#column(parts, at) },
      withoutWindows,
      aggregate: (call) => this.#aggregate(call),
      groupKeys: this,
    };
  }

  find(expression: Expression): Compiled | undefined {
    if (this.#keys.length === 0 || expression.kind === 'literal') return undefined;
    if (containsAggregate(expression) || containsSubqueryOrWindow(expression)) return undefined;
    return this.#keyOf(new ExpressionCompiler(this.#rows).compile(expression), expression.at);
  }

  require(column: Compiled, name: string): Compiled {
    const key = this.#keyOf(column, column.at);
    if (key !== undefined) return key;
    throw semanticError(column.at, `'${name}' must be an aggregate expression or appear in GROUP BY clause`);
  }

  sql(from: string, where: string): string {
    const keys = this.#keys.map((key, index) => `${typedSql(key)} AS g${index}`);
    const aggregates = this.#aggregates.map(({ sql }, index) => `${sql} AS a${index}`);
    const columns = [...keys, ...aggregates];
    if (columns.length === 0) columns.push('count(*) AS a0');
    const groupBy = keys.length === 0 ? '' : ` GROUP BY ${keys.map((_, index) => index + 1).join(', ')}`;
    return `SELECT ${columns.join(', ')}${from}${where}${groupBy}`;
  }

  #column(parts: readonly string[], at: Position): Compiled | undefined {
    const found = this.#rows.names.find(parts, at);
    if (found === undefined) return undefined;
    const { names } = this.#rows;
    const isOwn = names instanceof Scope && names.own(parts, at) !== undefined;
    return isOwn ? this.require(found, parts.join('.')) : found;
  }

  #keyOf({ sql }: Compiled, at: Position): Compiled | undefined {
    const index = this.#keys.findIndex((key) => key.sql === sql);
    const key = this.#keys[index];
    if (key === undefined) return undefined;
    return { sql: `${this.alias}.g${index}`, type: key.type, at, mayBeNaN: key.mayBeNaN === true };
  }

  #aggregate(call: CallExpression): Compiled {
    const inner = new ExpressionCompiler({ ...this.#rows, withoutWindows: 'Aggregation', aggregate: refuseNested });
    const compiled = compileFunction(inner, call);
    let index = this.#aggregates.findIndex(({ sql }) => sql === compiled.sql);
    if (index === -1) index = this.#aggregates.push(compiled) - 1;
    return { ...compiled, sql: `${this.alias}.a${index}` };
  }
}

function refuseNested(call: CallExpression): Compiled {
  throw semanticError(call.at, `Cannot nest aggregations: ${call.name}`);
}
