/**
 * Types of the query language (developer guide, "Supported data types"). Their representation in the engine:
 * timestamps, times of day and intervals day to second are BIGINT nanoseconds, intervals year to month BIGINT months,
 * the others the engine's own types.
 */
export type ScalarName =
  | 'unknown'
  | 'boolean'
  | 'integer'
  | 'bigint'
  | 'double'
  | 'varchar'
  | 'date'
  | 'time'
  | 'timestamp'
  | 'interval day to second'
  | 'interval year to month';

export type SqlType = { readonly name: ScalarName } | { readonly name: 'array'; readonly element: SqlType };

function scalar(name: ScalarName): SqlType {
  return { name };
}

export const UNKNOWN = scalar('unknown');
export const BOOLEAN = scalar('boolean');
export const INTEGER = scalar('integer');
export const BIGINT = scalar('bigint');
export const DOUBLE = scalar('double');
export const VARCHAR = scalar('varchar');
export const DATE = scalar('date');
export const TIME = scalar('time');
export const TIMESTAMP = scalar('timestamp');
export const DAY_TO_SECOND = scalar('interval day to second');
export const YEAR_TO_MONTH = scalar('interval year to month');

export function arrayOf(element: SqlType): SqlType {
  return { name: 'array', element };
}

/** As `typeof` and messages show it. */
export function typeText(type: SqlType): string {
  return type.name === 'array' ? `array(${typeText(type.element)})` : type.name;
}

export function sameType(left: SqlType, right: SqlType): boolean {
  if (left.name === 'array' && right.name === 'array') return sameType(left.element, right.element);
  return left.name === right.name;
}

export function isNumeric(type: SqlType): boolean {
  return type.name === 'integer' || type.name === 'bigint' || type.name === 'double';
}

export function isInterval(type: SqlType): boolean {
  return type.name === 'interval day to second' || type.name === 'interval year to month';
}

const ENGINE_TYPES: Record<ScalarName, string> = {
  unknown: 'INTEGER',
  boolean: 'BOOLEAN',
  integer: 'INTEGER',
  bigint: 'BIGINT',
  double: 'DOUBLE',
  varchar: 'VARCHAR',
  date: 'DATE',
  time: 'BIGINT',
  timestamp: 'BIGINT',
  'interval day to second': 'BIGINT',
  'interval year to month': 'BIGINT',
};

export function engineType(type: SqlType): string {
  return type.name === 'array' ? `${engineType(type.element)}[]` : ENGINE_TYPES[type.name];
}

/** What a type turns into by itself, nearest first, besides itself. Text turns into a timestamp where one is needed. */
const WIDENINGS: Partial<Record<ScalarName, readonly ScalarName[]>> = {
  integer: ['bigint', 'double'],
  bigint: ['double'],
  date: ['timestamp'],
  varchar: ['timestamp'],
};

/** Cost of using a value of one type as another: 0 for the same type, undefined when it does not go. */
export function coercionCost(from: SqlType, to: SqlType): number | undefined {
  if (sameType(from, to)) return 0;
  if (from.name === 'unknown') return 1;
  if (from.name === 'array' && to.name === 'array') return coercionCost(from.element, to.element);
  if (from.name === 'array' || to.name === 'array') return undefined;
  const step = WIDENINGS[from.name]?.indexOf(to.name) ?? -1;
  return step === -1 ? undefined : step + 1;
}

/** The type that values of both types have in common. */
export function commonType(left: SqlType, right: SqlType): SqlType | undefined {
  if (coercionCost(right, left) !== undefined) return left;
  if (coercionCost(left, right) !== undefined) return right;
  return undefined;
}
