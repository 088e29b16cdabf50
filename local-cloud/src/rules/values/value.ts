import type { Decimal } from './decimal.ts';

/**
 * Values of the rule SQL (AWS IoT developer guide, "Data types").
 *
 * INVARIANTS
 * - Int: a safe integer `number`, or a `bigint` beyond 2^53.
 * - Decimal: a `number` that is no integer and whose shortest notation is the exact value, or a {@link Decimal} where a
 *   double would lose digits or, under SQL 2015-10-08, where the value is a whole number (`10.0`).
 * - Undefined is `undefined`. Objects may hold it (JSON leaves the key out), arrays never do.
 */
export type SqlNumber = number | bigint | Decimal;

export type SqlValue =
  | undefined
  | null
  | boolean
  | string
  | SqlNumber
  | RawPayload
  | readonly SqlValue[]
  | { readonly [key: string]: SqlValue };

export type SqlObject = { readonly [key: string]: SqlValue };

/** What `*` gives for a payload that is no JSON document: the bytes as they came ("Working with binary payloads"). */
export class RawPayload {
  readonly bytes: Buffer;

  constructor(bytes: Buffer) {
    this.bytes = bytes;
  }

  /** Inside JSON, raw bytes are base64 text. */
  toJSON(): string {
    return this.bytes.toString('base64');
  }
}

/** A JSON object, as opposed to arrays and to numbers and bytes that are held in classes. */
export function isObject(value: SqlValue): value is SqlObject {
  return typeof value === 'object' && value !== null && Object.getPrototypeOf(value) === Object.prototype;
}

/** Versions of the rule SQL. `beta` is AWS's name for the newest one and is kept as it was given. */
export const SQL_VERSIONS = ['2015-10-08', '2016-03-23', 'beta'] as const;

export type SqlVersion = (typeof SQL_VERSIONS)[number];

/** Version of a rule that states none ("Creating an AWS IoT rule"). */
export const DEFAULT_SQL_VERSION: SqlVersion = '2015-10-08';

export function isSqlVersion(text: string): text is SqlVersion {
  return (SQL_VERSIONS as readonly string[]).includes(text);
}
