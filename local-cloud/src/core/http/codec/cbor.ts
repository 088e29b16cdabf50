import { tag } from '@smithy/core/cbor';
import type { NormalizedSchema } from '@smithy/core/schema';
import { ShapeError } from './shape-error.ts';

/** CBOR's tag of a time in seconds since the epoch (RFC 8949 §3.4.2). */
const EPOCH = 1;

/** What CBOR can say and JSON cannot, in JSON's form: bytes, tagged times, large integers, numbers that are not finite. */
export function jsonOfCbor(value: unknown): unknown {
  if (typeof value === 'bigint') return Number(value);
  if (typeof value === 'number') return Number.isFinite(value) ? value : String(value);
  if (typeof value !== 'object' || value === null) return value;
  if (value instanceof Date) return value.getTime() / 1000;
  if (value instanceof Uint8Array) return Buffer.from(value).toString('base64');
  if (Array.isArray(value)) return value.map(jsonOfCbor);
  if (isTag(value)) {
    if (Number(value.tag) !== EPOCH) throw new ShapeError(`CBOR tag ${value.tag} is not known`);
    return jsonOfCbor(value.value);
  }
  return Object.fromEntries(Object.entries(value).map(([name, content]) => [name, jsonOfCbor(content)]));
}

type Writer = (value: unknown) => unknown;

/** Turns a handler's value into what the encoder writes. @throws ShapeError for a value of another type */
export function cborWriter(schema: NormalizedSchema): Writer {
  if (schema.isStructSchema()) return structureWriter(schema);
  if (schema.isListSchema()) {
    const write = cborWriter(schema.getValueSchema());
    return (value) => {
      if (!Array.isArray(value)) throw new ShapeError(`a handler gave ${typeof value} for a list`);
      return value.map(write);
    };
  }
  if (schema.isMapSchema()) {
    const write = cborWriter(schema.getValueSchema());
    return (value) =>
      Object.fromEntries(
        Object.entries(value as object)
          .filter(([, content]) => content !== undefined && content !== null)
          .map(([key, content]) => [key, write(content)]),
      );
  }
  if (schema.isTimestampSchema()) {
    return (value) => {
      if (!(value instanceof Date)) throw new ShapeError(`a handler gave ${typeof value} for a timestamp`);
      return tag({ tag: EPOCH, value: value.getTime() / 1000 });
    };
  }
  return (value) => value;
}

const structures = new WeakMap<object, Writer>();

function structureWriter(schema: NormalizedSchema): Writer {
  const raw = schema.getSchema() as object;
  let known = structures.get(raw);
  if (known === undefined) {
    let members: [name: string, write: Writer][] | undefined;
    known = (value) => {
      if (typeof value !== 'object' || value === null) {
        throw new ShapeError(`a handler gave ${typeof value} for ${schema.getName()}`);
      }
      members ??= [...schema.structIterator()].map(([name, member]) => [name, cborWriter(member)]);
      const written: Record<string, unknown> = {};
      for (const [name, write] of members) {
        const content = (value as Record<string, unknown>)[name];
        if (content !== undefined && content !== null) written[name] = write(content);
      }
      return written;
    };
    structures.set(raw, known);
  }
  return known;
}

function isTag(value: object): value is { tag: number | bigint; value: unknown } {
  return 'tag' in value && 'value' in value && Object.getOwnPropertySymbols(value).length > 0;
}
