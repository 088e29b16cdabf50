import { toInt, toIntDown, toText } from '../values/convert.ts';
import type { SqlValue } from '../values/value.ts';
import { argument, type CallSite, type Evaluate, type SqlFunction } from './sql-function.ts';

/** Bounds of the padding of lpad and rpad. */
const MAX_PADDING = 1000;

/** String functions of AWS IoT developer guide, "Functions". Other types are converted by the standard rules. */
export const TEXT_FUNCTIONS: readonly SqlFunction[] = [
  text('lower', '2015-10-08', (value) => value.toLowerCase()),
  text('upper', '2015-10-08', (value) => value.toUpperCase()),
  text('length', '2016-03-23', (value) => value.length),
  text('numbytes', '2016-03-23', (value) => Buffer.byteLength(value)),
  // "white space (tabs and spaces)"
  text('ltrim', '2015-10-08', (value) => value.replace(/^[ \t]+/, '')),
  text('rtrim', '2015-10-08', (value) => value.replace(/[ \t]+$/, '')),
  text('trim', '2015-10-08', (value) => value.replace(/^[ \t]+|[ \t]+$/g, '')),
  text2('startswith', '2015-10-08', (value, start) => value.startsWith(start)),
  text2('endswith', '2015-10-08', (value, end) => value.endsWith(end)),
  text2('indexof', '2016-03-23', (value, part) => value.indexOf(part)),
  padding('lpad', (value, spaces) => spaces + value),
  padding('rpad', (value, spaces) => value + spaces),
  { name: 'replace', since: '2015-10-08', arity: [3, 3], compile: compileReplace },
  { name: 'substring', since: '2015-10-08', arity: [2, 3], compile: compileSubstring },
  { name: 'chr', since: '2015-10-08', arity: [1, 1], compile: compileChr },
];

function text(name: string, since: SqlFunction['since'], apply: (value: string) => SqlValue): SqlFunction {
  return {
    name,
    since,
    arity: [1, 1],
    compile(call) {
      const evaluate = argument(call, 0);
      return (evaluation) => {
        const value = toText(evaluate(evaluation));
        return value === undefined ? undefined : apply(value);
      };
    },
  };
}

function text2(name: string, since: SqlFunction['since'], apply: (a: string, b: string) => SqlValue): SqlFunction {
  return {
    name,
    since,
    arity: [2, 2],
    compile(call) {
      const first = argument(call, 0);
      const second = argument(call, 1);
      return (evaluation) => {
        const a = toText(first(evaluation));
        const b = toText(second(evaluation));
        return a === undefined || b === undefined ? undefined : apply(a, b);
      };
    },
  };
}

function padding(name: string, apply: (value: string, spaces: string) => string): SqlFunction {
  return {
    name,
    since: '2015-10-08',
    arity: [2, 2],
    compile(call) {
      const first = argument(call, 0);
      const second = argument(call, 1);
      return (evaluation) => {
        const value = toText(first(evaluation));
        const count = toIntDown(second(evaluation), call.numbers);
        if (value === undefined || count === undefined) return undefined;
        return apply(value, ' '.repeat(Math.min(MAX_PADDING, Math.max(0, Number(count)))));
      };
    },
  };
}

function compileReplace(call: CallSite): Evaluate {
  const [source, search, replacement] = [argument(call, 0), argument(call, 1), argument(call, 2)];
  return (evaluation) => {
    const value = toText(source(evaluation));
    const from = toText(search(evaluation));
    const to = toText(replacement(evaluation));
    if (value === undefined || from === undefined || to === undefined) return undefined;
    return value.split(from).join(to);
  };
}

/** Indices are cut off, not rounded: `substring("012345", 2.745) = "2345"`. */
function compileSubstring(call: CallSite): Evaluate {
  const { numbers } = call;
  const [source, from, to] = [argument(call, 0), argument(call, 1), call.args[2]];
  const index = (value: SqlValue, length: number): number | undefined => {
    const number = typeof value === 'string' ? toInt(value, numbers) : toIntDown(value, numbers);
    return number === undefined ? undefined : Math.min(length, Math.max(0, Number(number)));
  };
  return (evaluation) => {
    const value = toText(source(evaluation));
    if (value === undefined) return undefined;
    const start = index(from(evaluation), value.length);
    const end = to === undefined ? value.length : index(to(evaluation), value.length);
    if (start === undefined || end === undefined) return undefined;
    return start >= end ? '' : value.slice(start, end);
  };
}

function compileChr(call: CallSite): Evaluate {
  const evaluate = argument(call, 0);
  return (evaluation) => {
    const code = toIntDown(evaluate(evaluation), call.numbers);
    if (code === undefined || code < 0 || code > 127) return undefined;
    return String.fromCharCode(Number(code));
  };
}
