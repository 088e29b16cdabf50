import { seededEntropy } from '../../core/entropy.ts';
import { partsOfText, powerOfTen } from './decimal.ts';
import { compareNumbers, numbersOf, roundToInt } from './numbers.ts';
import type { SqlNumber } from './value.ts';

const v2 = numbersOf('2016-03-23');
const v1 = numbersOf('2015-10-08');
const entropy = seededEntropy('numbers');

function random(below: number): number {
  return entropy.bytes(4).readUInt32BE(0) % below;
}

/** Decimal text of up to `digits` digits with a point somewhere, or none. */
function randomText(digits: number): string {
  const count = 1 + random(digits);
  const all = Array.from({ length: count }, () => random(10)).join('');
  const point = random(count + 1);
  const text = point === 0 || point === count ? all : `${all.slice(0, point)}.${all.slice(point)}`;
  return `${random(2) === 0 ? '-' : ''}${text.replace(/^0+(?=\d)/, '')}`;
}

/** Value as a fraction with a common denominator, exact. */
function scaled(text: string, scale: number): bigint {
  const parts = partsOfText(text);
  return parts.coefficient * powerOfTen(scale - parts.scale);
}

function textOf(value: SqlNumber | undefined): string {
  return String(value).replace('e', 'E');
}

/** Compares with what exact arithmetic gives, at a scale no result here exceeds. */
function same(actual: SqlNumber | undefined, exact: bigint, scale: number): void {
  const parts = partsOfText(textOf(actual).replace(/\.0$/, ''));
  expect([textOf(actual), parts.coefficient * powerOfTen(scale - parts.scale)]).toEqual([textOf(actual), exact]);
}

test('sums, differences and products of up to 15 digits are exact decimals', () => {
  for (let round = 0; round < 5000; round++) {
    const [a, b] = [randomText(15), randomText(15)];
    const [x, y] = [v2.fromText(a) as SqlNumber, v2.fromText(b) as SqlNumber];
    same(v2.add(x, y), scaled(a, 40) + scaled(b, 40), 40);
    same(v2.subtract(x, y), scaled(a, 40) - scaled(b, 40), 40);
    same(v2.multiply(x, y), scaled(a, 40) * scaled(b, 40), 80);
    expect(Math.sign(compareNumbers(x, y))).toBe(Math.sign(Number(scaled(a, 40) - scaled(b, 40))));
  }
});

test('quotients are right to 34 digits, rounded half to even', () => {
  for (let round = 0; round < 3000; round++) {
    const [a, b] = [randomText(12), randomText(12)];
    const [x, y] = [v1.asDecimal(v1.fromText(a) as SqlNumber) as SqlNumber, v1.fromText(b) as SqlNumber];
    const divisor = scaled(b, 12);
    if (divisor === 0n) continue;
    const quotient = v1.divide(x, y);
    const parts = partsOfText(textOf(quotient).replace(/\.0$/, ''));
    // |q * b - a| is at most half a unit of the 34th digit
    const scale = 60;
    const error = parts.coefficient * powerOfTen(scale - parts.scale) * divisor - scaled(a, 12) * powerOfTen(scale);
    const digits = String(parts.coefficient).replace('-', '').length;
    const unit = powerOfTen(Math.max(0, scale - parts.scale - (34 - digits)));
    const magnitude = error < 0n ? -error : error;
    expect(magnitude * 2n <= unit * (divisor < 0n ? -divisor : divisor)).toBe(true);
  }
});

test.each([
  ['1', '3', '0.3333333333333333333333333333333333'],
  ['2', '3', '0.6666666666666666666666666666666667'],
  ['1', '8', '0.125'],
  ['-10.5', '0.5', '-21.0'],
  ['1', '0', 'undefined'],
])('%s / %s = %s as Decimals', (a, b, expected) => {
  const [x, y] = [v1.asDecimal(v1.fromText(a) as SqlNumber), v1.asDecimal(v1.fromText(b) as SqlNumber)];
  expect(String(v1.divide(x as SqlNumber, y as SqlNumber))).toBe(expected);
});

test('Ints keep all their digits and divide to Ints', () => {
  const big = v2.fromText('9007199254740993') as SqlNumber;
  expect(big).toBe(9007199254740993n);
  expect(v2.add(big, 1)).toBe(9007199254740994n);
  expect(v2.add(Number.MAX_SAFE_INTEGER, 1)).toBe(9007199254740992n);
  expect(v2.multiply(3037000500, 3037000500)).toBe(9223372037000250000n);
  expect(v2.remainder(-7, 2)).toBe(-1);
  expect(v2.subtract(9007199254740993n, 9007199254740990n)).toBe(3);
});

test('Ints divide to Ints under 2015-10-08 and exactly under 2016-03-23', () => {
  expect(v1.divide(7, -2)).toBe(-3);
  expect(v2.divide(7, -2)).toBe(-3.5);
  expect(v2.divide(6, 3)).toBe(2);
  expect(String(v2.divide(215, 9))).toBe('23.88888888888888888888888888888889');
  expect(v2.divide(9007199254740993n, 2)).toEqual(v2.fromText('4503599627370496.5'));
  for (let round = 0; round < 2000; round++) {
    const [a, b] = [random(2_000_000) - 1_000_000, random(4000) + 1];
    const quotient = v2.divide(a, b) as SqlNumber;
    const exact = v1.divide(v1.asDecimal(a) as SqlNumber, b) as SqlNumber;
    expect(compareNumbers(quotient, exact)).toBe(0);
  }
});

test('whole decimals are Ints under 2016-03-23 and stay Decimals under 2015-10-08', () => {
  expect(v2.fromText('10.0')).toBe(10);
  expect(String(v1.fromText('10.0'))).toBe('10.0');
  expect(v2.add(1.5, 1.5)).toBe(3);
  expect(String(v1.add(1.5, 1.5))).toBe('3.0');
  expect(v1.add(1, 2)).toBe(3);
  expect(String(v1.fromText('5E3'))).toBe('5000.0');
  expect(v2.fromText('5E3')).toBe(5000);
});

test('magnitudes outside 1E-999 … 9.999E999 are Undefined', () => {
  expect(String(v2.fromText('1E999'))).toBe('1E+999');
  expect(v2.fromText('1E1000')).toBeUndefined();
  expect(String(v2.fromText('1E-999'))).toBe('1E-999');
  expect(v2.fromText('1E-1000')).toBeUndefined();
  expect(v2.multiply(v2.fromText('1E600') as SqlNumber, v2.fromText('1E600') as SqlNumber)).toBeUndefined();
});

test.each([
  ['2.5', 'nearest', 3],
  ['-2.5', 'nearest', -3],
  ['2.5', 'floor', 2],
  ['-2.5', 'floor', -3],
  ['-2.5', 'ceiling', -2],
  ['-2.5', 'truncate', -2],
  ['0.49999999999999999999', 'nearest', 0],
  ['0.5', 'nearest', 1],
] as const)('%s to %s is %d', (text, rounding, expected) => {
  expect(roundToInt(v2.fromText(text) as SqlNumber, rounding)).toBe(expected);
});
