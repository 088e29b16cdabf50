/** Digits of an Int or Decimal (AWS IoT developer guide, "Data types"). */
export const MAX_DIGITS = 34;
/** Largest decimal exponent of a Decimal: 9.999…E999. */
const MAX_EXPONENT = 999;

/** `coefficient * 10^-scale`, trailing zeros of the fraction removed. Written by {@link decimal} only. */
export class Decimal {
  readonly scale: number;
  /** Each made of the other when it is asked for. */
  #coefficient: bigint | undefined;
  #digits: string | undefined;

  constructor(coefficient: bigint | undefined, scale: number, digits?: string) {
    this.scale = scale;
    this.#coefficient = coefficient;
    this.#digits = digits;
  }

  /** From the digits of the coefficient, with its sign. */
  static ofDigits(digits: string, scale: number): Decimal {
    return new Decimal(undefined, scale, digits);
  }

  get coefficient(): bigint {
    this.#coefficient ??= BigInt(this.#digits ?? 0);
    return this.#coefficient;
  }

  /** Plain JSON cannot hold it; `writeJson` takes over. */
  toJSON(): never {
    throw INEXACT_JSON;
  }

  /** As Java's BigDecimal prints it: scientific below 1E-6 and for whole numbers with an exponent. */
  toString(): string {
    this.#digits ??= String(this.#coefficient ?? 0n);
    const negative = this.#digits.startsWith('-');
    const digits = negative ? this.#digits.slice(1) : this.#digits;
    const sign = negative ? '-' : '';
    const exponent = digits.length - 1 - this.scale;
    if (this.scale < 0 || exponent < -6) {
      const fraction = digits.slice(1);
      return `${sign}${digits[0]}${fraction === '' ? '' : `.${fraction}`}E${exponent >= 0 ? '+' : ''}${exponent}`;
    }
    if (this.scale === 0) return `${sign}${digits}.0`;
    const padded = digits.padStart(this.scale + 1, '0');
    return `${sign}${padded.slice(0, -this.scale)}.${padded.slice(-this.scale)}`;
  }
}

/** Thrown out of `JSON.stringify` when a number needs more digits than a double has. */
export class InexactJson extends Error {
  override readonly name = 'InexactJson';
}

/** Made once: it only says to take the other way, and a stack trace each time would be dear. */
const INEXACT_JSON = new InexactJson();

const POWERS: bigint[] = [1n];

export function powerOfTen(exponent: number): bigint {
  const known = POWERS[exponent];
  if (known !== undefined) return known;
  const power = 10n ** BigInt(exponent);
  if (exponent <= 2 * MAX_DIGITS) POWERS[exponent] = power;
  return power;
}

function digitCount(value: bigint): number {
  const length = String(value).length;
  return value < 0n ? length - 1 : length;
}

/**
 * The number `coefficient * 10^-scale` in its one canonical form, rounded half-even to 34 digits.
 * `keepWhole` (SQL 2015-10-08) keeps whole numbers as Decimals; else they are Ints.
 * Undefined when the magnitude is outside 1E-999 … 9.999E999.
 */
export function decimal(coefficient: bigint, scale: number, keepWhole: boolean): number | bigint | Decimal | undefined {
  let digits = coefficient;
  let places = scale;
  let count = digitCount(digits);
  if (count > MAX_DIGITS) {
    digits = divideHalfEven(digits, powerOfTen(count - MAX_DIGITS));
    places -= count - MAX_DIGITS;
    count = digitCount(digits);
  }
  while (places > 0 && digits % 10n === 0n) {
    digits /= 10n;
    places--;
    if (count > 1) count--;
  }
  const exponent = count - 1 - places;
  if (digits !== 0n && (exponent > MAX_EXPONENT || exponent < -MAX_EXPONENT)) return undefined;
  if (places <= 0) return whole(digits, places, count, keepWhole);
  return fraction(digits, places, count);
}

function whole(digits: bigint, places: number, count: number, keepWhole: boolean): number | bigint | Decimal {
  if (count - places > MAX_DIGITS) return new Decimal(digits, places);
  const value = places === 0 ? digits : digits * powerOfTen(-places);
  return keepWhole ? new Decimal(value, 0) : integer(value);
}

function fraction(digits: bigint, places: number, count: number): number | Decimal {
  if (count > 17 || places >= 300) return new Decimal(digits, places);
  const double = Number(`${digits}e-${places}`);
  if (count <= 15) return double;
  const back = partsOf(double);
  return back.coefficient === digits && back.scale === places ? double : new Decimal(digits, places);
}

/** An Int in its canonical form. */
export function integer(value: bigint): number | bigint {
  return value >= BigInt(Number.MIN_SAFE_INTEGER) && value <= BigInt(Number.MAX_SAFE_INTEGER) ? Number(value) : value;
}

export interface DecimalParts {
  readonly coefficient: bigint;
  readonly scale: number;
}

/** The exact decimal that a SQL number stands for. */
export function partsOf(value: number | bigint | Decimal): DecimalParts {
  if (typeof value === 'bigint') return { coefficient: value, scale: 0 };
  if (typeof value !== 'number') return value;
  if (Number.isSafeInteger(value)) return { coefficient: BigInt(value), scale: 0 };
  return partsOfText(String(value));
}

/** Reads a JSON number; the caller knows that `text` is one. */
export function partsOfText(text: string): DecimalParts {
  const [mantissa, exponent] = text.split(/[eE]/) as [string, string | undefined];
  const point = mantissa.indexOf('.');
  const shift = exponent === undefined ? 0 : Number(exponent);
  if (point < 0) return { coefficient: BigInt(mantissa), scale: -shift };
  const digits = mantissa.slice(0, point) + mantissa.slice(point + 1);
  return { coefficient: BigInt(digits), scale: mantissa.length - point - 1 - shift };
}

/** Quotient rounded to the nearest integer, ties to even; the divisor is positive. */
export function divideHalfEven(dividend: bigint, divisor: bigint): bigint {
  const quotient = dividend / divisor;
  const rest = dividend % divisor;
  const twice = (rest < 0n ? -rest : rest) * 2n;
  const odd = quotient % 2n !== 0n;
  if (twice < divisor || (twice === divisor && !odd)) return quotient;
  return dividend < 0n ? quotient - 1n : quotient + 1n;
}
