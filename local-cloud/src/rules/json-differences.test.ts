import { differencesOf } from './json-differences.ts';

test.each([
  [{ a: [1, { b: 'x' }] }, { a: [1, { b: 'x' }] }, []],
  [1, 2, ['output: expected 1, got 2']],
  [{ a: 1 }, {}, ['output.a: expected 1, got nothing']],
  [{}, { a: null }, ['output.a: expected nothing, got null']],
  [[1, 2], [1], ['output: expected 2 elements, got [1]']],
  [{ a: [1, 2] }, { a: [1, 3] }, ['output.a[1]: expected 2, got 3']],
  [{ a: 1 }, [1], ['output: expected {"a":1}, got [1]']],
  ['1', 1, ['output: expected "1", got 1']],
])('%j against %j', (expected, actual, differences) => {
  expect(differencesOf(expected, actual, 'output')).toEqual(differences);
});
