import { Decimal, MAX_DIGITS } from './decimal.ts';

/** Digits that one step gives: a remainder below the largest divisor times this unit stays a safe integer. */
const STEP = 6;
const UNIT = 10 ** STEP;
const MAX_DIVISOR = Math.floor(Number.MAX_SAFE_INTEGER / UNIT);
/** A double that falls on these digits has a shorter form; such quotients are left to exact arithmetic. */
const LEAST_DIGITS = 18;

/**
 * `dividend / divisor * 10^-scale` rounded half-even to 34 digits, where the quotient does not end within them. Undefined
 * where it does, and where this way is not open; both are safe integers, the divisor is not zero.
 */
export function longQuotient(dividend: number, divisor: number, scale: number): Decimal | undefined {
  const by = Math.abs(divisor);
  if (by > MAX_DIVISOR) return undefined;
  const from = Math.abs(dividend);
  let rest = from % by;
  const whole = (from - rest) / by;
  let digits = whole === 0 ? '' : String(whole);
  let places = 0;
  while (digits.length <= MAX_DIGITS) {
    if (rest === 0) return undefined;
    const shifted = rest * UNIT;
    rest = shifted % by;
    const step = (shifted - rest) / by;
    places += STEP;
    if (digits !== '') digits += String(step).padStart(STEP, '0');
    else if (step !== 0) digits = String(step);
  }
  if (rest === 0) return undefined;
  // something is left, so that there is no tie
  const dropped = digits.length - MAX_DIGITS;
  const up = digits.charCodeAt(MAX_DIGITS) >= 0x35;
  const last = digits.charCodeAt(MAX_DIGITS - 1) - 0x30;
  if (up && last === 9) return undefined;
  const kept = trimZeros(digits.slice(0, MAX_DIGITS - 1) + String(up ? last + 1 : last));
  if (kept.length < LEAST_DIGITS) return undefined;
  const negative = dividend < 0 !== divisor < 0;
  const total = places - dropped - (MAX_DIGITS - kept.length) + scale;
  return total > 0 ? Decimal.ofDigits(negative ? `-${kept}` : kept, total) : undefined;
}

function trimZeros(digits: string): string {
  let end = digits.length;
  while (end > 1 && digits.charCodeAt(end - 1) === 0x30) end--;
  return end === digits.length ? digits : digits.slice(0, end);
}
