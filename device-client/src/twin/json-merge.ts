/** A JSON value as shadows hold it. */
export type Json = null | boolean | number | string | readonly Json[] | JsonObject;
export interface JsonObject {
  readonly [name: string]: Json;
}

export function isJsonObject(value: Json | undefined): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

export function sameJson(left: Json | undefined, right: Json | undefined): boolean {
  if (left === right) return true;
  if (Array.isArray(left) && Array.isArray(right)) {
    return left.length === right.length && left.every((item, at) => sameJson(item, right[at]));
  }
  if (!isJsonObject(left) || !isJsonObject(right)) return false;
  const names = Object.keys(left);
  return (
    names.length === Object.keys(right).length &&
    names.every((name) => Object.hasOwn(right, name) && sameJson(left[name], right[name]))
  );
}

/**
 * What the Device Shadow service makes of an update (IoT developer guide, `device-shadow-document`): objects are merged,
 * arrays and other values replaced, null removes.
 */
export function applyPatch(target: JsonObject, patch: JsonObject): JsonObject {
  const members = new Map(Object.entries(target));
  for (const [name, value] of Object.entries(patch)) {
    if (value === null) members.delete(name);
    else if (isJsonObject(value)) {
      const present = members.get(name);
      members.set(name, applyPatch(isJsonObject(present) ? present : {}, value));
    } else members.set(name, value);
  }
  return Object.fromEntries(members);
}

/** The smallest patch that makes `to` of `from`; undefined when they are the same. */
export function patchBetween(from: JsonObject, to: JsonObject): JsonObject | undefined {
  const patch = new Map<string, Json>();
  for (const name of Object.keys(from)) if (!Object.hasOwn(to, name)) patch.set(name, null);
  for (const [name, value] of Object.entries(to)) {
    const present = Object.hasOwn(from, name) ? from[name] : undefined;
    if (sameJson(present, value)) continue;
    const inner = isJsonObject(present) && isJsonObject(value) ? patchBetween(present, value) : undefined;
    patch.set(name, inner ?? value);
  }
  return patch.size === 0 ? undefined : Object.fromEntries(patch);
}
