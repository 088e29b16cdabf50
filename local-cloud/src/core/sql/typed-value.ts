import type { HiveScalar, HiveType } from './hive-type.ts';

/** A value does not fit the column's type. */
export class ValueError extends Error {
  override readonly name = 'ValueError';
}

const INTEGER_BITS: Partial<Record<HiveScalar, bigint>> = { tinyint: 8n, smallint: 16n, int: 32n, bigint: 64n };

/**
 * A JSON value as the engine's JSON reader takes it for a column, the way the OpenX JSON SerDe reads it: numbers may be
 * text, anything may be a string; keys are found without case.
 *
 * @throws ValueError
 */
export function typedValue(value: unknown, type: HiveType, ignoreCase: boolean): unknown {
  if (value === null || value === undefined) return null;
  switch (type.kind) {
    case 'scalar':
      return scalarValue(value, type.name);
    case 'decimal':
      if (!/^-?\d+(\.\d+)?$/.test(String(value))) throw misfit(value, 'decimal');
      return String(value);
    case 'array':
      if (!Array.isArray(value)) throw misfit(value, 'array');
      return value.map((element) => typedValue(element, type.element, ignoreCase));
    case 'map': {
      const entries = Object.entries(objectOf(value, 'map'));
      return Object.fromEntries(entries.map(([key, member]) => [key, typedValue(member, type.value, ignoreCase)]));
    }
    case 'struct': {
      const members = keyed(objectOf(value, 'struct'), ignoreCase);
      return Object.fromEntries(
        type.fields.map(({ name, type: field }) => [name, typedValue(members.get(name), field, ignoreCase)]),
      );
    }
  }
}

/** Members by name, in lower case where case does not count. */
export function keyed(object: Readonly<Record<string, unknown>>, ignoreCase: boolean): Map<string, unknown> {
  const entries = Object.entries(object);
  return new Map(ignoreCase ? entries.map(([name, value]) => [name.toLowerCase(), value]) : entries);
}

function scalarValue(value: unknown, type: HiveScalar): unknown {
  switch (type) {
    case 'string':
      return typeof value === 'string' ? value : JSON.stringify(value);
    case 'boolean':
      if (typeof value === 'boolean') return value;
      if (value === 'true' || value === 'false') return value === 'true';
      throw misfit(value, type);
    case 'float':
    case 'double': {
      const number =
        typeof value === 'number' ? value : Number(typeof value === 'string' && value !== '' ? value : NaN);
      if (!Number.isFinite(number)) throw misfit(value, type);
      return number;
    }
    case 'date':
      if (typeof value === 'string' && isDay(value)) return value;
      throw misfit(value, type);
    case 'timestamp':
      return timestampText(value);
    default:
      return integer(value, type);
  }
}

function integer(value: unknown, type: HiveScalar): string {
  const text = String(value);
  if (!(typeof value === 'number' || typeof value === 'string') || !/^-?\d+$/.test(text)) throw misfit(value, type);
  const number = BigInt(text);
  if (BigInt.asIntN(Number(INTEGER_BITS[type]), number) !== number) throw misfit(value, type);
  return text;
}

/**
 * Time stamps of the OpenX JSON SerDe (developer guide, "Convert input data format in Amazon Data Firehose"): ISO 8601
 * with Z, with a space, epoch seconds with or without a fraction, epoch milliseconds.
 */
function timestampText(value: unknown): string {
  const text = String(value);
  const parts = /^(\d{4})-(\d{1,2})-(\d{1,2})[T ](\d{2}):(\d{2}):(\d{2})(\.\d{1,9})?(Z?)$/.exec(text);
  if (parts !== null && typeof value === 'string') {
    const [, year, month, day, hour, minute, second, fraction = '', zone] = parts;
    const isZoned = text[10] === 'T';
    const date = `${year}-${month?.padStart(2, '0')}-${day?.padStart(2, '0')}`;
    if (isZoned !== (zone === 'Z') || !isDay(date) || Number(hour) > 23 || Number(minute) > 59 || Number(second) > 59) {
      throw misfit(value, 'timestamp');
    }
    return `${date} ${hour}:${minute}:${second}${fraction}`;
  }
  const epoch = /^(-?\d+)(\.\d+)?$/.exec(text);
  if (epoch === null) throw misfit(value, 'timestamp');
  const [, whole = '', fraction] = epoch;
  // Thirteen digits are milliseconds: as seconds they would be the year 33658 and later.
  const milliseconds =
    fraction === undefined && whole.length >= 13
      ? Number(whole)
      : Math.round(Number(`${whole}${fraction ?? ''}`) * 1000);
  if (Math.abs(milliseconds) > 8.64e15) throw misfit(value, 'timestamp');
  return new Date(milliseconds).toISOString().replace('T', ' ').replace('Z', '');
}

function isDay(text: string): boolean {
  const at = Date.parse(`${text}T00:00:00Z`);
  return /^\d{4}-\d{2}-\d{2}$/.test(text) && !Number.isNaN(at) && new Date(at).toISOString().startsWith(text);
}

function objectOf(value: unknown, type: string): Readonly<Record<string, unknown>> {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw misfit(value, type);
  return value as Readonly<Record<string, unknown>>;
}

function misfit(value: unknown, type: string): ValueError {
  return new ValueError(`${JSON.stringify(value)?.slice(0, 100)} is not a value of the type ${type}`);
}
