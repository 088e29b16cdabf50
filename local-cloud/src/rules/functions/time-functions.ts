import type { Evaluation } from '../evaluation.ts';
import { toInt, toText } from '../values/convert.ts';
import { compileTimeFormat } from './format-time.ts';
import { compileTimeParser } from './parse-time.ts';
import { argument, type CallSite, type Evaluate, type SqlFunction } from './sql-function.ts';
import { PatternError } from './time-pattern.ts';
import { findTimeZone } from './time-zone.ts';

/** Times that `Date` can hold, ms. */
const MAX_INSTANT = 8.64e15;
const MAX_CACHED_PATTERNS = 256;

export const TIME_FUNCTIONS: readonly SqlFunction[] = [
  { name: 'parse_time', since: '2016-03-23', arity: [2, 3], compile: compileParseTime },
  { name: 'time_to_epoch', since: '2016-03-23', arity: [2, 2], compile: compileTimeToEpoch },
];

/** `parse_time(pattern, ms[, zone])`: a time as text, in UTC unless a zone is given. */
function compileParseTime(call: CallSite): Evaluate {
  const pattern = compilePattern(call, 0, compileTimeFormat);
  const time = argument(call, 1);
  const zone = call.args[2];
  return (evaluation) => {
    const format = pattern(evaluation);
    const instant = toInt(time(evaluation), call.numbers);
    const id = zone === undefined ? 'UTC' : toText(zone(evaluation));
    const timeZone = id === undefined ? undefined : findTimeZone(id);
    if (format === undefined || instant === undefined || timeZone === undefined) return undefined;
    if (Math.abs(Number(instant)) > MAX_INSTANT) return undefined;
    return format(Number(instant), timeZone);
  };
}

/** `time_to_epoch(text, pattern)`: ms since the epoch. */
function compileTimeToEpoch(call: CallSite): Evaluate {
  const source = argument(call, 0);
  const pattern = compilePattern(call, 1, compileTimeParser);
  return (evaluation) => {
    const parse = pattern(evaluation);
    const text = toText(source(evaluation));
    return parse === undefined || text === undefined ? undefined : parse(text);
  };
}

/** Literal patterns are compiled with the rule, which refuses it by place; others when they come, once each. */
function compilePattern<T>(
  call: CallSite,
  index: number,
  compile: (pattern: string) => T,
): (evaluation: Evaluation) => T | undefined {
  const fixed = call.constant(index);
  if (typeof fixed === 'string') {
    try {
      const compiled = compile(fixed);
      return () => compiled;
    } catch (error) {
      if (error instanceof PatternError) throw call.refuse(error.message, index);
      throw error;
    }
  }
  const evaluate = argument(call, index);
  const cache = new Map<string, T>();
  return (evaluation) => {
    const pattern = toText(evaluate(evaluation));
    if (pattern === undefined) return undefined;
    let compiled = cache.get(pattern);
    if (compiled === undefined) {
      if (cache.size >= MAX_CACHED_PATTERNS) cache.clear();
      compiled = compile(pattern);
      cache.set(pattern, compiled);
    }
    return compiled;
  };
}
