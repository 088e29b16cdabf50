import {
  Decimal,
  type DecimalParts,
  decimal,
  integer,
  MAX_DIGITS,
  partsOf,
  partsOfText,
  powerOfTen,
} from './decimal.ts';
import { longQuotient } from './long-division.ts';
import type { SqlNumber, SqlValue, SqlVersion } from './value.ts';

/** Results outside the range of a Decimal, and divisions by zero, are Undefined. */
export type NumberResult = SqlNumber | undefined;

/**
 * Arithmetic of one SQL version. Under 2016-03-23 whole numbers are Ints, however they came about;
 * under 2015-10-08 a Decimal stays one (AWS IoT developer guide, "Data types").
 */
export interface Numbers {
  readonly keepWhole: boolean;
  add(left: SqlNumber, right: SqlNumber): NumberResult;
  subtract(left: SqlNumber, right: SqlNumber): NumberResult;
  multiply(left: SqlNumber, right: SqlNumber): NumberResult;
  divide(left: SqlNumber, right: SqlNumber): NumberResult;
  remainder(left: SqlNumber, right: SqlNumber): NumberResult;
  negate(value: SqlNumber): NumberResult;
  /** Result of a function "with double precision"; NaN and infinities are Undefined. */
  fromDouble(value: number): NumberResult;
  /** A JSON number or a numeric string. */
  fromText(text: string): NumberResult;
  /** The same value as a Decimal, where the version tells Decimals from Ints. */
  asDecimal(value: SqlNumber): NumberResult;
}

export function isInt(value: SqlNumber): value is number | bigint {
  return typeof value === 'bigint' || (typeof value === 'number' && Number.isInteger(value));
}

export function isNumber(value: SqlValue): value is SqlNumber {
  return typeof value === 'number' || typeof value === 'bigint' || value instanceof Decimal;
}

/** Negative, zero or positive, as `left` stands to `right`. Doubles order as the decimals they stand for. */
export function compareNumbers(left: SqlNumber, right: SqlNumber): number {
  if (typeof left === 'number' && typeof right === 'number') return left < right ? -1 : left > right ? 1 : 0;
  const a = partsOf(left);
  const b = partsOf(right);
  const scale = Math.max(a.scale, b.scale);
  const x = a.coefficient * powerOfTen(scale - a.scale);
  const y = b.coefficient * powerOfTen(scale - b.scale);
  return x < y ? -1 : x > y ? 1 : 0;
}

export function toDouble(value: SqlNumber): number {
  return typeof value === 'number' ? value : Number(value.toString());
}

export type Rounding = 'floor' | 'ceiling' | 'truncate' | 'nearest';

/** The Int that a number rounds to; `nearest` takes halves away from zero, as `round(-1.5) = -2`. */
export function roundToInt(value: SqlNumber, rounding: Rounding): number | bigint {
  if (isInt(value)) return value;
  if (typeof value === 'number') {
    if (rounding === 'floor') return Math.floor(value);
    if (rounding === 'ceiling') return Math.ceil(value);
    if (rounding === 'truncate') return Math.trunc(value);
  }
  const { coefficient, scale } = partsOf(value);
  if (scale <= 0) return integer(coefficient * powerOfTen(-scale));
  const unit = powerOfTen(scale);
  const quotient = coefficient / unit;
  const rest = coefficient % unit;
  if (rest === 0n) return integer(quotient);
  const away = rest < 0n ? -1n : 1n;
  const magnitude = rest < 0n ? -rest : rest;
  if (rounding === 'floor') return integer(rest < 0n ? quotient - 1n : quotient);
  if (rounding === 'ceiling') return integer(rest > 0n ? quotient + 1n : quotient);
  if (rounding === 'truncate') return integer(quotient);
  return integer(magnitude * 2n >= unit ? quotient + away : quotient);
}

const POWERS_OF_TEN = [1, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12] as const;
const MAX_FAST_SCALE = 6;
/** Every decimal of at most 15 digits has a double of its own, whose shortest notation it is. */
const FAST_LIMIT = 1e15;

