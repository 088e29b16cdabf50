import type { Expression, LiteralValue } from '../syntax/ast.ts';
import { notBuilt, type Position, semanticError } from '../syntax/query-error.ts';
import { compileCall } from './call-compiler.ts';
import { cast, coerce, type Failure, literalCast, nothing, raise, readType } from './casts.ts';
import { bigintSql, type Compiled, doubleSql, nullOf, quoteText } from './compiled.ts';
import type { ExpressionContext, ExpressionHost } from './expression-context.ts';
import { arithmetic, compare, concatenate, unify } from './operators.ts';
import * as types from './types.ts';

/** Generated text that has grown beyond this comes from nesting that repeats its operands. */
const MAX_SQL_LENGTH = 262_144;

/** Writes expressions in the engine's SQL and finds their types, by the rules of the query language. */
export class ExpressionCompiler implements ExpressionHost {
  readonly context: ExpressionContext;
  #failure: Failure = raise;

  constructor(context: ExpressionContext) {
    this.context = context;
  }

  get fail(): Failure {
    return this.#failure;
  }

  compile(expression: Expression): Compiled {
    const compiled = this.context.groupKeys?.find(expression) ?? this.#compile(expression);
    if (compiled.sql.length > MAX_SQL_LENGTH) throw notBuilt(expression.at, 'an expression of this size');
    return compiled;
  }

  /** A condition, which must be boolean. */
  condition(expression: Expression, clause: string): string {
    const compiled = this.compile(expression);
    const { name } = compiled.type;
    if (name === 'unknown') return 'NULL::BOOLEAN';
    if (name === 'boolean') return compiled.sql;
    throw semanticError(
      expression.at,
      `${clause} must evaluate to a boolean: actual type ${types.typeText(compiled.type)}`,
    );
  }

  attempt(expression: Expression): Compiled {
    const outer = this.#failure;
    this.#failure = nothing;
    const compiled = this.compile(expression);
    this.#failure = outer;
    return { ...compiled, sql: `TRY(${compiled.sql})` };
  }

  refuseInTry(at: Position, what: string): void {
    if (this.#failure === nothing) throw notBuilt(at, `TRY around ${what}`);
  }

  #compile(expression: Expression): Compiled {
    const { at } = expression;
    switch (expression.kind) {
      case 'literal':
        return compileLiteral(expression.literal, at);
      case 'typed-literal':
        return this.#typedLiteral(expression);
      case 'column':
        return this.#column(expression.parts, at);
      case 'negate':
        return this.#negate(this.compile(expression.operand), at);
      case 'not':
        return boolean(at, `(NOT ${this.condition(expression.operand, 'Value of logical NOT expression')})`);
      case 'logical': {
        const clause = `Value of logical ${expression.operator} expression`;
        const conditions = expression.operands.map((operand) => this.condition(operand, clause));
        return boolean(at, `(${conditions.join(` ${expression.operator} `)})`);
      }
      case 'compare':
        return compare(expression.operator, this.compile(expression.left), this.compile(expression.right), at);
      case 'arithmetic': {
        const left = this.compile(expression.left);
        return arithmetic(expression.operator, left, this.compile(expression.right), at, this.#failure);
      }
      case 'concat':
        return concatenate(this.compile(expression.left), this.compile(expression.right), at);
      case 'between':
        return this.#between(expression);
      case 'in-list':
        return this.#inList(expression);
      case 'like':
        return this.#like(expression);
      case 'is-null':
        this.refuseInTry(at, 'IS NULL');
        return boolean(at, `(${this.compile(expression.operand).sql} IS ${expression.negated ? 'NOT ' : ''}NULL)`);
      case 'is-distinct': {
        this.refuseInTry(at, 'IS DISTINCT FROM');
        const [left, right] = unify(
          [this.compile(expression.left), this.compile(expression.right)],
          at,
          'IS DISTINCT FROM',
        );
        const operator = expression.negated ? 'IS NOT DISTINCT FROM' : 'IS DISTINCT FROM';
        return boolean(at, `(${left?.sql} ${operator} ${right?.sql})`);
      }
      case 'in-query':
      case 'quantified':
      case 'exists':
      case 'scalar-query':
        return this.#subquery(expression);
      case 'case':
        return this.#case(expression);
      case 'cast': {
        const target = readType(expression.type);
        const operand = this.compile(expression.operand);
        if (expression.orNull) this.refuseInTry(at, 'TRY_CAST');
        return cast(operand, target, at, expression.orNull ? nothing : this.#failure);
      }
      case 'array': {
        const items = expression.items.map((item) => this.compile(item));
        const unified = unify(items, at, 'ARRAY');
        const element = unified[0]?.type ?? types.UNKNOWN;
        const type = types.arrayOf(element);
        return { sql: `CAST([${unified.map(({ sql }) => sql).join(', ')}] AS ${types.engineType(type)})`, type, at };
      }
      case 'subscript':
        return this.#subscript(expression);
      case 'call':
        return compileCall(this, expression);
    }
  }

  #column(parts: readonly string[], at: Position): Compiled {
    const found = this.context.names.find(parts, at);
    if (found === undefined) throw semanticError(at, `Column '${parts.join('.')}' does not exist`);
    return found;
  }

  #typedLiteral({ type: name, text, at }: Extract<Expression, { kind: 'typed-literal' }>): Compiled {
    const type = readType(name);
    if (type.name === 'varchar') return compileLiteral({ type: 'string', value: text }, at);
    const constant = literalCast(text, type);
    if (constant !== undefined) return { sql: constant, type, at };
    if (type.name !== 'boolean' && type.name !== 'bigint' && type.name !== 'integer') {
      throw semanticError(at, `'${text}' is not a valid ${type.name} literal`);
    }
    return cast(compileLiteral({ type: 'string', value: text }, at), type, at, this.#failure);
  }

  #negate(operand: Compiled, at: Position): Compiled {
    if (!types.isNumeric(operand.type) && !types.isInterval(operand.type) && operand.type.name !== 'unknown') {
      throw semanticError(at, `'-' cannot be applied to ${types.typeText(operand.type)}`);
    }
    return { sql: `(-${operand.sql})`, type: operand.type, at, mayBeNaN: operand.mayBeNaN === true };
  }

