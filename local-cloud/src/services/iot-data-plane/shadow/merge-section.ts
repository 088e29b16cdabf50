import type { JsonObject, JsonValue, ShadowSection } from '../../../core/shadows.ts';
import { isEmpty, isJsonArray, isJsonObject, own, put } from './json-tree.ts';

/**
 * What an update of a section makes of it (developer guide, `device-shadow-document` and `device-shadow-data-flow`):
 * fields that the update names are replaced, objects are merged, arrays are values, null removes. Nothing is changed in
 * place; what the update does not touch is shared with the section before. Undefined when nothing is left.
 *
 * @param patch the section of the request; null removes the whole section
 * @param timestamp seconds
 */
export function mergeSection(
  before: ShadowSection | undefined,
  patch: JsonObject | null,
  timestamp: number,
): ShadowSection | undefined {
  if (patch === null) return undefined;
  const merged = merge(before, patch, { timestamp });
  return isEmpty(merged.state) ? undefined : merged;
}

/**
 * The metadata of a request's section: `{timestamp}` for each value, nulls included, one for each element of an array.
 */
export function metadataOf(value: JsonValue, stamp: JsonObject): JsonValue {
  if (isJsonArray(value)) return value.map((element) => metadataOf(element, stamp));
  if (!isJsonObject(value)) return stamp;
  const metadata: Record<string, JsonValue> = {};
  for (const key of Object.keys(value)) put(metadata, key, metadataOf(value[key] as JsonValue, stamp));
  return metadata;
}

function merge(before: ShadowSection | undefined, patch: JsonObject, stamp: JsonObject): ShadowSection {
  const state: Record<string, JsonValue> = { ...before?.state };
  const metadata: Record<string, JsonValue> = { ...before?.metadata };
  for (const key of Object.keys(patch)) {
    const value = patch[key] as JsonValue;
    const next = isJsonObject(value) ? mergeObject(before, key, value, stamp) : mergeValue(value, stamp);
    if (next === undefined) {
      delete state[key];
      delete metadata[key];
    } else {
      put(state, key, next.state);
      put(metadata, key, next.metadata);
    }
  }
  return { state, metadata };
}

interface Node {
  readonly state: JsonValue;
  readonly metadata: JsonValue;
}

function mergeValue(value: JsonValue, stamp: JsonObject): Node | undefined {
  return value === null ? undefined : { state: value, metadata: metadataOf(value, stamp) };
}

function mergeObject(
  parent: ShadowSection | undefined,
  key: string,
  patch: JsonObject,
  stamp: JsonObject,
): Node | undefined {
  const state = own(parent?.state, key);
  if (isJsonObject(state)) {
    return merge({ state, metadata: own(parent?.metadata, key) as JsonObject }, patch, stamp);
  }
  const fresh = merge(undefined, patch, stamp);
  // An object of nothing but removals was not there before and is not made.
  return isEmpty(fresh.state) && !isEmpty(patch) ? undefined : fresh;
}
