import { parseReplacement, translateJavaPattern, UnsupportedPattern } from './java-regex.ts';

test.each([
  ['a{2,}', 'aaaa', true],
  ['^[^/]*/[^/]*/', 'a/b/c', true],
  ['\\d+-\\w', '12-x', true],
  ['\\s', '\u00a0', false],
  ['a.c', 'a\nc', false],
  // `$` also stands before a last line end
  ['a$', 'a\n', true],
  ['a$', 'a\nb', false],
  ['[\\]\\-x]', '-', true],
  ['(?<year>\\d{4})-\\k', '', undefined],
  ['a]b}', 'a]b}', true],
  ['\\/\\_', '/_', true],
  ['(?:x|y)+?z', 'xyz', true],
  ['(a)\\1', 'aa', true],
  ['😀.', '😀😀', true],
])('%s on %j: %s', (pattern, text, expected) => {
  if (expected === undefined) expect(() => translateJavaPattern(pattern)).toThrow(UnsupportedPattern);
  else expect(translateJavaPattern(pattern)?.test(text)).toBe(expected);
});

test.each(['a++', '(?i)a', '(?>a)', '[a&&b]', '[a[b]]', '\\p{Alpha}', '\\Qa\\E', '\\A', '\\h', '[]a]'])(
  '%s is not translated',
  (pattern) => {
    expect(() => translateJavaPattern(pattern)).toThrow(UnsupportedPattern);
  },
);

test.each(['(', '[a', 'a{', '*a', '\\'])('%s is no pattern', (pattern) => {
  expect(translateJavaPattern(pattern)).toBeUndefined();
});

test.each([
  ['$1-$2', 'a-b'],
  ['\\$1', '$1'],
  ['$0', 'ab'],
  ['$12', 'a2'],
  ['x', 'x'],
])('replacement %s gives %s', (text, expected) => {
  expect(parseReplacement(text)?.(/(a)(b)/.exec('ab') as RegExpExecArray)).toBe(expected);
});

test.each(['$', '$x', 'a\\'])('replacement %s is refused', (text) => {
  expect(parseReplacement(text)).toBeUndefined();
});
