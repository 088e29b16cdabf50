import type { NormalizedSchema } from '@smithy/core/schema';
import { ShapeError } from './shape-error.ts';

/** Smithy's timestamp formats, by the numbers that the SDK's schemas give them. */
export const DATE_TIME = 5;
export const HTTP_DATE = 6;
export const EPOCH_SECONDS = 7;

export type TimestampFormat = typeof DATE_TIME | typeof HTTP_DATE | typeof EPOCH_SECONDS;

/** The format that the schema states, or else that of its place in the message. */
export function timestampFormat(schema: NormalizedSchema, byPlace: TimestampFormat): TimestampFormat {
  const stated = schema.getSchema();
  return stated === DATE_TIME || stated === HTTP_DATE || stated === EPOCH_SECONDS ? stated : byPlace;
}

export function formatTimestamp(value: unknown, format: TimestampFormat): string {
  if (!(value instanceof Date) || Number.isNaN(value.getTime())) throw new ShapeError('not a valid Date');
  switch (format) {
    case DATE_TIME:
      return value.toISOString().replace('.000Z', 'Z');
    case HTTP_DATE:
      return value.toUTCString();
    case EPOCH_SECONDS:
      return String(value.getTime() / 1000);
  }
}

const PATTERNS: Record<TimestampFormat, RegExp> = {
  [DATE_TIME]: /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(\.\d+)?(Z|[+-]\d{2}:?\d{2})$/i,
  [HTTP_DATE]: /^[A-Z][a-z]{2,8}, ?\d{1,2}[ -][A-Z][a-z]{2}[ -]\d{2,4} \d{2}:\d{2}:\d{2}(\.\d+)? GMT$/,
  [EPOCH_SECONDS]: /^-?\d+(\.\d+)?([eE][+-]?\d+)?$/,
};

export function parseTimestamp(text: string, format: TimestampFormat): Date {
  const time = format === EPOCH_SECONDS ? Number(text) * 1000 : Date.parse(text);
  if (!PATTERNS[format].test(text) || Number.isNaN(time)) throw new ShapeError(`'${text}' is not a valid timestamp`);
  return new Date(Math.round(time));
}
