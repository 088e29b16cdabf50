// Properties that hold for any sequence of updates, checked on many of them.
import { seededEntropy } from '../../../core/entropy.ts';
import type { JsonObject, JsonValue, ShadowSection } from '../../../core/shadows.ts';
import { SHADOW_LIMITS } from '../limits.ts';
import { deltaOf } from './delta-of.ts';
import { isJsonArray, isJsonObject, sameJson } from './json-tree.ts';
import { mergeSection } from './merge-section.ts';
import { ShadowError } from './shadow-error.ts';
import { readPayload, readUpdate } from './update-request.ts';

const entropy = seededEntropy('shadow-invariants');
const below = (limit: number): number => (entropy.bytes(1)[0] as number) % limit;
const KEYS = ['a', 'b', 'c', 'timestamp', '__proto__', 'toString', 'ü'];

function anyValue(depth: number, nulls: boolean): JsonValue {
  const kind = below(depth > 0 ? 8 : 5);
  if (kind === 0) return nulls ? null : true;
  if (kind === 1) return below(4);
  if (kind === 2) return KEYS[below(KEYS.length)] as string;
  if (kind === 3) return below(2) === 0;
  if (kind === 4) return below(100) / 8;
  if (kind === 5) return Array.from({ length: below(3) }, () => anyValue(depth - 1, false));
  return anyObject(depth - 1, nulls);
}

function anyObject(depth: number, nulls: boolean): JsonObject {
  const members = Array.from({ length: below(4) }, () => {
    const key = KEYS[below(KEYS.length)] as string;
    return `${JSON.stringify(key)}:${JSON.stringify(anyValue(depth, nulls))}`;
  });
  return JSON.parse(`{${members.join()}}`) as JsonObject;
}

/** The metadata has the shape of the state, with a timestamp in place of each value. */
function describes(metadata: JsonValue | undefined, state: JsonValue): boolean {
  if (isJsonArray(state)) {
    return (
      isJsonArray(metadata) && metadata.length === state.length && state.every((e, i) => describes(metadata[i], e))
    );
  }
  if (!isJsonObject(metadata)) return false;
  if (!isJsonObject(state))
    return sameJson(Object.keys(metadata), ['timestamp']) && Number.isInteger(metadata.timestamp);
  const keys = Object.keys(state);
  return (
    sameJson(Object.keys(metadata).sort(), keys.sort()) &&
    keys.every((key) => describes(metadata[key], state[key] as JsonValue))
  );
}

function hasNull(value: JsonValue): boolean {
  return value === null || (typeof value === 'object' && Object.values(value).some(hasNull));
}

test('after any updates the metadata describes the state, no null is left, and a report of the delta ends it', () => {
  for (let round = 0; round < 3_000; round++) {
    let desired: ShadowSection | undefined;
    let reported: ShadowSection | undefined;
    for (let step = 1; step <= 4; step++) {
      desired = mergeSection(desired, anyObject(4, true), step);
      reported = mergeSection(reported, anyObject(4, true), step);
    }
    for (const section of [desired, reported]) {
      if (section === undefined) continue;
      expect(describes(section.metadata, section.state)).toBe(true);
      expect(hasNull(section.state)).toBe(false);
    }
    const delta = deltaOf(desired, reported);
    if (delta === undefined) continue;
    expect(describes(delta.metadata, delta.state)).toBe(true);
    // What reported holds in the way of an object of the delta is replaced, so that a device need not remove it first.
    const settled = mergeSection(reported, delta.state, 9);
    expect(deltaOf(desired, settled)).toBeUndefined();
  }
});

test('the same update twice changes no state', () => {
  for (let round = 0; round < 3_000; round++) {
    const before = mergeSection(undefined, anyObject(4, true), 1);
    const patch = anyObject(4, true);
    const once = mergeSection(before, patch, 2);
    expect(mergeSection(once, patch, 2)?.state).toEqual(once?.state);
  }
});

test('whatever bytes come, an update is read or refused with an error of the service', () => {
  const seeds = ['{"state":{"desired":{"a":[1,{"b":null}]}},"version":3,"clientToken":"x"}', '{"state":null}', '[]'];
  for (let round = 0; round < 20_000; round++) {
    const bytes = Buffer.from(seeds[below(seeds.length)] as string);
    for (let flips = below(4); flips > 0; flips--) bytes[below(bytes.length)] = entropy.bytes(1)[0] as number;
    try {
      readUpdate(readPayload(bytes), SHADOW_LIMITS.depth);
    } catch (error) {
      expect(error).toBeInstanceOf(ShadowError);
    }
  }
});
