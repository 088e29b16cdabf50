import { invalidQuery } from '../errors.ts';
import {
  MAX_LEADING_WILDCARD_QUERY_LENGTH,
  MAX_LEADING_WILDCARD_TERMS,
  MAX_MULTI_WILDCARDS,
  MAX_QUERY_LENGTH,
  MAX_QUERY_TERMS,
  MAX_SINGLE_WILDCARDS,
} from '../limits.ts';
import type { Bound, Query } from './query.ts';
import { type Comparison, type Token, tokenizeQuery, type WordToken } from './tokenize-query.ts';
import { numberIn, wordsOf } from './words.ts';

/**
 * Reads a query string (developer guide, `query-syntax`). `NOT` and the hyphen bind tightest, then `AND`, which is also
 * meant where nothing stands between two terms, then `OR`.
 *
 * @throws AwsError InvalidQueryException; NotImplemented for geoqueries
 */
export function parseQuery(text: string): Query {
  if (Buffer.byteLength(text) > MAX_QUERY_LENGTH) {
    throw invalidQuery(`The query exceeds the maximum length of ${MAX_QUERY_LENGTH} bytes`);
  }
  return new QueryParser(text).parse();
}

class QueryParser {
  readonly #length: number;
  readonly #tokens: readonly Token[];
  #next = 0;
  #terms = 0;
  #leadingWildcards = 0;

  constructor(text: string) {
    this.#length = text.length;
    this.#tokens = tokenizeQuery(text);
  }

  parse(): Query {
    const query = this.#disjunction(undefined);
    const rest = this.#peek();
    if (rest.kind !== 'end') throw unexpected(rest);
    return query;
  }

  #disjunction(field: string | undefined): Query {
    const operands = [this.#conjunction(field)];
    while (this.#accept('or')) operands.push(this.#conjunction(field));
    return operands.length === 1 ? (operands[0] as Query) : { kind: 'or', operands };
  }

  #conjunction(field: string | undefined): Query {
    const operands = [this.#negation(field)];
    for (;;) {
      if (this.#accept('and')) operands.push(this.#negation(field));
      else if (['or', ')', 'end'].includes(this.#peek().kind)) break;
      else operands.push(this.#negation(field));
    }
    return operands.length === 1 ? (operands[0] as Query) : { kind: 'and', operands };
  }

  #negation(field: string | undefined): Query {
    if (this.#accept('not') || this.#accept('minus')) return { kind: 'not', operand: this.#negation(field) };
    return this.#primary(field);
  }

  #primary(field: string | undefined): Query {
    if (this.#accept('(')) {
      const query = this.#disjunction(field);
      this.#expect(')');
      return query;
    }
    const token = this.#peek();
    const following = this.#tokens[this.#next + 1]?.kind;
    if (token.kind === 'word' && (following === ':' || isComparison(following))) {
      if (field !== undefined) throw invalidQuery(`The field ${token.text} stands inside the group of ${field}`);
      return this.#fielded(this.#take() as WordToken);
    }
    return this.#value(field);
  }

  #fielded({ text: field, wildcard, at }: WordToken): Query {
    if (wildcard !== undefined) throw invalidQuery(`Wildcards are not supported in field names (position ${at})`);
    const operator = this.#take();
    if (isComparison(operator.kind)) return this.#comparison(field, operator.kind);
    if (this.#accept('(')) {
      const group = this.#disjunction(field);
      this.#expect(')');
      return group;
    }
    return this.#value(field);
  }

  #comparison(field: string, comparison: Comparison): Query {
    const token = this.#take();
    const value = token.kind === 'word' ? numberIn(token.text) : undefined;
    if (value === undefined) throw invalidQuery(`${comparison} needs a number (position ${token.at})`);
    this.#countTerm();
    const bound: Bound<number> = { value, inclusive: comparison.endsWith('=') };
    const range = comparison.startsWith('<') ? { low: undefined, high: bound } : { low: bound, high: undefined };
    return { kind: 'number-range', field, range };
  }

  #value(field: string | undefined): Query {
    const token = this.#take();
    if (token.kind === '[' || token.kind === '{') return this.#range(field, token.kind === '[');
    if (token.kind !== 'word' && token.kind !== 'quoted') throw unexpected(token);
    this.#countTerm();
    if (token.kind === 'quoted') {
      const words = wordsOf(token.text);
      if (words.length === 0 || words[0] === '') throw invalidQuery(`An empty quotation at position ${token.at}`);
      return { kind: 'phrase', field, words };
    }
    if (token.wildcard !== undefined) return this.#wildcard(field, token);
    const number = numberIn(token.text);
    if (token.hyphenated && number === undefined) {
      throw invalidQuery(`A hyphen begins the value at position ${token.at}; escape it if it belongs to the value`);
    }
    return { kind: 'word', field, text: token.text.toLowerCase(), number };
  }

  #wildcard(field: string | undefined, { text, wildcard, at }: WordToken): Query {
    if (wildcard === undefined || text === '*') return field === undefined ? { kind: 'everything' } : exists(field);
    if (wildcard.multi > MAX_MULTI_WILDCARDS || wildcard.single > MAX_SINGLE_WILDCARDS) {
      throw invalidQuery(
        `The term at position ${at} has more than ${MAX_MULTI_WILDCARDS} * or ${MAX_SINGLE_WILDCARDS} ? wildcards`,
      );
    }
    if (wildcard.leading) {
      this.#leadingWildcards += 1;
      if (this.#leadingWildcards > MAX_LEADING_WILDCARD_TERMS) {
        throw invalidQuery('Only one term of a query can begin with a wildcard');
      }
      if (this.#length > MAX_LEADING_WILDCARD_QUERY_LENGTH) {
        throw invalidQuery(
          `A query with a leading wildcard can have at most ${MAX_LEADING_WILDCARD_QUERY_LENGTH} characters`,
        );
      }
    }
    return { kind: 'wildcard', field, pattern: new RegExp(`^${wildcard.source}$`, 'su') };
  }

