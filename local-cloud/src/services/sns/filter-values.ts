import { BlockList, isIP } from 'node:net';
import { MAX_FILTER_NUMBER } from './limits.ts';

/** One condition on the values of a key. */
export interface ValueMatcher {
  /** `{"exists": false}`: holds when the key is absent. */
  readonly absence?: boolean;
  /** `{"exists": true}`: holds for whatever value. */
  readonly existence?: boolean;
  matches(value: unknown): boolean;
}

type Test = (value: unknown) => boolean;

/**
 * A condition of a filter policy (developer guide, "String value matching", "Numeric value matching", "Key matching"):
 * a string, number, boolean or null to equal, or one operator.
 *
 * @throws Error with the reason
 */
export function matcherOf(condition: unknown): ValueMatcher {
  if (isScalar(condition)) return { matches: equals(condition) };
  const [operator, operand] = onlyEntry(condition);
  if (operator === 'exists') {
    if (typeof operand !== 'boolean') throw new Error('exists match pattern must be either true or false.');
    return { absence: !operand, existence: operand, matches: () => operand };
  }
  if (operator === 'anything-but') {
    const test = anythingBut(operand);
    return { matches: (value) => !test(value) };
  }
  if (operator === 'numeric') return { matches: numeric(operand) };
  if (operator === 'cidr') return { matches: cidr(operand) };
  return { matches: textual(operator, operand) };
}

function isScalar(value: unknown): value is string | number | boolean | null {
  return value === null || ['string', 'number', 'boolean'].includes(typeof value);
}

function onlyEntry(condition: unknown): [operator: string, operand: unknown] {
  if (typeof condition !== 'object' || condition === null || Array.isArray(condition)) {
    throw new Error('Match value must be String, number, true, false, or null');
  }
  const entries = Object.entries(condition);
  if (entries.length !== 1) throw new Error('Only one key allowed in match expression');
  return entries[0] as [string, unknown];
}

function equals(expected: string | number | boolean | null): Test {
  if (typeof expected === 'number') {
    const known = fiveDigits(inRange(expected));
    return (value) => typeof value === 'number' && fiveDigits(value) === known;
  }
  return (value) => value === expected;
}

/** Five digits after the point count ("Filter policy constraints"). */
function fiveDigits(value: number): number {
  return Math.round(value * 1e5);
}

function inRange(value: number): number {
  if (Math.abs(value) > MAX_FILTER_NUMBER) throw new Error('Value of numeric is out of range');
  return value;
}

function anythingBut(operand: unknown): Test {
  if (typeof operand === 'object' && operand !== null && !Array.isArray(operand)) {
    const [operator, inner] = onlyEntry(operand);
    const operands = Array.isArray(inner) ? inner : [inner];
    if (operands.length === 0) throw new Error('Empty arrays are not allowed');
    const tests = operands.map((one) => textual(operator, one));
    return (value) => tests.some((test) => test(value));
  }
  const excluded = Array.isArray(operand) ? operand : [operand];
  if (excluded.length === 0) throw new Error('Empty arrays are not allowed');
  const tests = excluded.map((one) => {
    if (typeof one !== 'string' && typeof one !== 'number') {
      throw new Error('Value of anything-but must be an array or single string/number value.');
    }
    return equals(one);
  });
  return (value) => tests.some((test) => test(value));
}

function textual(operator: string, operand: unknown): Test {
  const create = TEXT_OPERATORS[operator];
  if (create === undefined) throw new Error(`Unrecognized match type ${operator}`);
  if (typeof operand !== 'string') throw new Error(`${operator} match pattern must be a string`);
  if (operand === '') throw new Error(`Null ${operator} not allowed`);
  const test = create(operand);
  return (value) => typeof value === 'string' && test(value);
}

const TEXT_OPERATORS: Readonly<Record<string, (operand: string) => (value: string) => boolean>> = {
  prefix: (operand) => (value) => value.startsWith(operand),
  suffix: (operand) => (value) => value.endsWith(operand),
  'equals-ignore-case': (operand) => {
    const folded = operand.toLowerCase();
    return (value) => value.toLowerCase() === folded;
  },
  wildcard,
};

/** `*` stands for any characters, `\*` and `\\` for themselves; greedy from the left, without backtracking over parts. */
function wildcard(pattern: string): (value: string) => boolean {
  const parts = [''];
  for (let index = 0; index < pattern.length; index++) {
    let character = pattern[index] as string;
    if (character === '*') {
      if (pattern[index + 1] === '*') throw new Error('Consecutive wildcard characters are not allowed');
      parts.push('');
      continue;
    }
    if (character === '\\') {
      const escaped = pattern[++index];
      if (escaped !== '*' && escaped !== '\\') throw new Error('Invalid escape character in wildcard pattern');
      character = escaped;
    }
    parts[parts.length - 1] += character;
  }
  const [head = '', ...rest] = parts;
  const tail = rest.pop();
  if (tail === undefined) return (value) => value === head;
  return (value) => {
    if (!value.startsWith(head) || !value.endsWith(tail) || value.length < head.length + tail.length) return false;
    let from = head.length;
    for (const part of rest) {
      const found = value.indexOf(part, from);
      if (found < 0) return false;
      from = found + part.length;
    }
    return from <= value.length - tail.length;
  };
}

const COMPARISONS: Readonly<Record<string, (value: number, bound: number) => boolean>> = {
  '=': (value, bound) => fiveDigits(value) === fiveDigits(bound),
  '<': (value, bound) => value < bound,
  '<=': (value, bound) => value <= bound,
  '>': (value, bound) => value > bound,
  '>=': (value, bound) => value >= bound,
};

/** `["=", x]`, one bound, or a lower bound and then an upper one. */
function numeric(operand: unknown): Test {
  if (!Array.isArray(operand) || (operand.length !== 2 && operand.length !== 4)) {
    throw new Error('Value of numeric must be an array of one or two operators with their numbers.');
  }
  const tests: ((value: number) => boolean)[] = [];
  for (let index = 0; index < operand.length; index += 2) {
    const compare = COMPARISONS[String(operand[index])];
    const bound: unknown = operand[index + 1];
    if (compare === undefined) throw new Error(`Unrecognized numeric range operator: ${String(operand[index])}`);
    if (typeof bound !== 'number') throw new Error(`Value of ${String(operand[index])} must be numeric`);
    inRange(bound);
    tests.push((value) => compare(value, bound));
  }
  if (operand.length === 4) {
    const [lower, least, upper, most] = operand as [string, number, string, number];
    if (!lower.startsWith('>') || !upper.startsWith('<')) throw new Error('Bad numeric range operator');
    if (least >= most) throw new Error('Bottom must be less than top');
  }
  return (value) => typeof value === 'number' && tests.every((test) => test(value));
}

function cidr(operand: unknown): Test {
  const [address = '', bits = '', ...more] = typeof operand === 'string' ? operand.split('/') : [];
  const family = isIP(address);
  const most = family === 4 ? 32 : 128;
  if (family === 0 || more.length > 0 || !/^\d{1,3}$/.test(bits) || Number(bits) > most) {
    throw new Error('Malformed CIDR');
  }
  const block = new BlockList();
  block.addSubnet(address, Number(bits), family === 4 ? 'ipv4' : 'ipv6');
  return (value) => {
    if (typeof value !== 'string') return false;
    const kind = isIP(value);
    return kind === family && block.check(value, kind === 4 ? 'ipv4' : 'ipv6');
  };
}
