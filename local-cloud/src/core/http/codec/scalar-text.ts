import type { NormalizedSchema } from '@smithy/core/schema';
import { ShapeError } from './shape-error.ts';
import { formatTimestamp, parseTimestamp, type TimestampFormat, timestampFormat } from './timestamps.ts';

/** Scalars as text: in XML elements, query parameters, headers and path labels. */
export type TextReader = (text: string) => unknown;
export type TextWriter = (value: unknown) => string;

export function textReader(schema: NormalizedSchema, timestamps: TimestampFormat): TextReader {
  if (schema.isStringSchema()) return (text) => text;
  if (schema.isBooleanSchema()) return readBoolean;
  if (schema.isNumericSchema()) return readNumber;
  if (schema.isBlobSchema()) return readBase64;
  if (schema.isTimestampSchema()) {
    const format = timestampFormat(schema, timestamps);
    return (text) => parseTimestamp(text, format);
  }
  throw new Error(`no text form is known for ${schema.getName(true)}`);
}

export function textWriter(schema: NormalizedSchema, timestamps: TimestampFormat): TextWriter {
  if (schema.isStringSchema()) return writeString;
  if (schema.isBooleanSchema()) return writeBoolean;
  if (schema.isNumericSchema()) return writeNumber;
  if (schema.isBlobSchema()) return writeBase64;
  if (schema.isTimestampSchema()) {
    const format = timestampFormat(schema, timestamps);
    return (value) => formatTimestamp(value, format);
  }
  throw new Error(`no text form is known for ${schema.getName(true)}`);
}

function readBoolean(text: string): boolean {
  if (text !== 'true' && text !== 'false') throw new ShapeError(`'${text}' is not true or false`);
  return text === 'true';
}

const NUMBER = /^[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d+)?$/;

function readNumber(text: string): number {
  if (text === 'NaN' || text === 'Infinity' || text === '-Infinity') return Number(text);
  if (!NUMBER.test(text)) throw new ShapeError(`'${text}' is not a number`);
  return Number(text);
}

/** Also in JSON. Padding may be missing, other characters may not be there. */
export function readBase64(text: string): Buffer {
  if (!/^[A-Za-z0-9+/]*={0,2}$/.test(text)) throw new ShapeError('the value is not valid base64');
  return Buffer.from(text, 'base64');
}

function writeString(value: unknown): string {
  if (typeof value === 'string') return value;
  throw new ShapeError(`a handler gave ${typeof value} for a string`);
}

function writeBoolean(value: unknown): string {
  if (typeof value === 'boolean') return String(value);
  throw new ShapeError(`a handler gave ${typeof value} for a boolean`);
}

function writeNumber(value: unknown): string {
  if (typeof value === 'number' || typeof value === 'bigint') return String(value);
  throw new ShapeError(`a handler gave ${typeof value} for a number`);
}

export function writeBase64(value: unknown): string {
  if (typeof value === 'string') return Buffer.from(value).toString('base64');
  if (value instanceof Uint8Array) {
    return Buffer.from(value.buffer, value.byteOffset, value.byteLength).toString('base64');
  }
  throw new ShapeError(`a handler gave ${typeof value} for bytes`);
}