  #range(field: string | undefined, lowInclusive: boolean): Query {
    const low = this.#take();
    if (field === undefined) throw invalidQuery(`A range needs a field (position ${low.at})`);
    const to = this.#take();
    if (to.kind !== 'word' || to.text !== 'TO') throw unexpected(to);
    const high = this.#take();
    const close = this.#take();
    if (close.kind !== ']' && close.kind !== '}') throw unexpected(close);
    this.#countTerm();
    const highInclusive = close.kind === ']';
    const lowNumber = numberOf(low);
    const highNumber = numberOf(high);
    if (lowNumber !== undefined && highNumber !== undefined) {
      const range = {
        low: { value: lowNumber, inclusive: lowInclusive },
        high: { value: highNumber, inclusive: highInclusive },
      };
      return { kind: 'number-range', field, range };
    }
    const range = {
      low: { value: textOf(low), inclusive: lowInclusive },
      high: { value: textOf(high), inclusive: highInclusive },
    };
    if (lowNumber !== undefined || highNumber !== undefined) {
      throw invalidQuery(`The range at position ${low.at} mixes a number and text`);
    }
    return { kind: 'text-range', field, range };
  }

  #countTerm(): void {
    this.#terms += 1;
    if (this.#terms > MAX_QUERY_TERMS) {
      throw invalidQuery(`The query exceeds the maximum number of ${MAX_QUERY_TERMS} terms`);
    }
  }

  #peek(): Token {
    return this.#tokens[this.#next] as Token;
  }

  #take(): Token {
    const token = this.#peek();
    if (token.kind !== 'end') this.#next += 1;
    return token;
  }

  #accept(kind: Token['kind']): boolean {
    if (this.#peek().kind !== kind) return false;
    this.#next += 1;
    return true;
  }

  #expect(kind: Token['kind']): void {
    const token = this.#take();
    if (token.kind !== kind) throw unexpected(token);
  }
}

function exists(field: string): Query {
  return { kind: 'exists', field };
}

function isComparison(kind: Token['kind'] | undefined): kind is Comparison {
  return kind === '<' || kind === '<=' || kind === '>' || kind === '>=';
}

function numberOf(token: Token): number | undefined {
  return token.kind === 'word' ? numberIn(token.text) : undefined;
}

/** Open ends of ranges (`[5 TO *]`) are not documented and refused; comparison operators say the same. */
function textOf(token: Token): string {
  if (token.kind === 'quoted') return token.text.toLowerCase();
  if (token.kind !== 'word') throw unexpected(token);
  if (token.wildcard !== undefined || (token.hyphenated && numberOf(token) === undefined)) {
    throw invalidQuery(`The bound of the range at position ${token.at} is neither a number nor text`);
  }
  return token.text.toLowerCase();
}

function unexpected(token: Token): Error {
  return token.kind === 'end'
    ? invalidQuery('Unexpected end of the query')
    : invalidQuery(`Unexpected ${'text' in token ? token.text : token.kind} at position ${token.at}`);
}