/** Decimal places of a double when they are few, else -1. */
function fastScale(value: number): number {
  for (let scale = 0; scale <= MAX_FAST_SCALE; scale++) {
    const power = POWERS_OF_TEN[scale] as number;
    const shifted = Math.round(value * power);
    if (shifted >= FAST_LIMIT || shifted <= -FAST_LIMIT) return -1;
    if (shifted / power === value) return scale;
  }
  return -1;
}

/** {@link partsOf}, without going through text where a double has few decimal places. */
function quickParts(value: SqlNumber): DecimalParts {
  const scale = typeof value === 'number' ? fastScale(value) : -1;
  if (scale < 0) return partsOf(value);
  return { coefficient: BigInt(Math.round((value as number) * (POWERS_OF_TEN[scale] as number))), scale };
}

/** Quotient that does not end within 34 digits, of doubles with few decimal places. */
function quickQuotient(left: number, right: number): Decimal | undefined {
  const a = fastScale(left);
  const b = fastScale(right);
  if (a < 0 || b < 0) return undefined;
  const dividend = Math.round(left * (POWERS_OF_TEN[a] as number));
  const divisor = Math.round(right * (POWERS_OF_TEN[b] as number));
  return divisor === 0 ? undefined : longQuotient(dividend, divisor, a - b);
}

/** Quotient of two Ints when it has few decimal places. */
function exactQuotient(left: number, right: number): number | undefined {
  const quotient = left / right;
  const scale = fastScale(quotient);
  if (scale < 0) return undefined;
  const power = POWERS_OF_TEN[scale] as number;
  const product = Math.round(quotient * power) * right;
  return Number.isSafeInteger(product) && product === left * power ? quotient : undefined;
}

