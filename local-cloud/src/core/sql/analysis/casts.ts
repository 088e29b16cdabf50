import type { TypeName } from '../syntax/ast.ts';
import { notBuilt, type Position, semanticError } from '../syntax/query-error.ts';
import { bigintSql, type Compiled, doubleSql, quoteText } from './compiled.ts';
import { parseDate, parseTimeOfDay, parseTimestamp } from './timestamps.ts';
import * as types from './types.ts';

/** How a failure at run time is written: as an error, or inside TRY as null. */
export type Failure = (message: string) => string;

export const raise: Failure = (message) => `error(${message})`;
export const nothing: Failure = () => 'NULL';

const NAMES: Readonly<Record<string, types.SqlType>> = {
  boolean: types.BOOLEAN,
  int: types.INTEGER,
  integer: types.INTEGER,
  bigint: types.BIGINT,
  double: types.DOUBLE,
  varchar: types.VARCHAR,
  date: types.DATE,
  time: types.TIME,
  timestamp: types.TIMESTAMP,
};

/** @throws AwsError `ValidationException` for a type that is not one, or not built */
export function readType(name: TypeName): types.SqlType {
  if (name.name === 'array' && name.element !== undefined) return types.arrayOf(readType(name.element));
  const type = NAMES[name.name];
  if (type === undefined) throw notBuilt(name.at, `the type '${name.name}' in a cast`);
  return type;
}

const DAY_NANOSECONDS = '86400000000000';

/** Microseconds of a timestamp, rounded down, as the engine's calendar functions take them. */
export function calendarTimestamp(nanoseconds: string): string {
  return `make_timestamp(CASE WHEN ${nanoseconds} >= 0 THEN ${nanoseconds} // 1000 ELSE (${nanoseconds} - 999) // 1000 END)`;
}

/** Casts by source and target, where the engine's own would differ from Presto's or does not exist. */
const CASTS: Readonly<Record<string, (sql: string, fail: Failure) => string>> = {
  'boolean>integer': (x) => `CAST(${x} AS INTEGER)`,
  'boolean>bigint': (x) => `CAST(${x} AS BIGINT)`,
  'boolean>double': (x) => `CAST(CAST(${x} AS INTEGER) AS DOUBLE)`,
  'boolean>varchar': (x) => `CAST(${x} AS VARCHAR)`,
  'integer>boolean': (x) => `(${x} <> 0)`,
  'bigint>boolean': (x) => `(${x} <> 0)`,
  'double>boolean': (x) => `(${x} <> 0)`,
  'integer>bigint': (x) => `CAST(${x} AS BIGINT)`,
  'integer>double': (x) => `CAST(${x} AS DOUBLE)`,
  'integer>varchar': (x) => `CAST(${x} AS VARCHAR)`,
  'bigint>integer': (x, fail) =>
    `CASE WHEN ${x} BETWEEN -2147483648 AND 2147483647 THEN CAST(${x} AS INTEGER) WHEN ${x} IS NULL THEN NULL ELSE ${fail(`'Out of range for integer: ' || ${x}`)} END`,
  'bigint>double': (x) => `CAST(${x} AS DOUBLE)`,
  'bigint>varchar': (x) => `CAST(${x} AS VARCHAR)`,
  'double>integer': (x, fail) => fromDouble(x, 'INTEGER', '2147483648', fail),
  'double>bigint': (x, fail) => fromDouble(x, 'BIGINT', '9223372036854775808', fail),
  'double>varchar': (x) => `ts_double_text(${x})`,
  'varchar>boolean': (x, fail) =>
    `CASE WHEN ${x} IS NULL THEN NULL WHEN lower(${x}) IN ('true', 't', '1') THEN TRUE WHEN lower(${x}) IN ('false', 'f', '0') THEN FALSE ELSE ${cannotCast(x, 'boolean', fail)} END`,
  'varchar>integer': (x, fail) => fromText(x, 'INTEGER', "'[+-]?[0-9]+'", x, fail),
  'varchar>bigint': (x, fail) => fromText(x, 'BIGINT', "'[+-]?[0-9]+'", x, fail),
  'varchar>double': (x, fail) =>
    fromText(x, 'DOUBLE', "'[+-]?([0-9]+[.]?[0-9]*|[.][0-9]+)([eE][+-]?[0-9]+)?|[+-]?Infinity|NaN'", x, fail),
  'varchar>date': (x, fail) => fromText(x, 'DATE', "'[0-9]{4}-[0-9]{1,2}-[0-9]{1,2}'", x, fail),
  'varchar>timestamp': (x, fail) => {
    const pattern = "'[0-9]{4}-[0-9]{2}-[0-9]{2}([ T][0-9]{2}:[0-9]{2}(:[0-9]{2}([.][0-9]{1,9})?)?)?'";
    const whole = `CASE WHEN length(${x}) = 16 THEN ${x} || ':00' ELSE ${x} END`;
    return `epoch_ns(${fromText(x, 'TIMESTAMP_NS', pattern, whole, fail)})`;
  },
  'date>varchar': (x) => `strftime(${x}, '%Y-%m-%d')`,
  'date>timestamp': (x) => `((${x} - DATE '1970-01-01') * ${DAY_NANOSECONDS}::BIGINT)`,
  'timestamp>date': (x) => `CAST(${calendarTimestamp(x)} AS DATE)`,
  'timestamp>time': (x) => `(((${x} % ${DAY_NANOSECONDS}) + ${DAY_NANOSECONDS}) % ${DAY_NANOSECONDS})`,
  'timestamp>varchar': (x) => `ts_timestamp_text(${x})`,
  'time>varchar': (x) => `ts_time_text(${x})`,
};

