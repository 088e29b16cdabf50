// source: device-shadow-document, "Delta state"; device-shadow-mqtt, "/update/delta"
import type { JsonObject, ShadowSection } from '../../../core/shadows.ts';
import { deltaOf } from './delta-of.ts';
import { mergeSection } from './merge-section.ts';

const at = (timestamp: number) => ({ timestamp });
const section = (state: JsonObject, timestamp = 12345): ShadowSection | undefined =>
  mergeSection(undefined, state, timestamp);

test("the delta holds the desired fields that differ, with the desired section's metadata", () => {
  const desired = section({ color: 'RED', state: 'STOP' });
  const reported = section({ color: 'GREEN', engine: 'ON' }, 99);
  expect(deltaOf(desired, reported)).toEqual({
    state: { color: 'RED', state: 'STOP' },
    metadata: { color: at(12345), state: at(12345) },
  });
});

test('where nested objects differ the delta holds the path from the root', () => {
  const desired = section({ lights: { color: { r: 255, g: 255, b: 255 } } });
  const reported = section({ lights: { color: { r: 255, g: 0, b: 255 } } });
  expect(deltaOf(desired, reported)).toEqual({
    state: { lights: { color: { g: 255 } } },
    metadata: { lights: { color: { g: at(12345) } } },
  });
});

test('an array that differs is in the delta whole', () => {
  const delta = deltaOf(section({ colors: ['RED', 'GREEN'] }), section({ colors: ['RED'] }));
  expect(delta).toEqual({ state: { colors: ['RED', 'GREEN'] }, metadata: { colors: [at(12345), at(12345)] } });
});

test.each<[string, JsonObject, JsonObject]>([
  ['equal values', { a: 1, b: 'x', c: true }, { c: true, b: 'x', a: 1 }],
  ['equal arrays of objects', { a: [{ b: 1, c: [2] }] }, { a: [{ c: [2], b: 1 }] }],
  ['fields that only reported has', { a: { b: 1 } }, { a: { b: 1, c: 2 }, d: 3 }],
  ['empty objects', { a: {} }, { a: {} }],
])('there is no delta of %s', (_what, desired, reported) => {
  expect(deltaOf(section(desired), section(reported))).toBeUndefined();
});

test.each<[string, JsonObject, JsonObject]>([
  ['types', { a: 1 }, { a: '1' }],
  ['an object and a value', { a: { b: 1 } }, { a: 1 }],
  ['an array and an object', { a: [] }, { a: {} }],
  ['the order of an array', { a: [1, 2] }, { a: [2, 1] }],
  ['an object that reported lacks', { a: { b: { c: 1 } } }, { z: 1 }],
  ['a member named like one of every object', { toString: 'x' }, { z: 1 }],
])('the delta sees a difference of %s', (_what, desired, reported) => {
  expect(deltaOf(section(desired), section(reported))?.state).toEqual(desired);
});

test('without a reported section all of desired is the delta, without a desired one there is none', () => {
  const desired = section({ color: 'RED' });
  expect(deltaOf(desired, undefined)).toEqual(desired);
  expect(deltaOf(undefined, desired)).toBeUndefined();
});
