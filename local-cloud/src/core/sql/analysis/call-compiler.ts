import { type CallSite, type FunctionKind, mustBeConstant, type Overload } from '../functions/function-table.ts';
import { FUNCTIONS } from '../functions/registry.ts';
import { type Match, matchSignature } from '../functions/signature.ts';
import type { CallExpression, Expression, FrameBound, SortItem, WindowSpecification } from '../syntax/ast.ts';
import { notBuilt, semanticError } from '../syntax/query-error.ts';
import { coerce } from './casts.ts';
import { type Compiled, nullOf } from './compiled.ts';
import type { ExpressionHost } from './expression-context.ts';
import { unify } from './operators.ts';
import { BIGINT, type SqlType, typeText, UNKNOWN } from './types.ts';

/** A call of a function, an aggregate or a window function. */
export function compileCall(compiler: ExpressionHost, call: CallExpression): Compiled {
  const { name, at } = call;
  if (name === 'if') return compileIf(compiler, call);
  if (name === 'try') return compileTry(compiler, call);
  const kind = kindOf(call);
  if (call.over !== undefined) {
    const { withoutWindows } = compiler.context;
    if (withoutWindows !== undefined) throw semanticError(at, `${withoutWindows} cannot contain window functions`);
    if (kind === 'scalar') throw semanticError(at, `'${name}' is not a window function`);
    return compileFunction(compiler, call);
  }
  if (kind === 'window') throw semanticError(at, `Window function '${name}' requires an OVER clause`);
  if (kind === 'aggregate') {
    if (compiler.context.aggregate === undefined) {
      throw semanticError(at, `${compiler.context.withoutWindows ?? 'Expression'} cannot contain aggregations`);
    }
    compiler.refuseInTry(at, 'an aggregate');
    return compiler.context.aggregate(call);
  }
  if (call.star || call.distinct || call.filter !== undefined || call.orderBy.length > 0 || call.ignoreNulls) {
    throw semanticError(at, `'${name}' is not an aggregate function`);
  }
  return compileFunction(compiler, call);
}

/** @throws AwsError `ValidationException` naming a function that is not known */
export function kindOf(call: CallExpression): FunctionKind {
  if (call.name === 'if' || call.name === 'try') return 'scalar';
  const [overload] = FUNCTIONS.get(call.name) ?? [];
  if (overload === undefined) throw notBuilt(call.at, `function '${call.name}'`);
  return overload.kind;
}

/** The call itself, its arguments compiled in the compiler's context. */
export function compileFunction(compiler: ExpressionHost, call: CallExpression): Compiled {
  const { name, at } = call;
  const args = call.args.map((arg) => compiler.compile(arg));
  const { overload, match } = resolve(call, args);
  if (!overload.strict) compiler.refuseInTry(at, `function '${name}'`);
  const coerced = args.map((arg, index) => {
    const target = match.parameters[index] as SqlType;
    const value = coerce(arg, target);
    if (value === undefined) throw semanticError(arg.at, `Value cannot be cast to ${typeText(target)}: ${arg.sql}`);
    return value;
  });
  const site: CallSite = {
    at,
    name,
    args: coerced,
    now: compiler.context.now,
    fail: compiler.fail,
    constantText(index) {
      const literal = args[index]?.literal;
      if (literal?.type !== 'string') throw mustBeConstant(call, index);
      return literal.value;
    },
    constantNumber(index) {
      const literal = args[index]?.literal;
      if (literal?.type !== 'integer' && literal?.type !== 'double') throw mustBeConstant(call, index);
      return Number(literal.value);
    },
  };
  const built = overload.build(
    coerced.map(({ sql }) => sql),
    site,
  );
  const { sql, type } = typeof built === 'string' ? { sql: built, type: match.result } : built;
  const decorated = overload.kind === 'scalar' ? sql : decorate(compiler, call, sql, coerced);
  const mayBeNaN = type.name === 'double' && (overload.nan || args.some((arg) => arg.mayBeNaN));
  return { sql: decorated, type, at, mayBeNaN };
}

function resolve(call: CallExpression, args: readonly Compiled[]): { overload: Overload; match: Match } {
  const overloads = FUNCTIONS.get(call.name) ?? [];
  let best: { overload: Overload; match: Match } | undefined;
  for (const overload of overloads) {
    const match = matchSignature(overload.signature, args);
    if (match !== undefined && (best === undefined || match.cost < best.match.cost)) best = { overload, match };
  }
  const counting = call.star && call.name !== 'count';
  if (best !== undefined && !counting && (call.name !== 'count' || call.star === (args.length === 0))) return best;
  const given = call.star ? '*' : args.map(({ type }) => typeText(type)).join(', ');
  throw semanticError(
    call.at,
    `Unexpected parameters (${given}) for function ${call.name}, or a form of it that is not implemented by the local cloud`,
  );
}

