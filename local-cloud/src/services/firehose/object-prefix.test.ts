import { seededEntropy } from '../../core/entropy.ts';
import { compileDatePattern } from './date-pattern.ts';
import { checkPrefixes, compilePrefix } from './object-prefix.ts';

/** Developer guide, "Understand custom prefixes for Amazon S3 objects", with its moment 2018-08-27T10:30:00Z. */
const at = Date.UTC(2018, 7, 27, 10, 30);
const evaluate = (prefix: string, timeZone = 'UTC') =>
  compilePrefix(prefix)({ at, timeZone, entropy: seededEntropy('prefix') });

test.each([
  ['', '2018/08/27/10/'],
  ['myapp/', 'myapp/2018/08/27/10/'],
  ['year=!{timestamp:yyyy}/', 'year=2018/'],
  ['raw/date=!{timestamp:yyyy-MM-dd}/hour=!{timestamp:HH}/', 'raw/date=2018-08-27/hour=10/'],
  ["!{timestamp:'year='yyyy'/month='MM}/", 'year=2018/month=08/'],
  ["!{timestamp:yyyy''D}", "2018'239"],
])('%j becomes %j', (prefix, expected) => {
  expect(evaluate(prefix)).toBe(expected);
});

test('a time zone moves the hours', () => {
  expect(evaluate('', 'Asia/Tokyo')).toBe('2018/08/27/19/');
});

test('a random string has eleven characters, and a prefix without a timestamp still gets one', () => {
  expect(evaluate('!{firehose:random-string}/')).toMatch(/^[A-Za-z0-9]{11}\/2018\/08\/27\/10\/$/);
});

test.each([
  ['!{firehose:error-output-type}/', 'e/!{firehose:error-output-type}/', 'InvalidArgumentException'],
  ['!{timestamp:yyyy}/', undefined, 'InvalidArgumentException'],
  ['!{timestamp:yyyy}/', 'e/!{timestamp:yyyy}/', 'InvalidArgumentException'],
  ['a/!{nonsense}', 'e/', 'InvalidArgumentException'],
  ['a/!{other:x}/', 'e/', 'InvalidArgumentException'],
  ["!{timestamp:yyyy'}/", 'e/', 'InvalidArgumentException'],
  ['!{partitionKeyFromQuery:site}/', 'e/!{firehose:error-output-type}/', 'InvalidArgumentException'],
  ['!{timestamp:YYYY}/', 'e/', 'NotImplemented'],
  [`${'x'.repeat(510)}/`, undefined, 'InvalidArgumentException'],
])('prefix %j with error prefix %j is refused', (prefix, errorPrefix, code) => {
  expect(() => checkPrefixes(prefix, errorPrefix)).toThrow(expect.objectContaining({ code }));
});

test('plain prefixes need no error prefix, and a plain error prefix needs no expression', () => {
  expect(() => checkPrefixes('raw/', undefined)).not.toThrow();
  expect(() => checkPrefixes('!{timestamp:yyyy}/', 'failed/')).not.toThrow();
});

test('fractions of a second are cut, not rounded', () => {
  expect(compileDatePattern('ss.SSS')(Date.UTC(2026, 0, 1) + 1999, 'UTC')).toBe('01.999');
  expect(compileDatePattern('S')(Date.UTC(2026, 0, 1) + 999, 'UTC')).toBe('9');
});
