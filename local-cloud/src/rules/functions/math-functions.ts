import { toNumber } from '../values/convert.ts';
import { integer } from '../values/decimal.ts';
import {
  compareNumbers,
  isNumber,
  type NumberResult,
  type Numbers,
  type Rounding,
  roundToInt,
  toDouble,
  truncateTo,
} from '../values/numbers.ts';
import type { SqlNumber, SqlValue } from '../values/value.ts';
import { argument, type CallSite, type Evaluate, type SqlFunction } from './sql-function.ts';

/** Numeric functions of AWS IoT developer guide, "Functions". Strings are converted to Decimals where they can be. */
export const MATH_FUNCTIONS: readonly SqlFunction[] = [
  number('abs', (value, numbers) => (compareNumbers(value, 0) < 0 ? numbers.negate(value) : value)),
  ...(['acos', 'asin', 'atan', 'cos', 'cosh', 'exp', 'sin', 'sinh', 'sqrt', 'tan', 'tanh'] as const).map((name) =>
    double(name, Math[name]),
  ),
  double('ln', Math.log),
  double('log', Math.log10),
  double2('atan2', Math.atan2),
  double2('power', Math.pow),
  rounding('ceil', 'ceiling'),
  rounding('floor', 'floor'),
  rounding('round', 'nearest'),
  number('sign', (value) => compareNumbers(value, 0)),
  number2('mod', (left, right, numbers) => numbers.remainder(left, right)),
  number2('remainder', (left, right, numbers) => numbers.remainder(left, right)),
  { name: 'trunc', since: '2015-10-08', arity: [2, 2], compile: compileTrunc },
  { name: 'nanvl', since: '2015-10-08', arity: [2, 2], compile: compileNanvl },
  {
    name: 'rand',
    since: '2015-10-08',
    arity: [0, 0],
    compile: (call) => (evaluation) => {
      // 53 random bits, the precision of a double
      const bytes = evaluation.entropy.bytes(8);
      const bits = (bytes.readUInt32BE(0) >>> 5) * 0x4000000 + (bytes.readUInt32BE(4) >>> 6);
      return call.numbers.fromDouble(bits / 2 ** 53);
    },
  },
];

function number(name: string, apply: (value: SqlNumber, numbers: Numbers) => NumberResult): SqlFunction {
  return {
    name,
    since: '2015-10-08',
    arity: [1, 1],
    compile(call) {
      const { numbers } = call;
      const evaluate = argument(call, 0);
      return (evaluation) => {
        const value = toNumber(evaluate(evaluation), numbers);
        return value === undefined ? undefined : apply(value, numbers);
      };
    },
  };
}

function number2(
  name: string,
  apply: (left: SqlNumber, right: SqlNumber, numbers: Numbers) => NumberResult,
): SqlFunction {
  return {
    name,
    since: '2015-10-08',
    arity: [2, 2],
    compile(call) {
      const { numbers } = call;
      const left = argument(call, 0);
      const right = argument(call, 1);
      return (evaluation) => {
        const a = toNumber(left(evaluation), numbers);
        const b = toNumber(right(evaluation), numbers);
        return a === undefined || b === undefined ? undefined : apply(a, b, numbers);
      };
    },
  };
}

/** "Arguments are rounded to double precision before function application"; imaginary results are Undefined. */
function double(name: string, apply: (value: number) => number): SqlFunction {
  return number(name, (value, numbers) => numbers.fromDouble(apply(toDouble(value))));
}

function double2(name: string, apply: (left: number, right: number) => number): SqlFunction {
  return number2(name, (left, right, numbers) => numbers.fromDouble(apply(toDouble(left), toDouble(right))));
}

function rounding(name: string, direction: Rounding): SqlFunction {
  return number(name, (value) => roundToInt(value, direction));
}

function compileTrunc(call: CallSite): Evaluate {
  const { numbers } = call;
  const value = argument(call, 0);
  const places = argument(call, 1);
  return (evaluation) => {
    const source = toNumber(value(evaluation), numbers);
    const count = places(evaluation);
    // The table has no String for the second argument.
    if (source === undefined || !isNumber(count)) return undefined;
    const bounded = Math.min(34, Math.max(0, toDouble(roundToInt(count, 'floor'))));
    return truncateTo(numbers, source, bounded);
  };
}

function compileNanvl(call: CallSite): Evaluate {
  const first = argument(call, 0);
  const second = argument(call, 1);
  return (evaluation): SqlValue => first(evaluation) ?? second(evaluation);
}

export const BIT_FUNCTIONS: readonly SqlFunction[] = [
  bits('bitand', (left, right) => left & right),
  bits('bitor', (left, right) => left | right),
  bits('bitxor', (left, right) => left ^ right),
];

/** "All non-Int numbers are rounded down to the nearest Int." */
function bits(name: string, apply: (left: bigint, right: bigint) => bigint): SqlFunction {
  return number2(name, (left, right) => {
    const a = BigInt(roundToInt(left, 'floor'));
    const b = BigInt(roundToInt(right, 'floor'));
    return integer(apply(a, b));
  });
}
