import { AwsError } from '../../core/errors.ts';
import { cidrFilter, type Filter, numericFilter, wildcardFilter } from './value-filters.ts';

/** Tells whether an event matches. */
export type EventPattern = (event: unknown) => boolean;

/**
 * Compiles an event pattern (EventBridge user guide, "Comparison operators for use in event patterns").
 * @throws AwsError `InvalidEventPatternException`
 */
export function compilePattern(text: string): EventPattern {
  let source: unknown;
  try {
    source = JSON.parse(text);
  } catch {
    throw invalid('Filter is not valid JSON');
  }
  if (!isObject(source)) throw invalid('Filter is not an object');
  if (Object.keys(source).length === 0) throw invalid('Empty objects are not allowed');
  return object(source);
}

/** All members must match, and one alternative of `$or`. */
function object(pattern: Readonly<Record<string, unknown>>): EventPattern {
  const tests = Object.entries(pattern).map(([name, member]): EventPattern => {
    if (name === '$or' && Array.isArray(member) && member.every(isObject)) {
      if (member.length < 2) throw invalid('There must have at least 2 Objects in $or relationship');
      const alternatives = member.map((alternative) => object(alternative as Record<string, unknown>));
      return (event) => alternatives.some((matches) => matches(event));
    }
    if (Array.isArray(member)) {
      const leaf = values(member, name);
      return (event) =>
        each(
          event,
          (node) => leaf(node[name]),
          () => leaf(undefined),
        );
    }
    if (!isObject(member)) throw invalid(`"${name}" must be an object or an array`);
    if (Object.keys(member).length === 0) throw invalid('Empty objects are not allowed');
    const inner = object(member);
    return (event) =>
      each(
        event,
        (node) => inner(node[name]),
        () => inner(undefined),
      );
  });
  return (event) => tests.every((matches) => matches(event));
}

/** Objects in arrays are looked into one by one. */
function each(
  event: unknown,
  test: (node: Readonly<Record<string, unknown>>) => boolean,
  absent: () => boolean,
): boolean {
  if (Array.isArray(event)) return event.some((element) => each(element, test, absent));
  return isObject(event) ? test(event) : absent();
}

function values(allowed: readonly unknown[], name: string): Filter {
  if (allowed.length === 0) throw invalid(`Empty arrays are not allowed at "${name}"`);
  const filters = allowed.map((value) => (isObject(value) ? filter(value) : literal(value)));
  const present = filters.filter(({ absent }) => !absent).map(({ test }) => test);
  const mayBeAbsent = filters.some(({ absent }) => absent);
  return (value) => {
    if (value === undefined || isObject(value)) return mayBeAbsent && value === undefined;
    // An array of the event matches when one of its elements does.
    const candidates = Array.isArray(value) ? value : [value];
    return candidates.some((candidate) => present.some((test) => test(candidate)));
  };
}

interface LeafFilter {
  readonly test: Filter;
  /** Matches what is not there. */
  readonly absent?: boolean;
}

function literal(value: unknown): LeafFilter {
  if (Array.isArray(value)) throw invalid('Arrays cannot be nested');
  return { test: (candidate) => candidate === value };
}

function filter(source: Readonly<Record<string, unknown>>): LeafFilter {
  const entries = Object.entries(source);
  const [entry] = entries;
  if (entry === undefined || entries.length !== 1) throw invalid('Only one key allowed in match expression');
  const [operator, operand] = entry;
  if (operator === 'exists') {
    if (typeof operand !== 'boolean') throw invalid('exists match pattern must be either true or false.');
    return operand ? { test: () => true } : { test: () => false, absent: true };
  }
  return { test: comparison(operator, operand) };
}

function comparison(operator: string, operand: unknown): Filter {
  switch (operator) {
    case 'prefix':
    case 'suffix': {
      const ignoring = isObject(operand) ? operand['equals-ignore-case'] : undefined;
      const part = text(ignoring ?? operand, operator);
      const wanted = ignoring === undefined ? part : part.toLowerCase();
      return (value) => {
        if (typeof value !== 'string') return false;
        const candidate = ignoring === undefined ? value : value.toLowerCase();
        return operator === 'prefix' ? candidate.startsWith(wanted) : candidate.endsWith(wanted);
      };
    }
    case 'equals-ignore-case': {
      const wanted = text(operand, operator).toLowerCase();
      return (value) => typeof value === 'string' && value.toLowerCase() === wanted;
    }
    case 'wildcard':
      return wildcardFilter(text(operand, operator));
    case 'numeric':
      return numericFilter(operand);
    case 'cidr':
      return cidrFilter(text(operand, operator));
    case 'anything-but':
      return anythingBut(operand);
    default:
      throw invalid(`Unrecognized match type ${operator}`);
  }
}

function anythingBut(operand: unknown): Filter {
  if (isObject(operand)) {
    const entries = Object.entries(operand);
    const [entry] = entries;
    if (entry === undefined || entries.length !== 1) throw invalid('Only one key allowed in anything-but');
    const [operator, inner] = entry;
    if (!['prefix', 'suffix', 'equals-ignore-case', 'wildcard'].includes(operator)) {
      throw invalid(`Unsupported anything-but pattern: ${operator}`);
    }
    const excluded = (Array.isArray(inner) ? inner : [inner]).map((one) => comparison(operator, one));
    return (value) => !excluded.some((matches) => matches(value));
  }
  const excluded = Array.isArray(operand) ? operand : [operand];
  if (excluded.length === 0 || !excluded.every((value) => typeof value === 'string' || typeof value === 'number')) {
    throw invalid('Inside anything-but list, start|null|boolean is not supported.');
  }
  return (value) => !excluded.includes(value as string);
}

function text(operand: unknown, operator: string): string {
  if (typeof operand !== 'string' || operand === '') throw invalid(`${operator} match pattern must be a string`);
  return operand;
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

export function invalid(reason: string): AwsError {
  return new AwsError('InvalidEventPatternException', `Event pattern is not valid. Reason: ${reason}`);
}
