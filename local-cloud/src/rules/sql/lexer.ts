import { SqlError } from './sql-error.ts';

export type TokenKind = 'name' | 'number' | 'string' | 'symbol' | 'variable' | 'end';

export interface Token {
  readonly kind: TokenKind;
  /** Name as written, number as written, content of a string, or the symbol. */
  readonly text: string;
  /** Strings only. */
  readonly quote?: '"' | "'";
  readonly offset: number;
  readonly end: number;
}

const SPACE = /[ \t\r\n]*/y;
const NAME = /[A-Za-z_][A-Za-z0-9_]*/y;
const VARIABLE = /@[A-Za-z0-9_]+/y;
const NUMBER = /\d+(\.\d+)?([eE][+-]?\d+)?/y;
const SYMBOL = /<>|<=|>=|[=<>+\-*/%(),.[\]{}:]/y;

/**
 * Splits a statement into tokens. `until: '}'` reads the expression of a substitution template: it ends before the
 * brace that no `{` of the expression opened. AWS IoT SQL has no comments ("AWS IoT SQL reference").
 */
export function tokenize(text: string, start = 0, until?: '}'): Token[] {
  const tokens: Token[] = [];
  let depth = 0;
  let offset = start;
  for (;;) {
    offset = matchAt(SPACE, text, offset)?.end ?? offset;
    const character = text[offset];
    if (character === undefined || (character === until && depth === 0)) {
      tokens.push({ kind: 'end', text: '', offset, end: offset });
      return tokens;
    }
    const token = next(text, offset, character);
    if (token.kind === 'symbol' && token.text === '{') depth++;
    if (token.kind === 'symbol' && token.text === '}') depth--;
    tokens.push(token);
    offset = token.end;
  }
}

function next(text: string, offset: number, character: string): Token {
  if (character === '"' || character === "'") return readString(text, offset, character);
  const name = matchAt(NAME, text, offset);
  if (name !== undefined) return { kind: 'name', ...name };
  const number = matchAt(NUMBER, text, offset);
  if (number !== undefined) {
    if (/[A-Za-z_]/.test(text[number.end] ?? '')) {
      throw new SqlError(`malformed number '${number.text}${text[number.end]}…'`, text, offset);
    }
    return { kind: 'number', ...number };
  }
  const variable = matchAt(VARIABLE, text, offset);
  if (variable !== undefined) return { kind: 'variable', ...variable };
  const symbol = matchAt(SYMBOL, text, offset);
  if (symbol !== undefined) return { kind: 'symbol', ...symbol };
  const hint = character === '!' ? " ('not equal' is written <>)" : '';
  throw new SqlError(`unexpected character '${character}'${hint}`, text, offset);
}

function matchAt(
  pattern: RegExp,
  text: string,
  offset: number,
): { text: string; offset: number; end: number } | undefined {
  pattern.lastIndex = offset;
  const match = pattern.exec(text);
  return match === null ? undefined : { text: match[0], offset, end: pattern.lastIndex };
}

/**
 * Strings stand in either quote; the other quote may appear inside. No escape is documented, so a backslash is itself
 * and what would depend on escaping (two backslashes, a backslash before a quote) is refused.
 */
function readString(text: string, offset: number, quote: '"' | "'"): Token {
  const close = text.indexOf(quote, offset + 1);
  if (close < 0) throw new SqlError(`string without closing ${quote}`, text, offset);
  const content = text.slice(offset + 1, close);
  const doubtful = content.endsWith('\\') ? content.length - 1 : content.indexOf('\\\\');
  if (doubtful >= 0) {
    throw new SqlError(
      'a backslash before a backslash or quote has no documented meaning',
      text,
      offset + 1 + doubtful,
    );
  }
  return { kind: 'string', text: content, quote, offset, end: close + 1 };
}
