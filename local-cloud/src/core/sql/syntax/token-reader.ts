import type { Expression } from './ast.ts';
import { type Position, syntaxError } from './query-error.ts';
import type { Token, TokenKind } from './tokens.ts';

/** Developer guide, "Quotas", reserved keywords: as names these must be quoted. */
const RESERVED = new Set(
  `ALTER AND AS BETWEEN BY CASE CAST CONSTRAINT CREATE CROSS CUBE CURRENT_DATE CURRENT_TIME CURRENT_TIMESTAMP CURRENT_USER
   DEALLOCATE DELETE DESCRIBE DISTINCT DROP ELSE END ESCAPE EXCEPT EXECUTE EXISTS EXTRACT FALSE FOR FROM FULL GROUP GROUPING
   HAVING IN INNER INSERT INTERSECT INTO IS JOIN LEFT LIKE LOCALTIME LOCALTIMESTAMP NATURAL NORMALIZE NOT NULL ON OR ORDER
   OUTER PREPARE RECURSIVE RIGHT ROLLUP SELECT TABLE THEN TRUE UESCAPE UNION UNNEST USING VALUES WHEN WHERE WITH`.split(
    /\s+/,
  ),
);

/** A cursor over tokens. All its errors tell line and column. */
export class TokenReader {
  readonly #tokens: readonly Token[];
  #index = 0;

  constructor(tokens: readonly Token[]) {
    this.#tokens = tokens;
  }

  get current(): Token {
    return this.#tokens[this.#index] as Token;
  }

  get at(): Position {
    return this.current.at;
  }

  peek(ahead: number): Token {
    return this.#tokens[Math.min(this.#index + ahead, this.#tokens.length - 1)] as Token;
  }

  next(): Token {
    const token = this.current;
    if (token.kind !== 'end') this.#index++;
    return token;
  }

  /** Whether the coming words are these keywords, in order. */
  isKeyword(...keywords: readonly string[]): boolean {
    return keywords.every((keyword, ahead) => this.peek(ahead).keyword === keyword);
  }

  isSymbol(symbol: string, ahead = 0): boolean {
    const token = this.peek(ahead);
    return token.kind === 'symbol' && token.text === symbol;
  }

  takeKeyword(...keywords: readonly string[]): boolean {
    if (!this.isKeyword(...keywords)) return false;
    this.#index += keywords.length;
    return true;
  }

  takeSymbol(symbol: string): boolean {
    if (!this.isSymbol(symbol)) return false;
    this.#index++;
    return true;
  }

  expectKeyword(keyword: string): void {
    if (!this.takeKeyword(keyword)) throw this.unexpected(keyword);
  }

  expectSymbol(symbol: string): void {
    if (!this.takeSymbol(symbol)) throw this.unexpected(`'${symbol}'`);
  }

  expect(kind: TokenKind, what: string): Token {
    if (this.current.kind !== kind) throw this.unexpected(what);
    return this.next();
  }

  isIdentifier(ahead = 0): boolean {
    const { kind, keyword } = this.peek(ahead);
    return kind === 'quoted' || (kind === 'word' && !RESERVED.has(keyword));
  }

  identifier(): string {
    if (!this.isIdentifier()) throw this.unexpected('a name');
    return this.next().text;
  }

  /** Items separated by commas, at least one. */
  list<T>(item: () => T): T[] {
    const items = [item()];
    while (this.takeSymbol(',')) items.push(item());
    return items;
  }

  parenthesized<T>(content: () => T): T {
    this.expectSymbol('(');
    const result = content();
    this.expectSymbol(')');
    return result;
  }

  unexpected(expected: string): Error {
    const { kind, text, at } = this.current;
    return syntaxError(at, `expected ${expected} but found ${kind === 'end' ? 'the end of the query' : `'${text}'`}`);
  }
}

/** Reads expressions from its tokens. */
export interface ExpressionReader {
  readonly reader: TokenReader;
  expression(): Expression;
}
