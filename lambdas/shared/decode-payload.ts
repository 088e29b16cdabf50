import { isUtf8 } from 'node:buffer';
import { Decoder } from 'cbor-x';

const cbor = new Decoder({ mapsAsObjects: true, useRecords: false });

/** Major type 5, a map, in the top three bits (RFC 8949 §3.1), or the self-described tag 55799 (§3.4.6). */
const CBOR_MAP = 0b101;
const CBOR_SELF_DESCRIBED = 0xd9;

/**
 * Decodes a payload as JSON or CBOR, told apart by the first byte: no JSON text begins with a byte above 0x7f.
 * @throws Error when it is neither, or empty
 */
export function decodePayload(payload: Buffer): unknown {
  const first = payload[0];
  if (first === undefined) throw new Error('payload is empty');
  if (first >> 5 === CBOR_MAP || first === CBOR_SELF_DESCRIBED) return cbor.decode(payload);
  if (!isUtf8(payload)) throw new Error('payload is neither CBOR nor UTF-8 text');
  return JSON.parse(payload.toString('utf8'));
}
