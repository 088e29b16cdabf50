import { type Token, tokenize } from './lexer.ts';
import { SqlError } from './sql-error.ts';

/** Words that end an expression, so that no attribute may be called by them without `get`. */
const RESERVED = new Set(
  'SELECT SET FROM WHERE AS AND OR NOT IN EXISTS CASE WHEN THEN ELSE END NULL TRUE FALSE'.split(' '),
);

/** Tokens of one text with one position, for a recursive-descent parser. */
export class TokenStream {
  readonly text: string;
  readonly #tokens: readonly Token[];
  #index = 0;

  constructor(text: string, start = 0, until?: '}') {
    this.text = text;
    this.#tokens = tokenize(text, start, until);
  }

  peek(ahead = 0): Token {
    return (this.#tokens[this.#index + ahead] ?? this.#tokens.at(-1)) as Token;
  }

  take(): Token {
    const token = this.peek();
    if (this.#index < this.#tokens.length - 1) this.#index++;
    return token;
  }

  isSymbol(symbol: string, ahead = 0): boolean {
    const token = this.peek(ahead);
    return token.kind === 'symbol' && token.text === symbol;
  }

  isWord(word: string, ahead = 0): boolean {
    const token = this.peek(ahead);
    return token.kind === 'name' && token.text.toUpperCase() === word;
  }

  isReserved(ahead = 0): boolean {
    const token = this.peek(ahead);
    return token.kind === 'name' && RESERVED.has(token.text.toUpperCase());
  }

  takeSymbol(symbol: string): boolean {
    if (!this.isSymbol(symbol)) return false;
    this.take();
    return true;
  }

  takeWord(word: string): boolean {
    if (!this.isWord(word)) return false;
    this.take();
    return true;
  }

  expectSymbol(symbol: string, where: string): Token {
    if (!this.isSymbol(symbol)) throw this.unexpected(`'${symbol}' ${where}`);
    return this.take();
  }

  expectWord(word: string, where: string): Token {
    if (!this.isWord(word)) throw this.unexpected(`${word} ${where}`);
    return this.take();
  }

  /** A name of any spelling: after a dot, after AS. */
  expectName(what: string): Token {
    if (this.peek().kind !== 'name') throw this.unexpected(what);
    return this.take();
  }

  unexpected(expected: string): SqlError {
    const token = this.peek();
    const found =
      token.kind === 'end' ? 'the end' : token.kind === 'string' ? `string '${token.text}'` : `'${token.text}'`;
    return new SqlError(`expected ${expected} but found ${found}`, this.text, token.offset);
  }

  fail(problem: string, offset: number): SqlError {
    return new SqlError(problem, this.text, offset);
  }
}
