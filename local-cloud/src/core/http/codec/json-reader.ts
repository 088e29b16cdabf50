import type { NormalizedSchema } from '@smithy/core/schema';
import { requiredMembersOf } from './required-members.ts';
import { readBase64 } from './scalar-text.ts';
import { mismatch, ShapeError } from './shape-error.ts';
import { DATE_TIME, EPOCH_SECONDS, HTTP_DATE, parseTimestamp, timestampFormat } from './timestamps.ts';

type Read = (value: unknown, notes: Notes) => unknown;

/** What a reader notices besides values. */
interface Notes {
  missing: boolean;
}

export interface JsonReading {
  readonly value: unknown;
  /** Some required member is absent, at any depth. */
  readonly missing: boolean;
}

/**
 * A strict reader of parsed JSON, compiled once per schema. Unlike AWS, which ignores them, it refuses unknown members:
 * they come from a client newer than the schemas, and must not be dropped without a word.
 *
 * @throws ShapeError when the value does not fit
 */
export function jsonReader(schema: NormalizedSchema): (value: unknown) => JsonReading {
  const read = compile(schema);
  return (value) => {
    const notes: Notes = { missing: false };
    return { value: read(value, notes), missing: notes.missing };
  };
}

/** By raw structure schema: structures may hold themselves. */
const structures = new WeakMap<object, Read>();

function compile(schema: NormalizedSchema): Read {
  if (schema.isStructSchema()) return structureReader(schema);
  if (schema.isListSchema()) return listReader(compile(schema.getValueSchema()));
  if (schema.isMapSchema()) return mapReader(compile(schema.getValueSchema()));
  if (schema.isStringSchema()) return readString;
  if (schema.isBooleanSchema()) return readBoolean;
  if (schema.isNumericSchema()) return readNumber;
  if (schema.isBlobSchema()) return readBlob;
  if (schema.isTimestampSchema()) return timestampReader(schema);
  if (schema.isDocumentSchema()) return (value) => value;
  if (schema.isUnitSchema()) return () => ({});
  throw new Error(`no JSON form is known for ${schema.getName(true)}`);
}

function structureReader(schema: NormalizedSchema): Read {
  const raw = schema.getSchema() as object;
  let known = structures.get(raw);
  if (known === undefined) {
    let members: Map<string, { name: string; read: Read }> | undefined;
    const required = requiredMembersOf(schema);
    const union = schema.isUnionSchema();
    const shape = schema.getName() ?? 'structure';
    known = (value, notes) => {
      if (typeof value !== 'object' || value === null || Array.isArray(value)) throw mismatch(value, `a ${shape}`);
      members ??= membersOf(schema);
      const structure: Record<string, unknown> = {};
      let count = 0;
      for (const wireName in value) {
        const member = members.get(wireName);
        const content = (value as Record<string, unknown>)[wireName];
        if (member === undefined) {
          if (wireName === '__type') continue;
          throw new ShapeError(`${shape} has no member '${wireName}'`);
        }
        if (content === null || content === undefined) continue;
        count++;
        try {
          structure[member.name] = member.read(content, notes);
        } catch (error) {
          throw error instanceof ShapeError ? error.within(wireName) : error;
        }
      }
      if (union && count !== 1) throw new ShapeError(`${shape} must have exactly one member set`);
      for (const name of required) if (structure[name] === undefined) notes.missing = true;
      return structure;
    };
    structures.set(raw, known);
  }
  return known;
}

function membersOf(schema: NormalizedSchema): Map<string, { name: string; read: Read }> {
  const members = new Map<string, { name: string; read: Read }>();
  for (const [name, member] of schema.structIterator()) {
    const { jsonName } = member.getMergedTraits();
    members.set(jsonName ?? name, { name, read: compile(member) });
  }
  return members;
}

function listReader(read: Read): Read {
  return (value, notes) => {
    if (!Array.isArray(value)) throw mismatch(value, 'a List');
    const list = new Array<unknown>(value.length);
    for (let index = 0; index < value.length; index++) {
      try {
        list[index] = read(value[index], notes);
      } catch (error) {
        throw error instanceof ShapeError ? error.within(index) : error;
      }
    }
    return list;
  };
}

function mapReader(read: Read): Read {
  return (value, notes) => {
    if (typeof value !== 'object' || value === null || Array.isArray(value)) throw mismatch(value, 'a Map');
    const map: Record<string, unknown> = {};
    for (const [key, content] of Object.entries(value)) {
      if (key === '__proto__') throw new ShapeError("'__proto__' is no key of a map");
      if (content === null) continue;
      try {
        map[key] = read(content, notes);
      } catch (error) {
        throw error instanceof ShapeError ? error.within(key) : error;
      }
    }
    return map;
  };
}

function readString(value: unknown): string {
  if (typeof value !== 'string') throw mismatch(value, 'a String');
  return value;
}

function readBoolean(value: unknown): boolean {
  if (typeof value !== 'boolean') throw mismatch(value, 'a Boolean');
  return value;
}

function readNumber(value: unknown): number {
  if (typeof value === 'number' && Number.isFinite(value)) return value;
  if (value === 'NaN' || value === 'Infinity' || value === '-Infinity') return Number(value);
  throw mismatch(value, 'a Number');
}

function readBlob(value: unknown): Buffer {
  if (typeof value !== 'string') throw mismatch(value, 'a Blob');
  return readBase64(value);
}

function timestampReader(schema: NormalizedSchema): Read {
  const format = timestampFormat(schema, EPOCH_SECONDS);
  return (value) => {
    if (format === EPOCH_SECONDS) {
      if (typeof value !== 'number') throw mismatch(value, 'a Timestamp');
      return parseTimestamp(String(value), EPOCH_SECONDS);
    }
    if (typeof value !== 'string') throw mismatch(value, 'a Timestamp');
    return parseTimestamp(value, format === DATE_TIME ? DATE_TIME : HTTP_DATE);
  };
}
