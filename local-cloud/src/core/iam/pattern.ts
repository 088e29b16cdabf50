import { malformedPolicy } from './policy-error.ts';
import type { RequestContext } from './request-context.ts';

/** A UTF-16 unit, a wildcard, or a policy variable. */
type Token = number | Variable;

interface Variable {
  /** Condition key, lower-case. */
  readonly key: string;
  /** The key as the policy writes it. */
  readonly spelling: string;
  readonly fallback: string | undefined;
}

const ANY = -1;
const ONE = -2;
const COLON = 58;

/** Tells whether text matches; the context resolves policy variables. */
export interface Pattern {
  /** False when the answer depends on the text alone. */
  readonly contextual: boolean;
  matches(text: string, context: RequestContext): boolean;
}

const EVERYTHING: Pattern = { contextual: false, matches: () => true };

/**
 * `*` stands for any run of characters and `?` for one (IAM user guide, "Using wildcards").
 * Variables exist from policy version 2012-10-17 on ("IAM policy elements: Variables and tags"); what they
 * resolve to is taken literally, and a pattern whose variable has no value matches nothing.
 */
export function textPattern(source: string, variables: boolean): Pattern {
  const tokens = tokenize(source, variables);
  if (tokens.length === 1 && tokens[0] === ANY) return EVERYTHING;
  if (tokens.some((token) => typeof token === 'object')) {
    return { contextual: true, matches: (text, context) => matchResolved(resolve(tokens, context), text) };
  }
  const codes = tokens as number[];
  if (codes.every((code) => code >= 0)) {
    const literal = String.fromCharCode(...codes);
    return { contextual: false, matches: (text) => text === literal };
  }
  return { contextual: false, matches: (text) => matchCodes(codes, text) };
}

/** As {@link textPattern}, without variables and without regard to case: names of actions. */
export function actionPattern(source: string): (lowerCaseAction: string) => boolean {
  const codes = tokenize(source.toLowerCase(), false) as number[];
  return (action) => matchCodes(codes, action);
}

/**
 * Compares ARNs part by part: a wildcard never reaches over a colon of the first five parts
 * (IAM user guide, "IAM JSON policy elements: Resource"). Parts missing at the end stand for `*`.
 */
export function arnPattern(source: string, variables: boolean): Pattern {
  if (source === '*') return EVERYTHING;
  const parts = splitParts(tokenize(source, variables));
  const contextual = parts.some((part) => part.some((token) => typeof token === 'object'));
  return {
    contextual,
    matches(text, context) {
      const texts = splitArn(text);
      if (texts === undefined) return false;
      return parts.every((part, index) =>
        matchResolved(contextual ? resolve(part, context) : (part as number[]), texts[index] as string),
      );
    },
  };
}

function tokenize(source: string, variables: boolean): Token[] {
  const tokens: Token[] = [];
  for (let index = 0; index < source.length; index++) {
    if (variables && source[index] === '$' && source[index + 1] === '{') {
      const end = source.indexOf('}', index);
      if (end < 0) throw malformedPolicy(`The policy failed legacy parsing: unclosed policy variable in "${source}"`);
      tokens.push(readVariable(source.slice(index + 2, end)));
      index = end;
    } else if (source[index] === '*') {
      if (tokens.at(-1) !== ANY) tokens.push(ANY);
    } else if (source[index] === '?') {
      tokens.push(ONE);
    } else {
      tokens.push(source.charCodeAt(index));
    }
  }
  return tokens;
}

/**
 * `${*}`, `${?}` and `${$}` are the characters themselves; `${key, 'text'}` has a default.
 * A key may end in a bracketed name (`iot:Connection.Thing.Attributes[site]`).
 */
function readVariable(text: string): Token {
  if (text === '*' || text === '?' || text === '$') return text.charCodeAt(0);
  const match = /^\s*([\w-]+:[\w\-/.:=@]+(?:\[[^\]]+\])?)\s*(?:,\s*'([^']*)'\s*)?$/.exec(text);
  if (match === null) throw malformedPolicy(`Invalid policy variable: \${${text}}`);
  const spelling = match[1] as string;
  return { key: spelling.toLowerCase(), spelling, fallback: match[2] };
}

function resolve(tokens: readonly Token[], context: RequestContext): number[] | undefined {
  const codes: number[] = [];
  for (const token of tokens) {
    if (typeof token === 'number') {
      codes.push(token);
      continue;
    }
    const values = context.values(token.key, token.spelling);
    // A multivalued key has no single text to stand for it ("Where you can use policy variables").
    const text = values?.length === 1 ? values[0] : values === undefined ? token.fallback : undefined;
    if (text === undefined) return undefined;
    for (let index = 0; index < text.length; index++) codes.push(text.charCodeAt(index));
  }
  return codes;
}

function matchResolved(codes: readonly number[] | undefined, text: string): boolean {
  return codes !== undefined && matchCodes(codes, text);
}

/** Greedy matching with one point of return: linear but for the last `*`, so no pattern can stall the cloud. */
function matchCodes(codes: readonly number[], text: string): boolean {
  let at = 0;
  let code = 0;
  let star = -1;
  let retry = 0;
  while (at < text.length) {
    if (code < codes.length && (codes[code] === ONE || codes[code] === text.charCodeAt(at))) {
      at++;
      code++;
    } else if (code < codes.length && codes[code] === ANY) {
      star = code++;
      retry = at;
    } else if (star >= 0) {
      code = star + 1;
      at = ++retry;
    } else {
      return false;
    }
  }
  while (codes[code] === ANY) code++;
  return code === codes.length;
}

function splitParts(tokens: readonly Token[]): Token[][] {
  const parts: Token[][] = [[]];
  for (const token of tokens) {
    if (token === COLON && parts.length < 6) parts.push([]);
    else parts.at(-1)?.push(token);
  }
  while (parts.length < 6) parts.push([ANY]);
  return parts;
}

function splitArn(text: string): string[] | undefined {
  const parts = text.split(':');
  if (parts.length < 6) return undefined;
  return [...parts.slice(0, 5), parts.slice(5).join(':')];
}
