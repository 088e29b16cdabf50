import { readPointer, setAt, updateConfiguration, valueAt } from './merge-configuration.ts';

/** Source: AWS IoT Greengrass developer guide, "Update component configurations"; RFC 6901. */

const DEFAULTS = { message: 'hello', limits: { low: 1, high: 9 }, list: [1, 2] };

test.each([
  ['merges objects key by key', { merge: { limits: { high: 5 } } }, { ...DEFAULTS, limits: { low: 1, high: 5 } }],
  ['replaces lists whole', { merge: { list: [3] } }, { ...DEFAULTS, list: [3] }],
  ['takes null as a value', { merge: { message: null } }, { ...DEFAULTS, message: null }],
  ['replaces a value by an object', { merge: { message: { a: 1 } } }, { ...DEFAULTS, message: { a: 1 } }],
])('%s', (_what, update, expected) => {
  expect(updateConfiguration(DEFAULTS, DEFAULTS, update)).toEqual(expected);
});

test('what is reset goes back to its default, before anything is merged', () => {
  const current = { message: 'changed', limits: { low: 3, high: 4 }, extra: true };
  expect(
    updateConfiguration(current, DEFAULTS, { reset: ['/limits/low', '/extra'], merge: { message: 'new' } }),
  ).toEqual({
    message: 'new',
    limits: { low: 1, high: 4 },
  });
  expect(updateConfiguration(current, DEFAULTS, { reset: [''] })).toEqual(DEFAULTS);
});

test('nothing of what went in is changed', () => {
  const before = structuredClone(DEFAULTS);
  updateConfiguration(DEFAULTS, DEFAULTS, { reset: ['/limits'], merge: { limits: { low: 0 } } });
  expect(DEFAULTS).toEqual(before);
});

test('pointers reach names with slashes and tildes, and lists', () => {
  const value = { 'a/b': { '~c': [10, 20] } };
  expect(valueAt(value, readPointer('/a~1b/~0c/1'))).toBe(20);
  expect(valueAt(value, readPointer('/a~1b/~0c/2'))).toBeUndefined();
  expect(valueAt(value, readPointer('/constructor'))).toBeUndefined();
  expect(setAt(value, readPointer('/x/y'), 1)).toEqual({ ...value, x: { y: 1 } });
  for (const wrong of ['a', '/a~2', '/~']) expect(() => readPointer(wrong)).toThrow('is no JSON pointer');
});

test('__proto__ is a key like any other', () => {
  const merged = updateConfiguration({}, {}, { merge: JSON.parse('{"__proto__": {"polluted": true}}') });
  expect(Object.keys(merged)).toEqual(['__proto__']);
  expect(({} as { polluted?: boolean }).polluted).toBeUndefined();
});
