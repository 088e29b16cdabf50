import type { CaseBranch, ComparisonOperator, Expression, LiteralValue, Query, TypeName } from './ast.ts';
import { intervalValue } from './intervals.ts';
import { parseCall } from './parse-call.ts';
import { notBuilt, type Position, syntaxError } from './query-error.ts';
import type { ExpressionReader, TokenReader } from './token-reader.ts';

const COMPARISONS: Readonly<Record<string, ComparisonOperator>> = {
  '=': '=',
  '<>': '<>',
  '!=': '<>',
  '<': '<',
  '<=': '<=',
  '>': '>',
  '>=': '>=',
};

/** Types whose name may stand before a string: `TIMESTAMP '2026-01-01'`. */
const TYPED_LITERALS = new Set(['TIMESTAMP', 'DATE', 'TIME', 'DOUBLE', 'BIGINT', 'INTEGER', 'VARCHAR', 'BOOLEAN']);

/** Written without parentheses. */
const NILADIC = new Set(['CURRENT_DATE', 'CURRENT_TIME', 'CURRENT_TIMESTAMP', 'LOCALTIME', 'LOCALTIMESTAMP']);

const MAX_DEPTH = 300;

/** Reads a whole query in parentheses; given by the query parser, since the two refer to each other. */
export type QueryParser = (reader: TokenReader) => Query;

/**
 * Expressions of the query language, by descending precedence: unary, `* / %`, `+ -`, `||`, predicates, NOT, AND, OR
 * (developer guide, "Query language reference", which takes its grammar from Presto).
 */
export class ExpressionParser implements ExpressionReader {
  readonly reader: TokenReader;
  readonly #parseQuery: QueryParser;
  #depth = 0;

  constructor(reader: TokenReader, parseQuery: QueryParser) {
    this.reader = reader;
    this.#parseQuery = parseQuery;
  }

  expression(): Expression {
    return this.#nested(() => this.#or());
  }

  /** A subquery whose opening parenthesis has been read. */
  query(): Query {
    const query = this.#parseQuery(this.reader);
    this.reader.expectSymbol(')');
    return query;
  }

  isQuery(): boolean {
    return ['SELECT', 'WITH', 'VALUES'].includes(this.reader.current.keyword);
  }

  /** The parser, the compiler and the engine all follow the nesting by recursion. */
  #nested(parse: () => Expression): Expression {
    if (++this.#depth > MAX_DEPTH) throw this.#tooDeep();
    const result = parse();
    this.#depth--;
    return result;
  }

