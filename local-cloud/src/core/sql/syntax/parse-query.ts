import type { CommonTable, JoinType, Query, QueryBody, Relation, Select, SelectItem } from './ast.ts';
import { parseOrderBy } from './parse-call.ts';
import { ExpressionParser } from './parse-expression.ts';
import { notBuilt, syntaxError } from './query-error.ts';
import type { TokenReader } from './token-reader.ts';

/** Words that end a relation or an item rather than name it, though they are not reserved. */
const NOT_AN_ALIAS = new Set(['LIMIT', 'OFFSET', 'FETCH', 'TABLESAMPLE', 'WINDOW']);

const MAX_NESTED_QUERIES = 100;

/** `SELECT` statements (developer guide, "SELECT"), without the statement's end. */
export function parseQuery(reader: TokenReader): Query {
  return new QueryParser(reader, 0).query();
}

class QueryParser {
  readonly #reader: TokenReader;
  readonly #expressions: ExpressionParser;
  #depth: number;

  constructor(reader: TokenReader, depth: number) {
    this.#reader = reader;
    this.#depth = depth;
    this.#expressions = new ExpressionParser(reader, (inner) => new QueryParser(inner, this.#depth + 1).query());
  }

  query(): Query {
    const reader = this.#reader;
    const { at } = reader;
    if (++this.#depth > MAX_NESTED_QUERIES) throw syntaxError(at, 'the query is nested too deeply');
    const commonTables = this.#with();
    const body = this.#setOperation();
    const orderBy = parseOrderBy(this.#expressions);
    for (const keyword of ['OFFSET', 'FETCH', 'WINDOW']) {
      if (reader.isKeyword(keyword)) throw notBuilt(reader.at, keyword);
    }
    let limit: bigint | undefined;
    if (reader.takeKeyword('LIMIT') && !reader.takeKeyword('ALL')) {
      limit = BigInt(reader.expect('integer', 'a number of rows').text);
    }
    this.#depth--;
    return { with: commonTables, body, orderBy, limit, at };
  }

  #with(): CommonTable[] {
    const reader = this.#reader;
    if (!reader.takeKeyword('WITH')) return [];
    if (reader.isKeyword('RECURSIVE')) throw notBuilt(reader.at, 'WITH RECURSIVE');
    return reader.list(() => {
      const { at } = reader;
      const name = reader.identifier();
      const columns = this.#columnNames();
      reader.expectKeyword('AS');
      return { name, columns, query: reader.parenthesized(() => this.query()), at };
    });
  }

  /** INTERSECT binds tighter than UNION and EXCEPT. */
  #setOperation(): QueryBody {
    let left = this.#intersection();
    while (this.#reader.isKeyword('UNION') || this.#reader.isKeyword('EXCEPT')) {
      const { keyword, at } = this.#reader.next();
      const all = this.#all();
      left = { kind: 'set', operator: keyword as 'UNION' | 'EXCEPT', all, left, right: this.#intersection(), at };
    }
    return left;
  }

  #intersection(): QueryBody {
    let left = this.#term();
    while (this.#reader.isKeyword('INTERSECT')) {
      const { at } = this.#reader.next();
      const all = this.#all();
      left = { kind: 'set', operator: 'INTERSECT', all, left, right: this.#term(), at };
    }
    return left;
  }

  #all(): boolean {
    if (this.#reader.takeKeyword('ALL')) return true;
    this.#reader.takeKeyword('DISTINCT');
    return false;
  }

  #term(): QueryBody {
    const reader = this.#reader;
    const { at } = reader;
    if (reader.isKeyword('SELECT')) return this.#select();
    if (reader.takeKeyword('VALUES')) {
      return { kind: 'values', rows: reader.list(() => this.#row()), at };
    }
    if (reader.takeSymbol('(')) {
      const query = this.query();
      reader.expectSymbol(')');
      return { kind: 'nested', query, at };
    }
    throw reader.unexpected('SELECT');
  }

  /** `1`, `(1)` or `(1, 'a')`; more than one value needs parentheses. */
  #row() {
    const reader = this.#reader;
    if (!reader.isSymbol('(')) return [this.#expressions.expression()];
    return reader.parenthesized(() => reader.list(() => this.#expressions.expression()));
  }

  #select(): Select {
    const reader = this.#reader;
    const { at } = reader.next();
    const distinct = reader.takeKeyword('DISTINCT');
    if (!distinct) reader.takeKeyword('ALL');
    const items = reader.list(() => this.#item());
    const from = reader.takeKeyword('FROM') ? reader.list(() => this.#relation()) : [];
    const where = reader.takeKeyword('WHERE') ? this.#expressions.expression() : undefined;
    const groupBy = this.#groupBy();
    const having = reader.takeKeyword('HAVING') ? this.#expressions.expression() : undefined;
    return { kind: 'select', distinct, items, from, where, groupBy, having, at };
  }

  #groupBy(): Select['groupBy'] {
    const reader = this.#reader;
    if (!reader.takeKeyword('GROUP', 'BY')) return undefined;
    if (reader.isKeyword('DISTINCT')) throw notBuilt(reader.at, 'GROUP BY DISTINCT');
    reader.takeKeyword('ALL');
    for (const keyword of ['GROUPING', 'ROLLUP', 'CUBE']) {
      if (reader.isKeyword(keyword)) throw notBuilt(reader.at, `GROUP BY ${keyword}`);
    }
    if (reader.isSymbol('(') && reader.isSymbol(')', 1)) {
      reader.next();
      reader.next();
      return [];
    }
    return reader.list(() => this.#expressions.expression());
  }

  #item(): SelectItem {
    const reader = this.#reader;
    const { at } = reader;
    if (reader.takeSymbol('*')) return { kind: 'all', qualifier: [], at };
    const qualifier = this.#allQualifier();
    if (qualifier !== undefined) return { kind: 'all', qualifier, at };
    const expression = this.#expressions.expression();
    return { kind: 'expression', expression, alias: this.#alias(), at };
  }

  /** The names before `.*`, when that is what comes. */
  #allQualifier(): string[] | undefined {
    const reader = this.#reader;
    let ahead = 0;
    while (reader.isIdentifier(ahead) && reader.isSymbol('.', ahead + 1)) {
      ahead += 2;
      if (!reader.isSymbol('*', ahead)) continue;
      const names: string[] = [];
      while (!reader.takeSymbol('*')) {
        names.push(reader.identifier());
        reader.expectSymbol('.');
      }
      return names;
    }
    return undefined;
  }

  #alias(): string | undefined {
    const reader = this.#reader;
    if (reader.takeKeyword('AS')) return reader.identifier();
    if (!reader.isIdentifier() || NOT_AN_ALIAS.has(reader.current.keyword)) return undefined;
    return reader.identifier();
  }

  #relation(): Relation {
    const reader = this.#reader;
    let left = this.#aliased();
    for (;;) {
      const { at } = reader;
      if (reader.isKeyword('NATURAL')) throw notBuilt(at, 'NATURAL JOIN');
      if (reader.takeKeyword('CROSS', 'JOIN')) {
        left = { kind: 'join', type: 'CROSS', left, right: this.#aliased(), on: undefined, using: undefined, at };
        continue;
      }
      const type = this.#joinType();
      if (type === undefined) return left;
      const right = this.#aliased();
      if (reader.takeKeyword('USING')) {
        const using = reader.parenthesized(() => reader.list(() => reader.identifier()));
        left = { kind: 'join', type, left, right, on: undefined, using, at };
      } else {
        reader.expectKeyword('ON');
        left = { kind: 'join', type, left, right, on: this.#expressions.expression(), using: undefined, at };
      }
    }
  }

  #joinType(): JoinType | undefined {
    const reader = this.#reader;
    if (reader.takeKeyword('JOIN') || reader.takeKeyword('INNER', 'JOIN')) return 'INNER';
    for (const type of ['LEFT', 'RIGHT', 'FULL'] as const) {
      if (!reader.takeKeyword(type)) continue;
      reader.takeKeyword('OUTER');
      reader.expectKeyword('JOIN');
      return type;
    }
    return undefined;
  }

  #aliased(): Relation {
    const reader = this.#reader;
    const { at } = reader;
    const relation = this.#primary();
    if (reader.isKeyword('TABLESAMPLE')) throw notBuilt(reader.at, 'TABLESAMPLE');
    const alias = this.#alias();
    if (alias === undefined) return relation;
    return { kind: 'aliased', relation, alias, columns: this.#columnNames(), at };
  }

  #columnNames(): string[] | undefined {
    const reader = this.#reader;
    if (!reader.isSymbol('(')) return undefined;
    return reader.parenthesized(() => reader.list(() => reader.identifier()));
  }

  #primary(): Relation {
    const reader = this.#reader;
    const { at } = reader;
    if (reader.isKeyword('LATERAL')) throw notBuilt(at, 'LATERAL');
    if (reader.takeKeyword('UNNEST')) {
      const arrays = reader.parenthesized(() => reader.list(() => this.#expressions.expression()));
      const ordinality = reader.takeKeyword('WITH', 'ORDINALITY');
      return { kind: 'unnest', arrays, ordinality, at };
    }
    if (reader.takeSymbol('(')) {
      if (
        reader.isKeyword('SELECT') ||
        reader.isKeyword('WITH') ||
        reader.isKeyword('VALUES') ||
        reader.isSymbol('(')
      ) {
        const query = this.query();
        reader.expectSymbol(')');
        return { kind: 'subquery', query, at };
      }
      const relation = this.#relation();
      reader.expectSymbol(')');
      return relation;
    }
    const parts = [reader.identifier()];
    while (reader.takeSymbol('.')) parts.push(reader.identifier());
    if (reader.isSymbol('(')) throw notBuilt(at, `the table function '${parts.join('.')}'`);
    return { kind: 'table', parts, at };
  }
}
