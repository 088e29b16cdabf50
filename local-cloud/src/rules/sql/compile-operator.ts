import type { Evaluation } from '../evaluation.ts';
import type { Evaluate } from '../functions/sql-function.ts';
import { toBoolean, toNumber, toText } from '../values/convert.ts';
import { equal } from '../values/equality.ts';
import { compareNumbers, isNumber, type NumberResult, type Numbers } from '../values/numbers.ts';
import type { SqlNumber, SqlValue } from '../values/value.ts';
import type { Expression } from './ast.ts';

type Binary = Extract<Expression, { kind: 'binary' }>;

/** Operators by the tables of AWS IoT developer guide, "Operators". Both sides are always evaluated. */
export function compileBinary(node: Binary, compile: (node: Expression) => Evaluate, numbers: Numbers): Evaluate {
  const left = compile(node.left);
  const right = compile(node.right);
  switch (node.operator) {
    case 'AND':
      return (evaluation) => {
        const a = toBoolean(left(evaluation));
        const b = toBoolean(right(evaluation));
        return a === undefined || b === undefined ? undefined : a && b;
      };
    case 'OR':
      return (evaluation) => {
        const a = toBoolean(left(evaluation));
        const b = toBoolean(right(evaluation));
        return a === undefined || b === undefined ? undefined : a || b;
      };
    case 'IN':
      return (evaluation) => contains(right(evaluation), left(evaluation));
    case '=':
      return (evaluation) => equal(left(evaluation), right(evaluation));
    case '<>':
      return (evaluation) => negated(equal(left(evaluation), right(evaluation)));
    case '<':
    case '<=':
    case '>':
    case '>=':
      return compileOrder(node, left, right, numbers);
    case '+':
      return compilePlus(left, right, numbers);
    case '-':
      return compileArithmetic(left, right, numbers, numbers.subtract);
    case '*':
      return compileArithmetic(left, right, numbers, numbers.multiply);
    case '/':
      return compileArithmetic(left, right, numbers, numbers.divide);
    case '%':
      return compileArithmetic(left, right, numbers, numbers.remainder);
  }
}

export function compileNot(operand: Evaluate): Evaluate {
  return (evaluation) => negated(toBoolean(operand(evaluation)));
}

/**
 * A condition of which only "true or not" counts: the second side of an AND need not run when the first is not true.
 */
export function compileCondition(
  node: Expression,
  compile: (node: Expression) => Evaluate,
): (evaluation: Evaluation) => boolean {
  if (node.kind === 'binary' && node.operator === 'AND') {
    const left = compileCondition(node.left, compile);
    const right = compileCondition(node.right, compile);
    return (evaluation) => left(evaluation) && right(evaluation);
  }
  const evaluate = compile(node);
  return (evaluation) => {
    const value = evaluate(evaluation);
    return value === true || (typeof value === 'string' && toBoolean(value) === true);
  };
}

function negated(value: boolean | undefined): boolean | undefined {
  return value === undefined ? undefined : !value;
}

function contains(collection: SqlValue, value: SqlValue): boolean | undefined {
  if (value === undefined || !Array.isArray(collection)) return undefined;
  return collection.some((item) => equal(item, value) === true);
}

const ORDERS: Readonly<Record<string, (order: number) => boolean>> = {
  '<': (order) => order < 0,
  '<=': (order) => order <= 0,
  '>': (order) => order > 0,
  '>=': (order) => order >= 0,
};

function compileOrder(node: Binary, left: Evaluate, right: Evaluate, numbers: Numbers): Evaluate {
  const test = ORDERS[node.operator] as (order: number) => boolean;
  return (evaluation) => {
    const a = left(evaluation);
    const b = right(evaluation);
    if (typeof a === 'number' && typeof b === 'number') return test(a - b);
    const x = toNumber(a, numbers);
    const y = toNumber(b, numbers);
    return x === undefined || y === undefined ? undefined : test(compareNumbers(x, y));
  };
}

/** Strings concatenate with anything that has a string form, numbers add, all else is Undefined. */
function compilePlus(left: Evaluate, right: Evaluate, numbers: Numbers): Evaluate {
  return (evaluation) => {
    const a = left(evaluation);
    const b = right(evaluation);
    if (typeof a === 'string' || typeof b === 'string') {
      const x = toText(a);
      const y = toText(b);
      return x === undefined || y === undefined ? undefined : x + y;
    }
    return isNumber(a) && isNumber(b) ? numbers.add(a, b) : undefined;
  };
}

/** `String/Int/Decimal`: a string operand makes the result a Decimal. */
function compileArithmetic(
  left: Evaluate,
  right: Evaluate,
  numbers: Numbers,
  operate: (left: SqlNumber, right: SqlNumber) => NumberResult,
): Evaluate {
  return (evaluation) => {
    const a = left(evaluation);
    const b = right(evaluation);
    if (typeof a === 'number' && typeof b === 'number') return operate(a, b);
    const x = operand(a, numbers);
    const y = operand(b, numbers);
    return x === undefined || y === undefined ? undefined : operate(x, y);
  };
}

function operand(value: SqlValue, numbers: Numbers): SqlNumber | undefined {
  if (isNumber(value)) return value;
  const number = toNumber(value, numbers);
  return number === undefined ? undefined : numbers.asDecimal(number);
}