/** DISTINCT, ORDER BY, FILTER, IGNORE NULLS and OVER around an aggregate or window function. */
function decorate(compiler: ExpressionHost, call: CallExpression, sql: string, args: readonly Compiled[]): string {
  const { at, name } = call;
  let result = sql;
  if (call.distinct || call.orderBy.length > 0 || call.ignoreNulls) {
    const [inner] = args.map((arg) => arg.sql);
    const modified = [
      call.distinct ? 'DISTINCT ' : '',
      args.map((arg) => arg.sql).join(', '),
      call.orderBy.length > 0 ? ` ORDER BY ${sortList(compiler, call.orderBy)}` : '',
      call.ignoreNulls ? ' IGNORE NULLS' : '',
    ].join('');
    const place = `(${args.map((arg) => arg.sql).join(', ')})`;
    if (inner === undefined || !result.includes(place) || name.startsWith('approx_')) {
      throw notBuilt(at, `function '${name}' with DISTINCT, ORDER BY or IGNORE NULLS`);
    }
    result = result.replace(place, () => `(${modified})`);
  }
  if (call.filter !== undefined || call.over !== undefined) {
    const condition =
      call.filter === undefined ? '' : ` FILTER (WHERE ${compiler.condition(call.filter, 'FILTER clause')})`;
    const window = call.over === undefined ? '' : ` OVER (${windowText(compiler, call.over)})`;
    result = attach(result, `${condition}${window}`, call);
  }
  return result;
}

/** Puts a clause after the call that lies within the text written for it: `CAST(sum(x) AS BIGINT)`. */
function attach(sql: string, clause: string, call: CallExpression): string {
  const wrapped = /^CAST\((.*) AS BIGINT\)$/s.exec(sql);
  if (wrapped !== null) return `CAST(${wrapped[1]}${clause} AS BIGINT)`;
  if (!/^\w+\(/.test(sql) || sql.startsWith('exp(')) {
    throw notBuilt(call.at, `function '${call.name}' with FILTER or OVER`);
  }
  return `${sql}${clause}`;
}

function windowText(compiler: ExpressionHost, window: WindowSpecification): string {
  const partition = window.partitionBy.map((expression) => compiler.compile(expression).sql).join(', ');
  const parts = [
    partition === '' ? '' : `PARTITION BY ${partition}`,
    window.orderBy.length > 0 ? `ORDER BY ${sortList(compiler, window.orderBy)}` : '',
  ];
  if (window.frame !== undefined) {
    const { unit, start, end } = window.frame;
    parts.push(`${unit} BETWEEN ${boundText(compiler, start, unit)} AND ${boundText(compiler, end, unit)}`);
  }
  return parts.filter((part) => part !== '').join(' ');
}

function boundText(compiler: ExpressionHost, bound: FrameBound, unit: 'ROWS' | 'RANGE'): string {
  if (bound.kind === 'current') return 'CURRENT ROW';
  if (bound.kind === 'unbounded') return `UNBOUNDED ${bound.direction}`;
  const { at } = bound.expression;
  if (unit === 'RANGE') throw notBuilt(at, 'a RANGE frame with an offset');
  const offset = coerce(compiler.compile(bound.expression), BIGINT);
  if (offset === undefined) throw semanticError(at, 'Window frame offset must be a whole number');
  return `${offset.sql} ${bound.direction}`;
}

function sortList(compiler: ExpressionHost, items: readonly SortItem[]): string {
  return items.map((item) => `${sortKey(compiler.compile(item.expression).sql)}${sortDirection(item)}`).join(', ');
}

/** The engine takes a bare number for a position and refuses bare text. */
export function sortKey(sql: string): string {
  return /^'(?:[^']|'')*'$/.test(sql) ? `(${sql} || '')` : sql;
}

export function sortDirection({ descending, nullsFirst }: SortItem): string {
  return ` ${descending ? 'DESC' : 'ASC'} NULLS ${nullsFirst ? 'FIRST' : 'LAST'}`;
}

/** `if(condition, value)` and `if(condition, value, otherwise)` */
function compileIf(compiler: ExpressionHost, call: CallExpression): Compiled {
  const { at } = call;
  compiler.refuseInTry(at, 'IF');
  const [test, then, otherwise, ...rest] = call.args as (Expression | undefined)[];
  if (test === undefined || then === undefined || rest.length > 0) {
    throw semanticError(at, "Invalid number of arguments for 'if' function");
  }
  const condition = compiler.condition(test, 'IF condition');
  const values = [compiler.compile(then), otherwise === undefined ? nullOf(at) : compiler.compile(otherwise)];
  const [yes, no] = unify(values, at, 'IF') as [Compiled, Compiled];
  const mayBeNaN = values.some((value) => value.mayBeNaN === true);
  return { sql: `(CASE WHEN ${condition} THEN ${yes.sql} ELSE ${no.sql} END)`, type: yes.type, at, mayBeNaN };
}

function compileTry(compiler: ExpressionHost, call: CallExpression): Compiled {
  const [expression] = call.args;
  if (expression === undefined || call.args.length > 1) {
    throw semanticError(call.at, "The 'try' function must have exactly one argument");
  }
  const compiled = compiler.attempt(expression);
  return compiled.type.name === 'unknown' ? { ...compiled, type: UNKNOWN } : compiled;
}
