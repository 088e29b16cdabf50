import { compareNumbers, isNumber } from './numbers.ts';
import { RawPayload, type SqlObject, type SqlValue } from './value.ts';

/**
 * The `=` operator (AWS IoT developer guide, "Operators"): Undefined on either side gives Undefined, values of
 * different types are unequal, Ints and Decimals compare as numbers.
 */
export function equal(left: SqlValue, right: SqlValue): boolean | undefined {
  if (left === undefined || right === undefined) return undefined;
  return sameValue(left, right);
}

function sameValue(left: SqlValue, right: SqlValue): boolean {
  if (left === right) return true;
  if (isNumber(left) && isNumber(right)) return compareNumbers(left, right) === 0;
  if (typeof left !== 'object' || typeof right !== 'object' || left === null || right === null) return false;
  if (left instanceof RawPayload || right instanceof RawPayload) {
    return left instanceof RawPayload && right instanceof RawPayload && left.bytes.equals(right.bytes);
  }
  if (Array.isArray(left) || Array.isArray(right)) {
    if (!Array.isArray(left) || !Array.isArray(right) || left.length !== right.length) return false;
    return left.every((item, index) => sameValue(item, right[index]));
  }
  if (isNumber(left) || isNumber(right)) return false;
  return sameMembers(left as SqlObject, right as SqlObject);
}

function sameMembers(left: SqlObject, right: SqlObject): boolean {
  const keys = Object.keys(left);
  if (keys.length !== Object.keys(right).length) return false;
  return keys.every((key) => Object.hasOwn(right, key) && sameValue(left[key], right[key]));
}