function createNumbers(keepWhole: boolean): Numbers {
  const fastResult = (shifted: number, scale: number): SqlNumber => {
    const value = shifted / (POWERS_OF_TEN[scale] as number);
    return keepWhole && Number.isInteger(value) ? new Decimal(BigInt(value), 0) : value;
  };

  const sum = (left: SqlNumber, right: SqlNumber, sign: 1 | -1): NumberResult => {
    if (typeof left === 'number' && typeof right === 'number') {
      if (Number.isInteger(left) && Number.isInteger(right)) {
        const result = left + sign * right;
        return Number.isSafeInteger(result) ? result : integer(BigInt(left) + BigInt(sign) * BigInt(right));
      }
      const a = fastScale(left);
      const b = fastScale(right);
      if (a >= 0 && b >= 0) {
        const scale = Math.max(a, b);
        const power = POWERS_OF_TEN[scale] as number;
        const shifted = Math.round(left * power) + sign * Math.round(right * power);
        if (shifted < FAST_LIMIT && shifted > -FAST_LIMIT) return fastResult(shifted, scale);
      }
    }
    const a = partsOf(left);
    const b = partsOf(right);
    const scale = Math.max(a.scale, b.scale);
    const total =
      a.coefficient * powerOfTen(scale - a.scale) + BigInt(sign) * b.coefficient * powerOfTen(scale - b.scale);
    return result(total, scale, left, right);
  };

  const result = (coefficient: bigint, scale: number, left: SqlNumber, right: SqlNumber): NumberResult =>
    decimal(coefficient, scale, keepWhole && !(isInt(left) && isInt(right)));

  return {
    keepWhole,
    add: (left, right) => sum(left, right, 1),
    subtract: (left, right) => sum(left, right, -1),

    multiply(left, right) {
      if (typeof left === 'number' && typeof right === 'number') {
        if (Number.isInteger(left) && Number.isInteger(right)) {
          const product = left * right;
          if (Number.isSafeInteger(product)) return product;
        } else {
          const a = fastScale(left);
          const b = fastScale(right);
          if (a >= 0 && b >= 0) {
            const x = Math.round(left * (POWERS_OF_TEN[a] as number));
            const y = Math.round(right * (POWERS_OF_TEN[b] as number));
            const shifted = x * y;
            if (shifted < FAST_LIMIT && shifted > -FAST_LIMIT) return fastResult(shifted, a + b);
          }
        }
      }
      const a = partsOf(left);
      const b = partsOf(right);
      return result(a.coefficient * b.coefficient, a.scale + b.scale, left, right);
    },

    /**
     * Int by Int: under 2015-10-08 an Int, the fraction cut off ("Operators", "/ operator"). Under 2016-03-23, which
     * does not tell 10.0 from 10, a Decimal where it has to be: "SET clause" shows (75 - 32) * 5 / 9 as 23.89.
     */
    divide(left, right) {
      if (typeof left === 'number' && typeof right === 'number' && Number.isInteger(left) && Number.isInteger(right)) {
        if (right === 0) return undefined;
        const rest = left % right;
        if (keepWhole || rest === 0) return (left - rest) / right;
        const quotient = exactQuotient(left, right);
        if (quotient !== undefined) return quotient;
      }
      if (typeof left === 'number' && typeof right === 'number' && !(keepWhole && isInt(left) && isInt(right))) {
        const quotient = quickQuotient(left, right);
        if (quotient !== undefined) return quotient;
      }
      const a = quickParts(left);
      const b = quickParts(right);
      if (b.coefficient === 0n) return undefined;
      if (keepWhole && isInt(left) && isInt(right)) return integer(a.coefficient / b.coefficient);
      // two digits beyond the precision, and a sticky digit, so that one rounding decides
      const sign = b.coefficient < 0n ? -1n : 1n;
      const divisor = b.coefficient * sign;
      const shift = Math.max(0, MAX_DIGITS + 3 + String(divisor).length - String(a.coefficient).length);
      const dividend = a.coefficient * sign * powerOfTen(shift);
      const sticky = dividend % divisor === 0n ? 0n : dividend < 0n ? -1n : 1n;
      return decimal((dividend / divisor) * 10n + sticky, a.scale - b.scale + shift + 1, keepWhole);
    },

    remainder(left, right) {
      if (typeof left === 'number' && typeof right === 'number' && Number.isInteger(left) && Number.isInteger(right)) {
        return right === 0 ? undefined : left % right;
      }
      const a = partsOf(left);
      const b = partsOf(right);
      if (b.coefficient === 0n) return undefined;
      const scale = Math.max(a.scale, b.scale);
      const x = a.coefficient * powerOfTen(scale - a.scale);
      const y = b.coefficient * powerOfTen(scale - b.scale);
      return result(x % y, scale, left, right);
    },

    negate(value) {
      if (typeof value === 'number') return -value;
      if (typeof value === 'bigint') return integer(-value);
      return new Decimal(-value.coefficient, value.scale);
    },

    fromDouble(value) {
      if (!Number.isFinite(value)) return undefined;
      if (!keepWhole && Number.isSafeInteger(value)) return value;
      if (!Number.isInteger(value)) return value;
      const { coefficient, scale } = partsOfText(String(value));
      return decimal(coefficient, scale, keepWhole);
    },

    fromText(text) {
      const { coefficient, scale } = partsOfText(text);
      if (!/[.eE]/.test(text)) {
        return String(coefficient).length > MAX_DIGITS + 1 ? decimal(coefficient, 0, false) : integer(coefficient);
      }
      return decimal(coefficient, scale, keepWhole);
    },

    asDecimal(value) {
      if (!keepWhole || !isInt(value)) return value;
      return new Decimal(BigInt(value), 0);
    },
  };
}

const NUMBERS_2015 = createNumbers(true);
const NUMBERS_2016 = createNumbers(false);

export function numbersOf(version: SqlVersion): Numbers {
  return version === '2015-10-08' ? NUMBERS_2015 : NUMBERS_2016;
}

/** Truncates towards zero to `places` decimal places, 0 to 34. */
export function truncateTo(numbers: Numbers, value: SqlNumber, places: number): NumberResult {
  if (isInt(value)) return value;
  const { coefficient, scale } = partsOf(value);
  if (scale <= places) return value;
  return decimal(coefficient / powerOfTen(scale - places), places, numbers.keepWhole && places > 0);
}
