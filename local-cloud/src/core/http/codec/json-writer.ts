import type { NormalizedSchema } from '@smithy/core/schema';
import { writeBase64 } from './scalar-text.ts';
import { ShapeError } from './shape-error.ts';
import { EPOCH_SECONDS, formatTimestamp, timestampFormat } from './timestamps.ts';

/** Turns a handler's value into what `JSON.stringify` writes. Members that the schema does not know are left out. */
export type JsonWriter = (value: unknown) => unknown;

const structures = new WeakMap<object, JsonWriter>();

/** Compiled once per schema. @throws ShapeError for a value of another type: a fault of the handler */
export function jsonWriter(schema: NormalizedSchema): JsonWriter {
  if (schema.isStructSchema()) return structureWriter(schema);
  if (schema.isListSchema()) return listWriter(jsonWriter(schema.getValueSchema()));
  if (schema.isMapSchema()) return mapWriter(jsonWriter(schema.getValueSchema()));
  if (schema.isStringSchema()) return writerOf('string');
  if (schema.isBooleanSchema()) return writerOf('boolean');
  if (schema.isNumericSchema()) return writeNumber;
  if (schema.isBlobSchema()) return writeBase64;
  if (schema.isTimestampSchema()) {
    const format = timestampFormat(schema, EPOCH_SECONDS);
    return (value) =>
      format === EPOCH_SECONDS ? Number(formatTimestamp(value, format)) : formatTimestamp(value, format);
  }
  if (schema.isDocumentSchema()) return (value) => value;
  if (schema.isUnitSchema()) return () => ({});
  throw new Error(`no JSON form is known for ${schema.getName(true)}`);
}

function structureWriter(schema: NormalizedSchema): JsonWriter {
  const raw = schema.getSchema() as object;
  let known = structures.get(raw);
  if (known === undefined) {
    let members: { name: string; wireName: string; write: JsonWriter }[] | undefined;
    known = (value) => {
      if (typeof value !== 'object' || value === null) {
        throw new ShapeError(`a handler gave ${typeof value} for ${schema.getName()}`);
      }
      members ??= [...schema.structIterator()].map(([name, member]) => ({
        name,
        wireName: member.getMergedTraits().jsonName ?? name,
        write: jsonWriter(member),
      }));
      const written: Record<string, unknown> = {};
      for (const { name, wireName, write } of members) {
        const content = (value as Record<string, unknown>)[name];
        if (content === undefined || content === null) continue;
        try {
          written[wireName] = write(content);
        } catch (error) {
          throw error instanceof ShapeError ? error.within(name) : error;
        }
      }
      return written;
    };
    structures.set(raw, known);
  }
  return known;
}

function listWriter(write: JsonWriter): JsonWriter {
  return (value) => {
    if (!Array.isArray(value)) throw new ShapeError(`a handler gave ${typeof value} for a list`);
    return value.map(write);
  };
}

function mapWriter(write: JsonWriter): JsonWriter {
  return (value) => {
    if (typeof value !== 'object' || value === null) throw new ShapeError(`a handler gave ${typeof value} for a map`);
    const written: Record<string, unknown> = {};
    for (const [key, content] of Object.entries(value)) {
      if (content !== undefined && content !== null) written[key] = write(content);
    }
    return written;
  };
}

function writerOf(type: 'string' | 'boolean'): JsonWriter {
  return (value) => {
    if (typeof value === type) return value;
    throw new ShapeError(`a handler gave ${typeof value} for a ${type}`);
  };
}

function writeNumber(value: unknown): unknown {
  if (typeof value === 'bigint' && BigInt(Number(value)) === value) return Number(value);
  if (typeof value !== 'number') throw new ShapeError(`a handler gave ${typeof value} for a number`);
  return Number.isFinite(value) ? value : String(value);
}
