import type { JsonObject, JsonValue, ShadowSection } from '../../../core/shadows.ts';
import { isJsonObject, own, put, sameJson } from './json-tree.ts';

/**
 * What of `desired` differs from `reported`, with the metadata of `desired` (developer guide, `device-shadow-document`,
 * "Delta state"): nested objects by their differing fields, arrays whole. Undefined when nothing differs.
 */
export function deltaOf(
  desired: ShadowSection | undefined,
  reported: ShadowSection | undefined,
): ShadowSection | undefined {
  if (desired === undefined) return undefined;
  return reported === undefined ? desired : difference(desired, reported.state);
}

function difference(desired: ShadowSection, reported: JsonObject): ShadowSection | undefined {
  let found = false;
  const state: Record<string, JsonValue> = {};
  const metadata: Record<string, JsonValue> = {};
  for (const key of Object.keys(desired.state)) {
    const wanted = desired.state[key] as JsonValue;
    const stamps = desired.metadata[key] as JsonValue;
    const actual = own(reported, key);
    if (isJsonObject(wanted) && isJsonObject(actual)) {
      const inner = difference({ state: wanted, metadata: stamps as JsonObject }, actual);
      if (inner === undefined) continue;
      put(state, key, inner.state);
      put(metadata, key, inner.metadata);
    } else if (sameJson(wanted, actual)) continue;
    else {
      put(state, key, wanted);
      put(metadata, key, stamps);
    }
    found = true;
  }
  return found ? { state, metadata } : undefined;
}