  #between(expression: Extract<Expression, { kind: 'between' }>): Compiled {
    const { at } = expression;
    const operand = this.compile(expression.operand);
    const low = compare('>=', operand, this.compile(expression.low), at);
    const high = compare('<=', operand, this.compile(expression.high), at);
    return boolean(at, expression.negated ? `(NOT (${low.sql} AND ${high.sql}))` : `(${low.sql} AND ${high.sql})`);
  }

  #inList(expression: Extract<Expression, { kind: 'in-list' }>): Compiled {
    const { at } = expression;
    const all = [expression.operand, ...expression.items].map((item) => this.compile(item));
    const [operand, ...items] = unify(all, at, 'IN');
    if (all.some(({ mayBeNaN }) => mayBeNaN)) throw notBuilt(at, 'IN over computed doubles');
    const list = items.map(({ sql }) => sql).join(', ');
    return boolean(at, `(${operand?.sql} ${expression.negated ? 'NOT ' : ''}IN (${list}))`);
  }

  #like(expression: Extract<Expression, { kind: 'like' }>): Compiled {
    const { at } = expression;
    const [operand, pattern, escapedBy] = [expression.operand, expression.pattern, expression.escape].map((part) => {
      if (part === undefined) return undefined;
      const compiled = coerce(this.compile(part), types.VARCHAR);
      if (compiled === undefined)
        throw semanticError(part.at, 'Left and right side of LIKE must evaluate to a varchar');
      return compiled.sql;
    });
    const escaping = escapedBy === undefined ? '' : ` ESCAPE ${escapedBy}`;
    return boolean(at, `(${operand} ${expression.negated ? 'NOT ' : ''}LIKE ${pattern}${escaping})`);
  }

  #subquery(
    expression: Extract<Expression, { kind: 'in-query' | 'quantified' | 'exists' | 'scalar-query' }>,
  ): Compiled {
    const { at } = expression;
    this.refuseInTry(at, 'a subquery');
    const query = this.context.compileSubquery(expression.query, this.context.names);
    if (expression.kind === 'exists') return boolean(at, `EXISTS (${query.sql})`);
    const [column] = query.columns;
    if (column === undefined || query.columns.length > 1) {
      throw semanticError(
        at,
        `Multiple columns returned by subquery are not yet supported. Found ${query.columns.length}`,
      );
    }
    if (expression.kind === 'scalar-query')
      return { sql: `(${query.sql})`, type: column.type, at, mayBeNaN: column.type.name === 'double' };
    const left = this.compile(expression.kind === 'in-query' ? expression.operand : expression.left);
    const [operand, item] = unify([left, { sql: 'q.o0', type: column.type, at }], at, 'IN');
    if (operand?.type.name === 'double' && left.mayBeNaN)
      throw notBuilt(at, 'a subquery compared with computed doubles');
    const values = `(SELECT ${item?.sql} FROM (${query.sql}) q)`;
    if (expression.kind === 'in-query')
      return boolean(at, `(${operand?.sql} ${expression.negated ? 'NOT ' : ''}IN ${values})`);
    return boolean(at, `(${operand?.sql} ${expression.operator} ${expression.quantifier} ${values})`);
  }

  #case(expression: Extract<Expression, { kind: 'case' }>): Compiled {
    const { at } = expression;
    this.refuseInTry(at, 'CASE');
    const operand = expression.operand === undefined ? undefined : this.compile(expression.operand);
    const conditions = expression.branches.map(({ when }) =>
      operand === undefined
        ? this.condition(when, 'CASE WHEN clause')
        : compare('=', operand, this.compile(when), when.at).sql,
    );
    const results = expression.branches.map(({ result }) => this.compile(result));
    const otherwise = expression.otherwise === undefined ? nullOf(at) : this.compile(expression.otherwise);
    const unified = unify([...results, otherwise], at, 'CASE');
    const branches = conditions.map((condition, index) => `WHEN ${condition} THEN ${unified[index]?.sql}`).join(' ');
    return {
      sql: `(CASE ${branches} ELSE ${unified.at(-1)?.sql} END)`,
      type: unified[0]?.type ?? types.UNKNOWN,
      at,
      mayBeNaN: unified.some(({ mayBeNaN }) => mayBeNaN === true),
    };
  }

  #subscript(expression: Extract<Expression, { kind: 'subscript' }>): Compiled {
    const { at } = expression;
    const array = this.compile(expression.array);
    const index = coerce(this.compile(expression.index), types.BIGINT);
    if (array.type.name !== 'array' || index === undefined) {
      throw semanticError(at, `'[]' cannot be applied to ${types.typeText(array.type)}`);
    }
    const outside = `(${index.sql} < 1 OR ${index.sql} > len(${array.sql}))`;
    const message = "'Array subscript out of bounds'";
    return {
      sql: `(CASE WHEN ${outside} THEN ${this.#failure(message)} ELSE list_extract(${array.sql}, ${index.sql}) END)`,
      type: array.type.element,
      at,
      mayBeNaN: array.type.element.name === 'double',
    };
  }
}

