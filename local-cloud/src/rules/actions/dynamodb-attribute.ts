import { numberText } from '../values/convert.ts';
import { isNumber } from '../values/numbers.ts';
import { isObject, RawPayload, type SqlValue } from '../values/value.ts';

/** Wire form of a DynamoDB attribute (`AttributeValue`). */
export type Attribute =
  | { S: string }
  | { N: string }
  | { B: Uint8Array }
  | { BOOL: boolean }
  | { NULL: true }
  | { L: Attribute[] }
  | { M: Record<string, Attribute> };

/** The data type is inferred from the value ("DynamoDBv2", "Timestream"). */
export function toAttribute(value: Exclude<SqlValue, undefined>): Attribute {
  if (value === null) return { NULL: true };
  if (typeof value === 'string') return { S: value };
  if (typeof value === 'boolean') return { BOOL: value };
  if (isNumber(value)) return { N: numberText(value) };
  if (value instanceof RawPayload) return { B: value.bytes };
  if (Array.isArray(value)) return { L: value.map((item) => toAttribute(item as Exclude<SqlValue, undefined>)) };
  return { M: isObject(value) ? toItem(value) : {} };
}

export function toItem(value: { readonly [key: string]: SqlValue }): Record<string, Attribute> {
  const item: Record<string, Attribute> = {};
  for (const [key, member] of Object.entries(value)) {
    if (member !== undefined) Object.defineProperty(item, key, { value: toAttribute(member), enumerable: true });
  }
  return item;
}
