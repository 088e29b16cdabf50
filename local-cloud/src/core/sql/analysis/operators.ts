import { addMonthsSql } from '../functions/date-time.ts';
import type { ArithmeticOperator, ComparisonOperator } from '../syntax/ast.ts';
import { type Position, semanticError } from '../syntax/query-error.ts';
import { coerce, type Failure } from './casts.ts';
import type { Compiled } from './compiled.ts';
import * as types from './types.ts';

/**
 * Brings values to the type they have in common.
 * @throws AwsError `ValidationException` when they have none
 */
export function unify(values: readonly Compiled[], at: Position, what: string): Compiled[] {
  let common: types.SqlType = types.UNKNOWN;
  for (const { type } of values) {
    const next = types.commonType(common, type);
    if (next === undefined) throw semanticError(at, `All ${what} operands must be the same type: ${typeList(values)}`);
    common = next;
  }
  return values.map((value) => {
    const coerced = coerce(value, common);
    if (coerced === undefined)
      throw semanticError(at, `All ${what} operands must be the same type: ${typeList(values)}`);
    return coerced;
  });
}

export function compare(operator: ComparisonOperator, left: Compiled, right: Compiled, at: Position): Compiled {
  const common = types.commonType(left.type, right.type);
  const [first, second] = common === undefined ? [] : [coerce(left, common), coerce(right, common)];
  if (first === undefined || second === undefined) throw cannotApply(operator, left, right, at);
  const plain = `(${first.sql} ${operator} ${second.sql})`;
  if (common?.name !== 'double' || !(left.mayBeNaN || right.mayBeNaN)) return { sql: plain, type: types.BOOLEAN, at };
  // The engine takes NaN for equal to itself and greater than all; in Presto it is neither equal nor in any order.
  const missing = `${first.sql} IS NULL OR ${second.sql} IS NULL`;
  const unordered = `isnan(${first.sql}) OR isnan(${second.sql})`;
  const otherwise = operator === '<>' ? 'TRUE' : 'FALSE';
  return {
    sql: `(CASE WHEN ${missing} THEN NULL WHEN ${unordered} THEN ${otherwise} ELSE ${plain} END)`,
    type: types.BOOLEAN,
    at,
  };
}

export function concatenate(left: Compiled, right: Compiled, at: Position): Compiled {
  const common = types.commonType(left.type, right.type);
  if (common === undefined || (common.name !== 'varchar' && common.name !== 'array')) {
    throw cannotApply('||', left, right, at);
  }
  const [first, second] = [coerce(left, common), coerce(right, common)];
  if (first === undefined || second === undefined) throw cannotApply('||', left, right, at);
  return { sql: `(${first.sql} || ${second.sql})`, type: common, at };
}

export function arithmetic(
  operator: ArithmeticOperator,
  left: Compiled,
  right: Compiled,
  at: Position,
  fail: Failure,
): Compiled {
  const temporal = temporalArithmetic(operator, left, right, at);
  if (temporal !== undefined) return temporal;
  const common = types.commonType(left.type, right.type);
  const target = common?.name === 'unknown' ? types.INTEGER : common;
  if (target === undefined || !types.isNumeric(target)) throw cannotApply(operator, left, right, at);
  const [first, second] = [coerce(left, target) as Compiled, coerce(right, target) as Compiled];
  if (target.name === 'double') {
    const mayBeNaN = operator === '/' || operator === '%' || left.mayBeNaN === true || right.mayBeNaN === true;
    return { sql: `(${first.sql} ${operator} ${second.sql})`, type: target, at, mayBeNaN };
  }
  if (operator !== '/' && operator !== '%') {
    return { sql: `(${first.sql} ${operator} ${second.sql})`, type: target, at };
  }
  // Division of whole numbers cuts towards zero, and by zero it is an error.
  const plain = `(${first.sql} ${operator === '/' ? '//' : '%'} ${second.sql})`;
  const divisor = second.literal;
  if (divisor?.type === 'integer' && divisor.value !== 0n) return { sql: plain, type: target, at };
  return {
    sql: `(CASE WHEN ${second.sql} = 0 THEN ${fail("'Division by zero'")} ELSE ${plain} END)`,
    type: target,
    at,
  };
}

/** Developer guide, "Date / time operators". Undefined when neither side is a time or an interval. */
function temporalArithmetic(
  operator: ArithmeticOperator,
  left: Compiled,
  right: Compiled,
  at: Position,
): Compiled | undefined {
  const isTime = (type: types.SqlType) => ['timestamp', 'date', 'time'].includes(type.name);
  if (!isTime(left.type) && !isTime(right.type) && !types.isInterval(left.type) && !types.isInterval(right.type)) {
    return undefined;
  }
  if (isTime(left.type) && types.isInterval(right.type) && (operator === '+' || operator === '-')) {
    return shift(left, right, operator, at);
  }
  if (types.isInterval(left.type) && isTime(right.type) && operator === '+') return shift(right, left, '+', at);
  if (types.sameType(left.type, right.type) && types.isInterval(left.type) && (operator === '+' || operator === '-')) {
    return { sql: `(${left.sql} ${operator} ${right.sql})`, type: left.type, at };
  }
  if (types.isInterval(left.type) && types.isNumeric(right.type) && (operator === '*' || operator === '/')) {
    return scale(left, right, operator, at);
  }
  if (types.isNumeric(left.type) && types.isInterval(right.type) && operator === '*')
    return scale(right, left, '*', at);
  throw cannotApply(operator, left, right, at);
}

function shift(time: Compiled, interval: Compiled, operator: '+' | '-', at: Position): Compiled {
  const { sql, type } = time;
  if (interval.type.name === 'interval year to month') {
    const months = operator === '+' ? interval.sql : `(-${interval.sql})`;
    if (type.name === 'timestamp') return { sql: addMonthsSql(sql, months), type, at };
    if (type.name === 'date') return { sql: `CAST(${sql} + to_months(CAST(${months} AS INTEGER)) AS DATE)`, type, at };
    throw cannotApply(operator, time, interval, at);
  }
  if (type.name === 'timestamp') return { sql: `(${sql} ${operator} ${interval.sql})`, type, at };
  const day = 86_400_000_000_000n;
  if (type.name === 'time') {
    return { sql: `((((${sql} ${operator} ${interval.sql}) % ${day}) + ${day}) % ${day})`, type, at };
  }
  // Only whole days can be added to a date.
  const literal = interval.literal;
  if (literal?.type !== 'nanoseconds' || literal.value % day !== 0n) {
    throw semanticError(at, 'Cannot add hour, minutes or seconds to a date');
  }
  return { sql: `(${sql} ${operator} ${literal.value / day})`, type, at };
}

function scale(interval: Compiled, factor: Compiled, operator: '*' | '/', at: Position): Compiled {
  const { type } = interval;
  if (operator === '*' && factor.type.name !== 'double') {
    return { sql: `(${interval.sql} * ${factor.sql})`, type, at };
  }
  const scaled = `CAST(${interval.sql} AS DOUBLE) ${operator} CAST(${factor.sql} AS DOUBLE)`;
  return { sql: `CAST(trunc(${scaled}) AS BIGINT)`, type, at };
}

function cannotApply(operator: string, left: Compiled, right: Compiled, at: Position): Error {
  return semanticError(
    at,
    `'${operator}' cannot be applied to ${types.typeText(left.type)}, ${types.typeText(right.type)}`,
  );
}

function typeList(values: readonly Compiled[]): string {
  return values.map(({ type }) => types.typeText(type)).join(', ');
}
