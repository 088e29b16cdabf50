import { compareKeys, SortedKeys } from './key-order.ts';

const samples = ['', 'a', 'a/', 'a/b', 'ab', 'b', 'ä', '日本', '\uffee', '😀', '😀/x', 'z\u{10ffff}', 'z\ue000'];

test('keys are ordered as their UTF-8 bytes are', () => {
  for (const a of samples) {
    for (const b of samples) {
      const expected = Buffer.compare(Buffer.from(a), Buffer.from(b));
      expect(Math.sign(compareKeys(a, b))).toBe(expected);
    }
  }
});

test('a set of keys stays in order and knows where prefixes end', () => {
  const keys = new SortedKeys();
  for (const key of ['b/2', 'a', 'c', 'b/1', 'b/1', 'b']) keys.add(key);
  keys.delete('absent');
  const all = () => Array.from({ length: keys.size }, (_, index) => keys.at(index));
  expect(all()).toEqual(['a', 'b', 'b/1', 'b/2', 'c']);
  expect(keys.at(keys.indexFrom('b/'))).toBe('b/1');
  expect(keys.at(keys.indexPast('b/'))).toBe('c');
  expect(keys.at(keys.indexAfter('b/1'))).toBe('b/2');
  keys.delete('b');
  expect(all()).toEqual(['a', 'b/1', 'b/2', 'c']);
});
