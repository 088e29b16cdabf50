import type { Rule } from './definition.ts';
import { findPath, readPath } from './json-path.ts';

type Compare = (a: never, b: never) => boolean;

const ORDER: Readonly<Record<string, (a: number | string, b: number | string) => boolean>> = {
  Equals: (a, b) => a === b,
  LessThan: (a, b) => a < b,
  LessThanEquals: (a, b) => a <= b,
  GreaterThan: (a, b) => a > b,
  GreaterThanEquals: (a, b) => a >= b,
};

const TIMESTAMP = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(\.\d+)?(Z|[+-]\d{2}:\d{2})$/;

const TESTS: Readonly<Record<string, (value: unknown) => boolean>> = {
  IsNull: (value) => value === null,
  IsString: (value) => typeof value === 'string',
  IsNumeric: (value) => typeof value === 'number',
  IsBoolean: (value) => typeof value === 'boolean',
  IsTimestamp: (value) => typeof value === 'string' && TIMESTAMP.test(value),
  IsPresent: (value) => value !== undefined,
};

/** Names of the comparisons that a rule may hold. */
export function isComparison(name: string): boolean {
  const plain = name.replace(/Path$/, '');
  const [, type, order] = /^(String|Numeric|Timestamp|Boolean)(\w+)$/.exec(plain) ?? [];
  if (type === 'Boolean') return order === 'Equals';
  return Object.hasOwn(TESTS, name) || name === 'StringMatches' || (order !== undefined && Object.hasOwn(ORDER, order));
}

/** Whether a rule of a Choice state holds. @throws StateError for a variable that is not there */
export function holds(rule: Rule, input: unknown, context: unknown): boolean {
  if (Array.isArray(rule.And)) return (rule.And as Rule[]).every((one) => holds(one, input, context));
  if (Array.isArray(rule.Or)) return (rule.Or as Rule[]).some((one) => holds(one, input, context));
  if (rule.Not !== undefined) return !holds(rule.Not as Rule, input, context);
  const [name = '', operand] = Object.entries(rule).find(([key]) => isComparison(key)) ?? [];
  const path = rule.Variable as string;
  const test = TESTS[name];
  if (test !== undefined) {
    const value =
      name === 'IsPresent' ? findPath(path, input, context) : readPath(path, input, context, 'States.Runtime');
    return test(value) === operand;
  }
  const value = readPath(path, input, context, 'States.Runtime');
  const other = name.endsWith('Path') ? readPath(operand as string, input, context, 'States.Runtime') : operand;
  if (name === 'StringMatches') return typeof value === 'string' && matches(other as string, value);
  const [, type, order = ''] = /^(String|Numeric|Timestamp|Boolean)(\w+?)(?:Path)?$/.exec(name) ?? [];
  const compare = ORDER[order] as Compare | undefined;
  const [a, b] = [comparable(type, value), comparable(type, other)];
  return a !== undefined && b !== undefined && compare?.(a as never, b as never) === true;
}

function comparable(type: string | undefined, value: unknown): string | number | boolean | undefined {
  if (type === 'Numeric') return typeof value === 'number' ? value : undefined;
  if (type === 'Boolean') return typeof value === 'boolean' ? value : undefined;
  if (typeof value !== 'string') return undefined;
  return type === 'Timestamp' ? (TIMESTAMP.test(value) ? Date.parse(value) : undefined) : value;
}

/** `*` stands for any characters, `\*` for itself. */
function matches(pattern: string, value: string): boolean {
  const source = pattern.replace(/\\\*|\*|[.+?^${}()|[\]\\]/g, (part) =>
    part === '*' ? '[^]*' : part === '\\*' ? '\\*' : `\\${part}`,
  );
  return new RegExp(`^${source}$`).test(value);
}
