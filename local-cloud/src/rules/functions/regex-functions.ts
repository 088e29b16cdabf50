import { toText } from '../values/convert.ts';
import type { SqlValue } from '../values/value.ts';
import { parseReplacement, translateJavaPattern, UnsupportedPattern } from './java-regex.ts';
import { argument, type CallSite, type Evaluate, type SqlFunction } from './sql-function.ts';

/** Patterns that are no literals are translated once each, up to this many. */
const MAX_CACHED_PATTERNS = 256;

export const REGEX_FUNCTIONS: readonly SqlFunction[] = [
  regex('regexp_matches', 2, (value, pattern) => pattern.test(value)),
  regex('regexp_substr', 2, (value, pattern) => pattern.exec(value)?.[0]),
  regex('regexp_replace', 3, replaceAll),
];

type Apply = (value: string, pattern: RegExp, third: string) => SqlValue;

/** An invalid regular expression gives Undefined. */
function regex(name: string, count: 2 | 3, apply: Apply): SqlFunction {
  return {
    name,
    since: '2015-10-08',
    arity: [count, count],
    compile(call) {
      const source = argument(call, 0);
      const pattern = compilePattern(call);
      const third = count === 3 ? argument(call, 2) : () => '';
      return (evaluation) => {
        const value = toText(source(evaluation));
        const expression = pattern(evaluation);
        const text = toText(third(evaluation));
        if (value === undefined || expression === undefined || text === undefined) return undefined;
        return apply(value, expression, text);
      };
    },
  };
}

function compilePattern(call: CallSite): (evaluation: Parameters<Evaluate>[0]) => RegExp | undefined {
  const fixed = call.constant(1);
  if (typeof fixed === 'string') {
    const expression = translateOrRefuse(fixed, call);
    return () => expression;
  }
  const pattern = argument(call, 1);
  const cache = new Map<string, RegExp | undefined>();
  return (evaluation) => {
    const text = toText(pattern(evaluation));
    if (text === undefined) return undefined;
    if (cache.has(text)) return cache.get(text);
    if (cache.size >= MAX_CACHED_PATTERNS) cache.clear();
    const expression = translateJavaPattern(text);
    cache.set(text, expression);
    return expression;
  };
}

function translateOrRefuse(pattern: string, call: CallSite): RegExp | undefined {
  try {
    return translateJavaPattern(pattern);
  } catch (error) {
    if (!(error instanceof UnsupportedPattern)) throw error;
    throw call.refuse(`the local cloud does not translate ${error.message} of Java's regular expressions`, 1);
  }
}

function replaceAll(value: string, pattern: RegExp, replacement: string): SqlValue {
  const replace = parseReplacement(replacement);
  if (replace === undefined) return undefined;
  let output = '';
  let end = 0;
  for (const match of value.matchAll(new RegExp(pattern, 'gu'))) {
    const text = replace(match);
    if (text === undefined) return undefined;
    output += value.slice(end, match.index) + text;
    end = match.index + match[0].length;
  }
  return output + value.slice(end);
}
