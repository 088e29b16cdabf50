import { isUtf8 } from 'node:buffer';
import type { JsonObject, JsonValue } from '../../../core/shadows.ts';
import { MAX_CLIENT_TOKEN_BYTES } from '../limits.ts';
import { isJsonArray, isJsonObject, own } from './json-tree.ts';
import { invalidJson, ShadowError } from './shadow-error.ts';

/** A request state document (developer guide, `device-shadow-document`). Undefined: the section is not touched. */
export interface UpdateRequest {
  readonly desired: JsonObject | null | undefined;
  readonly reported: JsonObject | null | undefined;
  readonly version: number | undefined;
  readonly clientToken: string | undefined;
}

/** @throws ShadowError */
export function readPayload(payload: Buffer): JsonObject {
  if (!isUtf8(payload)) {
    throw new ShadowError(415, 'Unsupported documented encoding; supported encoding is UTF-8');
  }
  let value: JsonValue;
  try {
    value = JSON.parse(payload.toString('utf8')) as JsonValue;
  } catch {
    throw invalidJson();
  }
  if (!isJsonObject(value)) throw invalidJson();
  return value;
}

/** The client token of a request; what an error about the rest of it must repeat. @throws ShadowError */
export function clientTokenOf(document: JsonObject): string | undefined {
  const token = own(document, 'clientToken');
  if (token === undefined) return undefined;
  if (typeof token === 'string' && Buffer.byteLength(token) <= MAX_CLIENT_TOKEN_BYTES) return token;
  throw new ShadowError(400, 'Invalid clientToken');
}

/**
 * JSON outside of `state` that means nothing is ignored (`diagnosing-shadows`); inside of it, it is refused.
 *
 * @throws ShadowError
 */
export function readUpdate(document: JsonObject, depth: number): UpdateRequest {
  const clientToken = clientTokenOf(document);
  const version = own(document, 'version');
  if (version !== undefined && !(typeof version === 'number' && Number.isSafeInteger(version) && version >= 0)) {
    throw new ShadowError(400, 'Invalid version');
  }
  const state = own(document, 'state');
  if (state === undefined) throw new ShadowError(400, 'Missing required node: state');
  // "Setting the device's shadow state to null does not delete the shadow" (`device-shadow-data-flow`).
  if (state === null) return { desired: null, reported: null, version, clientToken };
  if (!isJsonObject(state)) throw new ShadowError(400, 'State node must be an object');
  for (const key of Object.keys(state)) {
    if (key !== 'desired' && key !== 'reported') throw invalidNode();
  }
  const desired = readSection(own(state, 'desired'), 'Desired', depth);
  const reported = readSection(own(state, 'reported'), 'Reported', depth);
  return { desired, reported, version, clientToken };
}

function readSection(section: JsonValue | undefined, name: string, depth: number): JsonObject | null | undefined {
  if (section === undefined || section === null) return section;
  if (!isJsonObject(section)) throw new ShadowError(400, `${name} node must be an object`);
  checkMembers(section, 1, depth, false);
  return section;
}

/** `level` is the one of the members. */
function checkMembers(
  parent: JsonObject | readonly JsonValue[],
  level: number,
  depth: number,
  insideArray: boolean,
): void {
  const array = isJsonArray(parent);
  const members = array ? parent : Object.values(parent);
  for (const member of members) {
    if (level > depth) {
      throw new ShadowError(400, `JSON contains too many levels of nesting; maximum is ${depth}`);
    }
    if (typeof member === 'number') checkNumber(member);
    else if (member === null) {
      // "Arrays can't have null values" (`device-shadow-document`, "Array values in shadow documents").
      if (array || insideArray) throw invalidNode();
    } else if (typeof member === 'object') checkMembers(member, level + 1, depth, array || insideArray);
  }
}

/** Rather refused than given back with other digits. */
function checkNumber(value: number): void {
  if (Number.isFinite(value) && (!Number.isInteger(value) || Number.isSafeInteger(value))) return;
  throw new ShadowError(501, `Numbers beyond 2^53 are not implemented by the local cloud (about ${value})`);
}

function invalidNode(): ShadowError {
  return new ShadowError(400, 'State contains an invalid node');
}
