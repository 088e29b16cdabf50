// source: device-shadow-document, device-shadow-data-flow
import type { JsonObject, ShadowSection } from '../../../core/shadows.ts';
import { mergeSection, metadataOf } from './merge-section.ts';

const at = (timestamp: number) => ({ timestamp });

/** The section after updates at seconds 1, 2, 3, … */
function after(...patches: (JsonObject | null)[]): ShadowSection | undefined {
  let section: ShadowSection | undefined;
  for (const [index, patch] of patches.entries()) section = mergeSection(section, patch, index + 1);
  return section;
}

test('an update changes the fields it names and keeps the others with their timestamps', () => {
  expect(after({ color: 'red', power: 'on' }, { power: 'off' })).toEqual({
    state: { color: 'red', power: 'off' },
    metadata: { color: at(1), power: at(2) },
  });
});

test('nested objects are merged field by field', () => {
  expect(after({ color: { r: 255, g: 255, b: 255 } }, { color: { r: 10 }, engine: 'ON' })).toEqual({
    state: { color: { r: 10, g: 255, b: 255 }, engine: 'ON' },
    metadata: { color: { r: at(2), g: at(1), b: at(1) }, engine: at(2) },
  });
});

test('an array replaces the whole array, with a timestamp for each element', () => {
  expect(after({ colors: ['RED', 'GREEN', 'BLUE'] }, { colors: ['RED'] })).toEqual({
    state: { colors: ['RED'] },
    metadata: { colors: [at(2)] },
  });
});

test('objects and arrays in an array have timestamps at their leaves', () => {
  expect(after({ list: [{ a: 1, b: [true] }, 'x', []] })?.metadata).toEqual({
    list: [{ a: at(1), b: [at(1)] }, at(1), []],
  });
});

test('null removes a field and its metadata', () => {
  expect(after({ engine: 'ON', color: 'RED' }, { engine: null })).toEqual({
    state: { color: 'RED' },
    metadata: { color: at(1) },
  });
});

test('null removes a nested field and leaves its object', () => {
  expect(after({ light: { color: 'RED' } }, { light: { color: null } })).toEqual({
    state: { light: {} },
    metadata: { light: {} },
  });
});

test('null for a field that is not there changes nothing', () => {
  const before = after({ a: 1 });
  expect(mergeSection(before, { b: null, c: { d: null } }, 9)).toEqual(before);
});

test('null removes the section', () => {
  expect(after({ color: 'red' }, null)).toBeUndefined();
});

test('a section without fields is no section', () => {
  expect(after({})).toBeUndefined();
  expect(after({ color: 'red' }, { color: null })).toBeUndefined();
});

test('an empty object is a value', () => {
  expect(after({ options: {} })).toEqual({ state: { options: {} }, metadata: { options: {} } });
  expect(after({ options: { a: 1 } }, { options: {} })?.state).toEqual({ options: { a: 1 } });
});

test('nulls in an object that is new are left out', () => {
  expect(after({ a: { b: 1, c: null } })).toEqual({ state: { a: { b: 1 } }, metadata: { a: { b: at(1) } } });
});

test.each([
  ['a value by an object', { a: 5 }, { a: { b: 1 } }, { b: at(2) }],
  ['an object by a value', { a: { b: 1 } }, { a: 5 }, at(2)],
  ['an array by an object', { a: [1, 2] }, { a: { b: 1 } }, { b: at(2) }],
  ['an object by an array', { a: { b: 1 } }, { a: [1, 2] }, [at(2), at(2)]],
])('replaces %s', (_what, first: JsonObject, second: JsonObject, metadata) => {
  expect(after(first, second)).toEqual({ state: second, metadata: { a: metadata } });
});

test('the section before is left as it was', () => {
  const before = after({ a: { b: 1 }, c: [1] }) as ShadowSection;
  const copy = structuredClone(before);
  mergeSection(before, { a: { b: 2, d: 3 }, c: null }, 9);
  expect(before).toEqual(copy);
});

test('members named like those of every object are ordinary members', () => {
  const patch = JSON.parse('{"__proto__":{"a":1},"constructor":{"b":2},"timestamp":3}') as JsonObject;
  const section = after(patch, JSON.parse('{"__proto__":{"c":4}}') as JsonObject);
  expect(JSON.stringify(section?.state)).toBe('{"__proto__":{"a":1,"c":4},"constructor":{"b":2},"timestamp":3}');
  expect(JSON.stringify(section?.metadata)).toBe(
    '{"__proto__":{"a":{"timestamp":1},"c":{"timestamp":2}},"constructor":{"b":{"timestamp":1}},"timestamp":{"timestamp":1}}',
  );
});

test('the metadata of a request has timestamps for its nulls too', () => {
  expect(metadataOf({ a: null, b: { c: null, d: 1 } }, at(7))).toEqual({ a: at(7), b: { c: at(7), d: at(7) } });
});
