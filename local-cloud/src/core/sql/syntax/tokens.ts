import { type Position, syntaxError } from './query-error.ts';

export type TokenKind = 'word' | 'quoted' | 'string' | 'integer' | 'decimal' | 'duration' | 'symbol' | 'end';

export interface Token {
  readonly kind: TokenKind;
  /** Word as written; content of a quoted identifier or string; digits; symbol. */
  readonly text: string;
  /** Upper-case text of a word, else empty. */
  readonly keyword: string;
  /** Unit of a duration such as `5m`. */
  readonly unit?: string;
  readonly at: Position;
}

const SYMBOLS = [
  '::',
  '<>',
  '!=',
  '<=',
  '>=',
  '||',
  '->',
  '(',
  ')',
  '[',
  ']',
  ',',
  '.',
  ';',
  '+',
  '-',
  '*',
  '/',
  '%',
  '=',
  '<',
  '>',
  '?',
  '@',
];
const SPACE = /[\s\uFEFF]+|--[^\n]*|\/\*[\s\S]*?\*\//y;
const WORD = /[A-Za-z_][A-Za-z0-9_]*/y;
const NUMBER = /(\d+\.\d*|\.\d+|\d+)([eE][+-]?\d+)?/y;
const QUOTED = /"((?:[^"\0]|"")*)"/y;
const STRING = /'((?:[^'\0]|'')*)'/y;

/**
 * Splits a query into tokens.
 * @throws AwsError `ValidationException` with line and column
 */
export function tokenize(text: string): Token[] {
  const tokens: Token[] = [];
  let index = 0;
  let line = 1;
  let lineStart = 0;

  function advance(length: number): void {
    for (let end = index + length; index < end; index++) {
      if (text[index] === '\n') {
        line++;
        lineStart = index + 1;
      }
    }
  }

  function match(pattern: RegExp): RegExpExecArray | undefined {
    pattern.lastIndex = index;
    return pattern.exec(text) ?? undefined;
  }

  function push(kind: TokenKind, content: string, length: number, unit?: string): void {
    const at = { line, column: index - lineStart + 1 };
    const keyword = kind === 'word' ? content.toUpperCase() : '';
    tokens.push({ kind, text: content, keyword, at, ...(unit === undefined ? {} : { unit }) });
    advance(length);
  }

  for (;;) {
    for (let space = match(SPACE); space !== undefined; space = match(SPACE)) advance(space[0].length);
    if (index >= text.length) break;
    if (text[index] === '\0') throw syntaxError({ line, column: index - lineStart + 1 }, 'unexpected NUL');
    const word = match(WORD);
    const number = match(NUMBER);
    const quoted = match(QUOTED);
    const string = match(STRING);
    if (word !== undefined) push('word', word[0], word[0].length);
    else if (number !== undefined) pushNumber(number);
    else if (quoted !== undefined) push('quoted', (quoted[1] as string).replaceAll('""', '"'), quoted[0].length);
    else if (string !== undefined) push('string', (string[1] as string).replaceAll("''", "'"), string[0].length);
    else {
      const symbol = SYMBOLS.find((candidate) => text.startsWith(candidate, index));
      if (symbol === undefined) {
        throw syntaxError({ line, column: index - lineStart + 1 }, `unexpected character '${text[index]}'`);
      }
      push('symbol', symbol, symbol.length);
    }
  }
  push('end', '', 0);
  return tokens;

  /** `5m` and `2day` are durations; `1e3` is a number. */
  function pushNumber([whole, mantissa, exponent]: RegExpExecArray): void {
    WORD.lastIndex = index + whole.length;
    const unit = WORD.exec(text);
    if (unit !== null && exponent === undefined) {
      push('duration', mantissa as string, whole.length + unit[0].length, unit[0]);
    } else if (unit !== null) {
      throw syntaxError({ line, column: index - lineStart + 1 }, `unexpected '${whole}${unit[0]}'`);
    } else push(/^\d+$/.test(whole) ? 'integer' : 'decimal', whole, whole.length);
  }
}