/** An explicit CAST. @throws AwsError `ValidationException` where Presto knows no such cast */
export function cast(operand: Compiled, target: types.SqlType, at: Position, fail: Failure): Compiled {
  const { type } = operand;
  const result = { type: target, at, mayBeNaN: target.name === 'double' && operand.mayBeNaN === true };
  if (types.sameType(type, target)) return { ...operand, at };
  if (type.name === 'unknown') return { ...result, sql: `CAST(NULL AS ${types.engineType(target)})` };
  if (operand.literal?.type === 'string') {
    const constant = literalCast(operand.literal.value, target);
    if (constant !== undefined) return { ...result, sql: constant };
  }
  if (type.name === 'array' && target.name === 'array') {
    const element = cast({ sql: 'element', type: type.element, at }, target.element, at, fail);
    return { ...result, sql: `list_transform(${operand.sql}, lambda element: ${element.sql})` };
  }
  const build = CASTS[`${type.name}>${target.name}`];
  if (build === undefined) {
    throw semanticError(at, `Cannot cast ${types.typeText(type)} to ${types.typeText(target)}`);
  }
  return {
    ...result,
    sql: `(${build(operand.sql, fail)})`,
    mayBeNaN: target.name === 'double' && type.name !== 'integer' && type.name !== 'bigint',
  };
}

/** The constant that text stands for, when it is that type's usual form. */
export function literalCast(text: string, target: types.SqlType): string | undefined {
  switch (target.name) {
    case 'timestamp': {
      const value = parseTimestamp(text);
      return value === undefined ? undefined : bigintSql(value);
    }
    case 'date':
      return parseDate(text) === undefined ? undefined : `DATE ${quoteText(text)}`;
    case 'time': {
      const value = parseTimeOfDay(text);
      return value === undefined ? undefined : bigintSql(value);
    }
    case 'double':
      return /^[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?$/.test(text) ? doubleSql(Number(text)) : undefined;
    default:
      return undefined;
  }
}

/**
 * Uses a value as the type that is needed. Text becomes a timestamp only when it is spelled out in the query.
 * @returns undefined when it cannot
 */
export function coerce(operand: Compiled, target: types.SqlType): Compiled | undefined {
  if (types.sameType(operand.type, target)) return operand;
  if (types.coercionCost(operand.type, target) === undefined) return undefined;
  if (operand.type.name === 'varchar') {
    const constant = operand.literal?.type === 'string' ? literalCast(operand.literal.value, target) : undefined;
    return constant === undefined ? undefined : { sql: constant, type: target, at: operand.at };
  }
  return cast(operand, target, operand.at, raise);
}

/** Rounds half away from zero. */
function fromDouble(x: string, engineType: string, limit: string, fail: Failure): string {
  const inRange = `round(${x}) >= -${limit} AND round(${x}) < ${limit}`;
  return `CASE WHEN ${x} IS NULL THEN NULL WHEN NOT isnan(${x}) AND ${inRange} THEN CAST(round(${x}) AS ${engineType}) ELSE ${fail(`'Unable to cast ' || ${x} || ' to ${engineType.toLowerCase()}'`)} END`;
}

function fromText(x: string, engineType: string, pattern: string, value: string, fail: Failure): string {
  const target = engineType === 'TIMESTAMP_NS' ? 'timestamp' : engineType.toLowerCase();
  const converted = `TRY_CAST(${value} AS ${engineType})`;
  return `CASE WHEN ${x} IS NULL THEN NULL WHEN regexp_full_match(${x}, ${pattern}) AND ${converted} IS NOT NULL THEN ${converted} ELSE ${cannotCast(x, target, fail)} END`;
}

function cannotCast(x: string, target: string, fail: Failure): string {
  return fail(`'Cannot cast ''' || ${x} || ''' to ${target.toUpperCase()}'`);
}
