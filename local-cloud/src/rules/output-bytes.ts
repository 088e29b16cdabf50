import { toJson } from './values/json.ts';
import { RawPayload, type SqlValue } from './values/value.ts';

/** Bytes of an output: raw payloads as they came, all else as JSON. */
export function outputBytes(output: SqlValue): Buffer {
  return output instanceof RawPayload ? output.bytes : Buffer.from(toJson(output));
}
