import { NotImplementedError } from '../../../../core/errors.ts';
import { invalidQuery } from '../errors.ts';
import { isWhitespace } from './words.ts';

export type Token =
  | { readonly kind: Punctuation; readonly at: number }
  | { readonly kind: 'and' | 'or' | 'not' | 'minus' | 'end'; readonly at: number }
  | WordToken
  | { readonly kind: 'quoted'; readonly at: number; readonly text: string };

export type Comparison = '<' | '<=' | '>' | '>=';
export type Punctuation = Comparison | '(' | ')' | '[' | ']' | '{' | '}' | ':';

export interface WordToken {
  readonly kind: 'word';
  readonly at: number;
  /** Without escapes. */
  readonly text: string;
  /** Source of a regular expression for the whole word, in lower case, where the word has wildcards. */
  readonly wildcard: Wildcard | undefined;
  /** A hyphen begins it that was not escaped. */
  readonly hyphenated: boolean;
}

export interface Wildcard {
  readonly source: string;
  readonly multi: number;
  readonly single: number;
  readonly leading: boolean;
}

const PUNCTUATION = '()[]{}:<>';
/** `query-syntax`, "Unsupported features": characters that no query may hold. A backslash only escapes. */
const UNSUPPORTED = "`@#%/';,";
/** Boosting, fuzzy and proximity searches are unsupported; the signs of Lucene's operators are not documented. */
const OPERATORS_REFUSED = '^~&|!';
const GEO_QUERY = /^geo_(?:distance|bounding_box|polygon|shape)$/;

/** @throws AwsError InvalidQueryException */
export function tokenizeQuery(query: string): Token[] {
  const tokens: Token[] = [];
  let at = 0;
  while (at < query.length) {
    const character = query[at] as string;
    if (isWhitespace(character)) at += 1;
    else if (character === '"') {
      const { token, next } = readQuoted(query, at);
      tokens.push(token);
      at = next;
    } else if (PUNCTUATION.includes(character)) {
      const comparison = (character === '<' || character === '>') && query[at + 1] === '=';
      tokens.push({ kind: (comparison ? `${character}=` : character) as Punctuation, at });
      at += comparison ? 2 : 1;
    } else if (character === '-' && !expectsValue(tokens.at(-1))) {
      tokens.push({ kind: 'minus', at });
      at += 1;
    } else {
      const { token, next } = readWord(query, at);
      tokens.push(keyword(token, query.slice(at, next)) ?? token);
      at = next;
    }
  }
  tokens.push({ kind: 'end', at });
  return tokens;
}

/** After these a hyphen belongs to a value: a negative number. */
function expectsValue(token: Token | undefined): boolean {
  if (token === undefined) return false;
  if (token.kind === 'word') return token.text === 'TO';
  return [':', '<', '<=', '>', '>=', '[', '{'].includes(token.kind);
}

function keyword(token: WordToken, written: string): Token | undefined {
  if (written === 'AND') return { kind: 'and', at: token.at };
  if (written === 'OR') return { kind: 'or', at: token.at };
  if (written === 'NOT') return { kind: 'not', at: token.at };
  return undefined;
}

function readWord(query: string, start: number): { token: WordToken; next: number } {
  let text = '';
  let source = '';
  let multi = 0;
  let single = 0;
  let at = start;
  for (; at < query.length; at += 1) {
    const character = query[at] as string;
    if (isWhitespace(character) || PUNCTUATION.includes(character) || character === '"') break;
    if (character === '\\') {
      at += 1;
      const escaped = readEscaped(query, at);
      text += escaped;
      source += literal(escaped);
      continue;
    }
    if (character === ',' && GEO_QUERY.test(text)) throw new NotImplementedError(`the geoquery ${text}`);
    checkCharacter(character, at);
    if (OPERATORS_REFUSED.includes(character) || (character === '+' && at === start)) {
      throw invalidQuery(`Unsupported operator ${character} at position ${at}`);
    }
    text += character;
    if (character === '*') {
      multi += 1;
      source += '.*';
    } else if (character === '?') {
      single += 1;
      source += '.';
    } else source += literal(character);
  }
  const leading = '*?'.includes(query[start] as string);
  const wildcard = multi + single === 0 ? undefined : { source, multi, single, leading };
  return { token: { kind: 'word', at: start, text, wildcard, hyphenated: query[start] === '-' }, next: at };
}

function readQuoted(query: string, start: number): { token: Token; next: number } {
  let text = '';
  for (let at = start + 1; at < query.length; at += 1) {
    const character = query[at] as string;
    if (character === '"') return { token: { kind: 'quoted', at: start, text }, next: at + 1 };
    if (character === '\\') {
      at += 1;
      text += readEscaped(query, at);
    } else {
      checkCharacter(character, at);
      text += character;
    }
  }
  throw invalidQuery(`Unterminated quotation that begins at position ${start}`);
}

function readEscaped(query: string, at: number): string {
  const escaped = query[at];
  if (escaped === undefined) throw invalidQuery('A backslash at the end escapes nothing');
  if (escaped === '\\') throw invalidQuery(`Unsupported character \\ at position ${at}`);
  checkCharacter(escaped, at);
  return escaped;
}

function checkCharacter(character: string, at: number): void {
  if (UNSUPPORTED.includes(character)) throw invalidQuery(`Unsupported character ${character} at position ${at}`);
}

function literal(character: string): string {
  return character.toLowerCase().replace(/[\\^$.*+?()[\]{}|]/g, '\\$&');
}
