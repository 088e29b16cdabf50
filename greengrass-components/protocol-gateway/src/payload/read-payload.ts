import { decode } from 'cbor-x/decode';
import type { PayloadFormat } from '../configuration/coap-source.ts';
import { type FoundValue, isSenml, readSenml } from './senml.ts';

/** Where a point finds its value. */
export interface Place {
  readonly pointer?: string;
  readonly record?: string;
}

export class PayloadRefused extends Error {
  override readonly name = 'PayloadRefused';
}

/** Finds values in what a source sent. Undefined: there is none at that place. */
export type PayloadReader = (place: Place) => FoundValue | undefined;

/**
 * @param type media type that the source names
 * @param now ms since the epoch, for relative times
 * @throws PayloadRefused when it is not of its format
 */
export function readPayload(
  payload: Uint8Array,
  format: PayloadFormat,
  type: string | undefined,
  now: number,
): PayloadReader {
  const chosen = format === 'auto' ? formatOf(type, payload) : format;
  if (chosen === 'text') {
    const raw = plainValue(Buffer.from(payload).toString('utf8').trim());
    if (raw === undefined) throw new PayloadRefused('is no plain number');
    return ({ pointer, record }) => (pointer === undefined && record === undefined ? { raw } : undefined);
  }
  const document = chosen === 'cbor' ? fromCbor(payload) : fromJson(payload);
  if (chosen === 'senml-json' || (format === 'auto' && isSenml(document))) {
    const records = readSenml(document, now);
    return ({ record }) => {
      if (record !== undefined) return records.get(record);
      const [only] = records.values();
      return records.size === 1 ? only : undefined;
    };
  }
  return ({ pointer = '', record }) => {
    const raw = record === undefined ? readableValue(at(document, pointer)) : undefined;
    return raw === undefined ? undefined : { raw };
  };
}

function formatOf(type: string | undefined, payload: Uint8Array): Exclude<PayloadFormat, 'auto'> {
  if (type?.startsWith('application/senml+json')) return 'senml-json';
  if (type?.startsWith('application/json')) return 'json';
  if (type?.startsWith('application/cbor')) return 'cbor';
  if (type?.startsWith('text/plain')) return 'text';
  if (type !== undefined) throw new PayloadRefused(`is ${type}, which the gateway does not read`);
  // Nothing says what it is: JSON documents begin with a brace or a bracket.
  const [first] = payload;
  return first === 0x7b || first === 0x5b ? 'json' : 'text';
}

function fromJson(payload: Uint8Array): unknown {
  try {
    return JSON.parse(Buffer.from(payload).toString('utf8'));
  } catch {
    throw new PayloadRefused('is no JSON');
  }
}

function fromCbor(payload: Uint8Array): unknown {
  try {
    return decode(Buffer.from(payload));
  } catch {
    throw new PayloadRefused('is no CBOR');
  }
}

/** RFC 6901. */
function at(document: unknown, pointer: string): unknown {
  let found = document;
  for (const token of pointer.split('/').slice(1)) {
    const key = token.replaceAll('~1', '/').replaceAll('~0', '~');
    if (typeof found !== 'object' || found === null || !Object.hasOwn(found, key)) return undefined;
    found = (found as Record<string, unknown>)[key];
  }
  return found;
}

function readableValue(found: unknown): number | boolean | undefined {
  if (typeof found === 'number' || typeof found === 'boolean') return found;
  if (typeof found === 'bigint') return Number(found);
  return typeof found === 'string' ? plainValue(found) : undefined;
}

function plainValue(text: string): number | boolean | undefined {
  if (text === 'true' || text === 'false') return text === 'true';
  return /^[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?$/.test(text) ? Number(text) : undefined;
}