export function boolean(at: Position, sql: string): Compiled {
  return { sql, type: types.BOOLEAN, at };
}

function compileLiteral(literal: LiteralValue, at: Position): Compiled {
  switch (literal.type) {
    case 'null':
      return nullOf(at);
    case 'boolean':
      return { sql: literal.value ? 'TRUE' : 'FALSE', type: types.BOOLEAN, at, literal };
    case 'integer':
      return compileInteger(literal.value, at);
    case 'double':
      return { sql: doubleSql(literal.value), type: types.DOUBLE, at, literal };
    case 'string':
      return { sql: quoteText(literal.value), type: types.VARCHAR, at, literal };
    case 'nanoseconds':
      return { sql: bigintSql(literal.value), type: types.DAY_TO_SECOND, at, literal };
    case 'months':
      return { sql: bigintSql(literal.value), type: types.YEAR_TO_MONTH, at, literal };
  }
}

/** Whole numbers are integers while they fit 32 bits, then bigints. */
function compileInteger(value: bigint, at: Position): Compiled {
  const literal = { type: 'integer', value } as const;
  if (value >= -2_147_483_648n && value <= 2_147_483_647n) {
    return { sql: value < 0n ? `CAST('${value}' AS INTEGER)` : `${value}::INTEGER`, type: types.INTEGER, at, literal };
  }
  if (value < -9_223_372_036_854_775_808n || value > 9_223_372_036_854_775_807n) {
    throw semanticError(at, `Invalid numeric literal: ${value}`);
  }
  return { sql: bigintSql(value), type: types.BIGINT, at, literal };
}
