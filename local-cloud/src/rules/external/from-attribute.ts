import { setOwn } from '../values/json.ts';
import type { Numbers } from '../values/numbers.ts';
import type { SqlValue } from '../values/value.ts';

/** Wire form of a DynamoDB attribute, sets included. */
export interface ReadAttribute {
  readonly S?: string;
  readonly N?: string;
  readonly B?: Uint8Array;
  readonly BOOL?: boolean;
  readonly NULL?: boolean;
  readonly L?: readonly ReadAttribute[];
  readonly M?: Readonly<Record<string, ReadAttribute>>;
  readonly SS?: readonly string[];
  readonly NS?: readonly string[];
  readonly BS?: readonly Uint8Array[];
}

/** Plain value of an attribute: sets become arrays, binary becomes base64. */
export function fromAttribute(attribute: ReadAttribute, numbers: Numbers): SqlValue {
  const base64 = (bytes: Uint8Array): string => Buffer.from(bytes).toString('base64');
  if (attribute.S !== undefined) return attribute.S;
  if (attribute.N !== undefined) return numbers.fromText(attribute.N);
  if (attribute.BOOL !== undefined) return attribute.BOOL;
  if (attribute.B !== undefined) return base64(attribute.B);
  if (attribute.L !== undefined) return attribute.L.map((item) => fromAttribute(item, numbers));
  if (attribute.SS !== undefined) return attribute.SS;
  if (attribute.NS !== undefined) return attribute.NS.map((text) => numbers.fromText(text));
  if (attribute.BS !== undefined) return attribute.BS.map(base64);
  if (attribute.M === undefined) return null;
  const object: Record<string, SqlValue> = {};
  for (const [name, member] of Object.entries(attribute.M)) setOwn(object, name, fromAttribute(member, numbers));
  return object;
}