  #tooDeep(): Error {
    return syntaxError(this.reader.at, 'the expression is nested too deeply');
  }

  /** Operators of one precedence, which nest to the left. */
  #chain(isOperator: () => boolean, operand: () => Expression, join: (left: Expression) => Expression): Expression {
    let left = operand();
    for (let length = 0; isOperator(); length++) {
      if (length > MAX_DEPTH) throw this.#tooDeep();
      left = join(left);
    }
    return left;
  }

  #or(): Expression {
    return this.#logical('OR', () => this.#and());
  }

  #and(): Expression {
    return this.#logical('AND', () => this.#not());
  }

  #logical(operator: 'AND' | 'OR', operand: () => Expression): Expression {
    const first = operand();
    if (!this.reader.isKeyword(operator)) return first;
    const { at } = this.reader;
    const operands = [first];
    while (this.reader.takeKeyword(operator)) operands.push(operand());
    return { kind: 'logical', operator, operands, at };
  }

  #not(): Expression {
    if (!this.reader.isKeyword('NOT')) return this.#predicate();
    const { at } = this.reader.next();
    return { kind: 'not', operand: this.#nested(() => this.#not()), at };
  }

  #predicate(): Expression {
    let left = this.#value();
    for (;;) {
      const { at } = this.reader;
      const operator = this.reader.current.kind === 'symbol' ? COMPARISONS[this.reader.current.text] : undefined;
      if (operator !== undefined) {
        this.reader.next();
        left = this.#comparison(left, operator, at);
      } else if (this.reader.takeKeyword('IS')) {
        const negated = this.reader.takeKeyword('NOT');
        if (this.reader.takeKeyword('DISTINCT')) {
          this.reader.expectKeyword('FROM');
          left = { kind: 'is-distinct', left, right: this.#value(), negated, at };
        } else {
          this.reader.expectKeyword('NULL');
          left = { kind: 'is-null', operand: left, negated, at };
        }
      } else {
        const negated =
          this.reader.isKeyword('NOT', 'BETWEEN') ||
          this.reader.isKeyword('NOT', 'IN') ||
          this.reader.isKeyword('NOT', 'LIKE');
        if (negated) this.reader.next();
        const rest = this.#negatable(left, negated, at);
        if (rest === undefined) return left;
        left = rest;
      }
    }
  }

  #comparison(left: Expression, operator: ComparisonOperator, at: Position): Expression {
    const { keyword } = this.reader.current;
    if (['ALL', 'ANY', 'SOME'].includes(keyword) && this.reader.isSymbol('(', 1)) {
      this.reader.next();
      this.reader.next();
      if (!this.isQuery()) throw notBuilt(at, `${keyword} over a list`);
      const quantifier = keyword === 'ALL' ? 'ALL' : 'ANY';
      return { kind: 'quantified', operator, quantifier, left, query: this.query(), at };
    }
    return { kind: 'compare', operator, left, right: this.#value(), at };
  }

  #negatable(operand: Expression, negated: boolean, at: Position): Expression | undefined {
    if (this.reader.takeKeyword('BETWEEN')) {
      const low = this.#value();
      this.reader.expectKeyword('AND');
      return { kind: 'between', operand, low, high: this.#value(), negated, at };
    }
    if (this.reader.takeKeyword('IN')) {
      this.reader.expectSymbol('(');
      if (this.isQuery()) return { kind: 'in-query', operand, query: this.query(), negated, at };
      const items = this.reader.list(() => this.expression());
      this.reader.expectSymbol(')');
      return { kind: 'in-list', operand, items, negated, at };
    }
    if (this.reader.takeKeyword('LIKE')) {
      const pattern = this.#value();
      const escapedBy = this.reader.takeKeyword('ESCAPE') ? this.#value() : undefined;
      return { kind: 'like', operand, pattern, escape: escapedBy, negated, at };
    }
    return undefined;
  }

  #value(): Expression {
    const { reader } = this;
    return this.#chain(
      () => reader.isSymbol('||'),
      () => this.#sum(),
      (left) => {
        const { at } = reader.next();
        return { kind: 'concat', left, right: this.#sum(), at };
      },
    );
  }

  #sum(): Expression {
    const { reader } = this;
    return this.#chain(
      () => reader.isSymbol('+') || reader.isSymbol('-'),
      () => this.#product(),
      (left) => {
        const { text, at } = reader.next();
        return { kind: 'arithmetic', operator: text as '+' | '-', left, right: this.#product(), at };
      },
    );
  }

  #product(): Expression {
    const { reader } = this;
    return this.#chain(
      () => reader.isSymbol('*') || reader.isSymbol('/') || reader.isSymbol('%'),
      () => this.#unary(),
      (left) => {
        const { text, at } = reader.next();
        return { kind: 'arithmetic', operator: text as '*' | '/' | '%', left, right: this.#unary(), at };
      },
    );
  }

  #unary(): Expression {
    const { at } = this.reader;
    if (this.reader.takeSymbol('+')) return this.#nested(() => this.#unary());
    if (this.reader.takeSymbol('-')) {
      const operand = this.#nested(() => this.#unary());
      const folded = operand.kind === 'literal' ? negated(operand.literal) : undefined;
      return folded === undefined ? { kind: 'negate', operand, at } : { kind: 'literal', literal: folded, at };
    }
    return this.#postfix(this.#primary());
  }

  #postfix(expression: Expression): Expression {
    let result = expression;
    for (;;) {
      const { at } = this.reader;
      if (this.reader.takeSymbol('[')) {
        result = { kind: 'subscript', array: result, index: this.expression(), at };
        this.reader.expectSymbol(']');
      } else if (this.reader.isKeyword('AT', 'TIME')) throw notBuilt(at, 'AT TIME ZONE');
      else return result;
    }
  }

  #primary(): Expression {
    const { reader } = this;
    const token = reader.current;
    const { at } = token;
    if (token.kind === 'integer') return literal(at, { type: 'integer', value: BigInt(reader.next().text) });
    if (token.kind === 'decimal') return literal(at, { type: 'double', value: Number(reader.next().text) });
    if (token.kind === 'string') return literal(at, { type: 'string', value: reader.next().text });
    if (token.kind === 'duration') return this.#duration();
    if (token.kind === 'quoted') return this.#name();
    if (reader.takeSymbol('(')) return this.#parenthesized(at);
    if (reader.isSymbol('@') || reader.isSymbol('?')) throw notBuilt(at, 'a query parameter');
    if (token.kind !== 'word') throw reader.unexpected('an expression');
    return this.#word();
  }

  #word(): Expression {
    const { reader } = this;
    const { keyword, at } = reader.current;
    if (reader.takeKeyword('NULL')) return literal(at, { type: 'null' });
    if (reader.takeKeyword('TRUE')) return literal(at, { type: 'boolean', value: true });
    if (reader.takeKeyword('FALSE')) return literal(at, { type: 'boolean', value: false });
    if (reader.takeKeyword('CASE')) return this.#case(at);
    if (reader.takeKeyword('EXISTS')) {
      reader.expectSymbol('(');
      return { kind: 'exists', query: this.query(), at };
    }
    if (keyword === 'CAST' || (keyword === 'TRY_CAST' && reader.isSymbol('(', 1))) return this.#cast();
    if (NILADIC.has(keyword)) return call(at, reader.next().text.toLowerCase(), []);
    if (keyword === 'EXTRACT' || (keyword === 'POSITION' && reader.isSymbol('(', 1))) return this.#keywordCall();
    if (keyword === 'INTERVAL' && ['string', 'symbol'].includes(reader.peek(1).kind)) return this.#interval();
    if (keyword === 'ARRAY' && reader.isSymbol('[', 1)) return this.#array();
    if (TYPED_LITERALS.has(keyword) && reader.peek(1).kind === 'string') {
      const type: TypeName = { name: reader.next().text.toLowerCase(), element: undefined, at };
      return { kind: 'typed-literal', type, text: reader.next().text, at };
    }
    if (keyword === 'ROW' && reader.isSymbol('(', 1)) throw notBuilt(at, 'ROW');
    if (keyword === 'GROUPING' || keyword === 'NORMALIZE' || keyword === 'CURRENT_USER') throw notBuilt(at, keyword);
    return this.#name();
  }

  /** A column or a call. `measure_value::double` is the name of a column. */
  #name(): Expression {
    const { reader } = this;
    const { at } = reader;
    if (reader.isIdentifier() && reader.isSymbol('(', 1)) return parseCall(this);
    const parts = [this.#namePart()];
    while (reader.takeSymbol('.')) parts.push(this.#namePart());
    if (reader.isSymbol('->')) throw notBuilt(at, 'a lambda expression');
    if (reader.isSymbol('(')) throw reader.unexpected('the end of the name');
    return { kind: 'column', parts, at };
  }

  #namePart(): string {
    const { reader } = this;
    const { kind } = reader.current;
    const name = reader.identifier();
    if (kind !== 'word' || !reader.isSymbol('::')) return name;
    if (name !== 'measure_value') throw reader.unexpected('an operator');
    reader.next();
    return `${name}::${reader.expect('word', 'the type of the measure value').text}`;
  }

  #parenthesized(at: Position): Expression {
    if (this.isQuery()) return { kind: 'scalar-query', query: this.query(), at };
    const expression = this.expression();
    if (this.reader.isSymbol(',')) throw notBuilt(at, 'a row of values');
    this.reader.expectSymbol(')');
    return expression;
  }

  #case(at: Position): Expression {
    const { reader } = this;
    const operand = reader.isKeyword('WHEN') ? undefined : this.expression();
    const branches: CaseBranch[] = [];
    while (reader.takeKeyword('WHEN')) {
      const when = this.expression();
      reader.expectKeyword('THEN');
      branches.push({ when, result: this.expression() });
    }
    if (branches.length === 0) throw reader.unexpected('WHEN');
    const otherwise = reader.takeKeyword('ELSE') ? this.expression() : undefined;
    reader.expectKeyword('END');
    return { kind: 'case', operand, branches, otherwise, at };
  }

  #cast(): Expression {
    const { reader } = this;
    const { at, keyword } = reader.next();
    return reader.parenthesized(() => {
      const operand = this.expression();
      reader.expectKeyword('AS');
      return { kind: 'cast', operand, type: this.#type(), orNull: keyword === 'TRY_CAST', at };
    });
  }

  #type(): TypeName {
    const { reader } = this;
    const { at } = reader;
    const name = reader.identifier().toLowerCase();
    let element: TypeName | undefined;
    if (name === 'array') {
      element = reader.takeSymbol('<') ? this.#type() : reader.parenthesized(() => this.#type());
      reader.takeSymbol('>');
    } else if (reader.isSymbol('(')) {
      if (name !== 'varchar') throw notBuilt(at, `the type ${name} with parameters`);
      throw notBuilt(at, 'the type varchar with a length');
    }
    return { name, element, at };
  }

  /** `extract(year FROM x)` and `position('a' IN x)`. */
  #keywordCall(): Expression {
    const { reader } = this;
    const { at, keyword } = reader.next();
    return reader.parenthesized(() => {
      if (keyword === 'EXTRACT') {
        const field = reader.identifier().toLowerCase();
        reader.expectKeyword('FROM');
        return call(at, 'extract', [literal(at, { type: 'string', value: field }), this.expression()]);
      }
      const part = this.#value();
      reader.expectKeyword('IN');
      return call(at, 'strpos', [this.#value(), part]);
    });
  }

  /** `INTERVAL '4' YEAR`, `INTERVAL -'2' day` */
  #interval(): Expression {
    const { reader } = this;
    const { at } = reader.next();
    const sign = reader.takeSymbol('-') ? -1n : 1n;
    reader.takeSymbol('+');
    const { text } = reader.expect('string', 'the length of the interval');
    const unit = reader.expect('word', 'the unit of the interval').text;
    if (reader.isKeyword('TO')) throw notBuilt(at, 'an interval of several fields');
    const value = /^[+-]?\d+$/.test(text) ? intervalValue(sign * BigInt(text), unit) : undefined;
    if (value === undefined) throw syntaxError(at, `'${text}' ${unit} is not an interval`);
    return literal(at, value);
  }

  #duration(): Expression {
    const { text, unit, at } = this.reader.next();
    const value = /^\d+$/.test(text) ? intervalValue(BigInt(text), unit as string) : undefined;
    if (value === undefined) throw syntaxError(at, `'${text}${unit}' is not an interval`);
    return literal(at, value);
  }

  #array(): Expression {
    const { reader } = this;
    const { at } = reader.next();
    reader.next();
    const items = reader.isSymbol(']') ? [] : reader.list(() => this.expression());
    reader.expectSymbol(']');
    return { kind: 'array', items, at };
  }
}

export function literal(at: Position, value: LiteralValue): Expression {
  return { kind: 'literal', literal: value, at };
}

function negated(value: LiteralValue): LiteralValue | undefined {
  if (value.type === 'integer' || value.type === 'nanoseconds' || value.type === 'months') {
    return { type: value.type, value: -value.value };
  }
  return value.type === 'double' ? { type: 'double', value: -value.value } : undefined;
}

function call(at: Position, name: string, args: readonly Expression[]): Expression {
  return {
    kind: 'call',
    name,
    args,
    star: false,
    distinct: false,
    orderBy: [],
    filter: undefined,
    ignoreNulls: false,
    over: undefined,
    at,
  };
}
