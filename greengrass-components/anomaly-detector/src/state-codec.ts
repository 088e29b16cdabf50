import { createHash } from 'node:crypto';
import { STATE_LENGTH, STATE_VERSION } from './detector/series-state.ts';

/** What was learnt, as it stands in a file. */
export interface StoredState {
  readonly names: readonly string[];
  /** STATE_LENGTH doubles for each name */
  readonly state: Float64Array;
}

export class StateRefused extends Error {
  override readonly name = 'StateRefused';
}

const MAGIC = Buffer.from('FWANOMAL');
const HEADER_BYTES = 24;
const DIGEST_BYTES = 32;
const DOUBLE_BYTES = 8;

/**
 * Magic, version, length of a series' state, number of series, bytes of the names (four 32-bit numbers, little-endian); the names as
 * JSON, filled up with spaces to a multiple of 8; the doubles in the machine's order; SHA-256 of all before.
 */
export function encodeState({ names, state }: StoredState): Buffer {
  const json = JSON.stringify(names);
  const length = Buffer.byteLength(json);
  const text = Buffer.from(json + ' '.repeat((DOUBLE_BYTES - (length % DOUBLE_BYTES)) % DOUBLE_BYTES));
  const header = Buffer.alloc(HEADER_BYTES);
  MAGIC.copy(header);
  [STATE_VERSION, STATE_LENGTH, names.length, text.length].forEach((value, index) => {
    header.writeUInt32LE(value, MAGIC.length + index * 4);
  });
  const doubles = Buffer.from(state.buffer, state.byteOffset, names.length * STATE_LENGTH * DOUBLE_BYTES);
  const digest = createHash('sha256').update(header).update(text).update(doubles).digest();
  return Buffer.concat([header, text, doubles, digest]);
}

/** @throws StateRefused when it is damaged, or of a version that cannot be read */
export function decodeState(bytes: Buffer): StoredState {
  if (bytes.length < HEADER_BYTES + DIGEST_BYTES || !bytes.subarray(0, MAGIC.length).equals(MAGIC)) {
    throw new StateRefused('it is no state of the detector');
  }
  const [version, length, count, textBytes] = [0, 1, 2, 3].map((index) => bytes.readUInt32LE(MAGIC.length + index * 4));
  if (version !== STATE_VERSION || length !== STATE_LENGTH) throw new StateRefused(`it is of version ${version}`);
  const body = bytes.subarray(0, bytes.length - DIGEST_BYTES);
  const digest = createHash('sha256').update(body).digest();
  if (!digest.equals(bytes.subarray(body.length))) throw new StateRefused('it is damaged');
  const from = HEADER_BYTES + (textBytes ?? 0);
  const names: unknown = JSON.parse(body.toString('utf8', HEADER_BYTES, from));
  const fits = body.length - from === (count ?? 0) * STATE_LENGTH * DOUBLE_BYTES;
  if (!Array.isArray(names) || names.length !== count || !fits) throw new StateRefused('its parts do not fit');
  const state = new Float64Array((body.length - from) / DOUBLE_BYTES);
  Buffer.from(state.buffer).set(body.subarray(from));
  return { names: names.map(String), state };
}
