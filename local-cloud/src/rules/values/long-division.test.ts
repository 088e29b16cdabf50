import { seededEntropy } from '../../core/entropy.ts';
import { decimal, powerOfTen } from './decimal.ts';
import { longQuotient } from './long-division.ts';

/** The same by exact arithmetic: 45 digits and a sticky one, then one rounding. */
function exactQuotient(dividend: number, divisor: number, scale: number): string {
  const negative = dividend < 0 !== divisor < 0;
  const from = BigInt(Math.abs(dividend)) * powerOfTen(60);
  const by = BigInt(Math.abs(divisor));
  const digits = (from / by) * 10n + (from % by === 0n ? 0n : 1n);
  return String(decimal(negative ? -digits : digits, scale + 61, false));
}

test.each([
  [2, 3, 0, '0.6666666666666666666666666666666667'],
  [-19675, 9, 2, '-21.86111111111111111111111111111111'],
  [1, 7, 0, '0.1428571428571428571428571428571429'],
  [1, 3, -1, '3.333333333333333333333333333333333'],
])('%d / %d * 10^-%d', (dividend, divisor, scale, expected) => {
  expect(String(longQuotient(dividend, divisor, scale))).toBe(expected);
});

test('a quotient that ends, or a divisor that is too large, is left to exact arithmetic', () => {
  expect(longQuotient(1, 8, 0)).toBeUndefined();
  expect(longQuotient(6, 3, 0)).toBeUndefined();
  expect(longQuotient(1, 9_007_199_255, 0)).toBeUndefined();
});

test('agrees with exact arithmetic on random quotients', () => {
  const entropy = seededEntropy('long division');
  let compared = 0;
  for (let round = 0; round < 20_000; round++) {
    const bytes = entropy.bytes(16);
    const dividend = Math.floor(bytes.readUIntBE(0, 6) / 2 ** (bytes.readUInt8(6) % 40)) * (round % 2 === 0 ? 1 : -1);
    const divisor = Math.max(1, Math.floor(bytes.readUInt32BE(8) / 2 ** (bytes.readUInt8(12) % 30)));
    const scale = (bytes.readUInt8(13) % 13) - 6;
    const quotient = longQuotient(dividend, divisor, scale);
    if (quotient === undefined) continue;
    compared++;
    expect(String(quotient)).toBe(exactQuotient(dividend, divisor, scale));
  }
  expect(compared).toBeGreaterThan(10_000);
});
