import type { Compiled } from '../analysis/compiled.ts';
import * as types from '../analysis/types.ts';

/** A parameter's or result's type: a type, a variable (`T`), or an array of either. */
export type TypePattern = types.SqlType | { readonly name: 'variable'; readonly variable: string } | ArrayPattern;

interface ArrayPattern {
  readonly name: 'array-pattern';
  readonly element: TypePattern;
}

export interface Signature {
  readonly name: string;
  readonly parameters: readonly TypePattern[];
  /** The last parameter may be given any number of times, once or more. */
  readonly variadic: boolean;
  readonly result: TypePattern;
}

const PATTERNS: Readonly<Record<string, types.SqlType>> = {
  boolean: types.BOOLEAN,
  integer: types.INTEGER,
  bigint: types.BIGINT,
  double: types.DOUBLE,
  varchar: types.VARCHAR,
  date: types.DATE,
  time: types.TIME,
  timestamp: types.TIMESTAMP,
  interval: types.DAY_TO_SECOND,
  months: types.YEAR_TO_MONTH,
};

/** Reads `max_by(T, U) T` or `concat(varchar...) varchar`; `interval` is day to second, `months` year to month. */
export function signature(text: string): Signature {
  const match = /^(\w+)\((.*)\) (\S+)$/.exec(text);
  if (match === null) throw new Error(`not a signature: ${text}`);
  const [, name, list, result] = match as unknown as [string, string, string, string];
  const variadic = list.endsWith('...');
  const parameters = list === '' ? [] : list.replace(/\.\.\.$/, '').split(', ');
  return { name, parameters: parameters.map(pattern), variadic, result: pattern(result) };
}

function pattern(text: string): TypePattern {
  const element = /^array\((.+)\)$/.exec(text)?.[1];
  if (element !== undefined) return { name: 'array-pattern', element: pattern(element) };
  if (/^[A-Z]$/.test(text)) return { name: 'variable', variable: text };
  const type = PATTERNS[text];
  if (type === undefined) throw new Error(`not a type: ${text}`);
  return type;
}

/** Types to which a call's arguments are coerced, with the result's type. */
export interface Match {
  readonly parameters: readonly types.SqlType[];
  readonly result: types.SqlType;
  readonly cost: number;
}

/** How a call fits a signature, or undefined. */
export function matchSignature(wanted: Signature, args: readonly Compiled[]): Match | undefined {
  const { parameters, variadic } = wanted;
  const fits = variadic ? args.length >= parameters.length : args.length === parameters.length;
  if (!fits) return undefined;
  const expected = args.map((_, index) => parameters[Math.min(index, parameters.length - 1)] as TypePattern);
  const bindings = new Map<string, types.SqlType>();
  for (const [index, arg] of args.entries()) {
    if (!bind(expected[index] as TypePattern, arg.type, bindings)) return undefined;
  }
  let cost = 0;
  const resolved: types.SqlType[] = [];
  for (const [index, arg] of args.entries()) {
    const type = substitute(expected[index] as TypePattern, bindings);
    const step = types.coercionCost(arg.type, type);
    if (step === undefined) return undefined;
    if (arg.type.name === 'varchar' && type.name !== 'varchar' && arg.literal?.type !== 'string') return undefined;
    cost += step;
    resolved.push(type);
  }
  return { parameters: resolved, result: substitute(wanted.result, bindings), cost };
}

function bind(expected: TypePattern, actual: types.SqlType, bindings: Map<string, types.SqlType>): boolean {
  if (expected.name === 'array-pattern') {
    if (actual.name === 'unknown') return bind(expected.element, actual, bindings);
    return actual.name === 'array' && bind(expected.element, actual.element, bindings);
  }
  if (expected.name !== 'variable') return true;
  const bound = bindings.get(expected.variable);
  const common = bound === undefined ? actual : types.commonType(bound, actual);
  if (common === undefined) return false;
  bindings.set(expected.variable, common);
  return true;
}

function substitute(expected: TypePattern, bindings: ReadonlyMap<string, types.SqlType>): types.SqlType {
  if (expected.name === 'array-pattern') return types.arrayOf(substitute(expected.element, bindings));
  if (expected.name === 'variable') return bindings.get(expected.variable) ?? types.UNKNOWN;
  return expected;
}
