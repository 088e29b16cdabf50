import { compileFilterPattern } from './filter-pattern.ts';

/** Patterns and messages after "Filter pattern syntax", section "Matching terms in unstructured log events". */
const badRequest = '[ERROR 400] BAD REQUEST';
const unauthorized = '[ERROR 401] UNAUTHORIZED REQUEST';
const missing = '[ERROR 419] MISSING ARGUMENTS';
const invalid = '[ERROR 420] INVALID ARGUMENTS';

function matching(pattern: string): string[] {
  return [badRequest, unauthorized, missing, invalid].filter(compileFilterPattern(pattern));
}

test.each([
  ['', [badRequest, unauthorized, missing, invalid]],
  ['ERROR', [badRequest, unauthorized, missing, invalid]],
  ['error', []],
  ['ERROR ARGUMENTS', [missing, invalid]],
  ['?BAD ?MISSING', [badRequest, missing]],
  ['ERROR -ARGUMENTS', [badRequest, unauthorized]],
  ['"INVALID ARGUMENTS"', [invalid]],
  ['-"BAD REQUEST"', [unauthorized, missing, invalid]],
])('pattern %j', (pattern, expected) => {
  expect(matching(pattern)).toEqual(expected);
});

test.each([
  ['{ $.level = "ERROR" }', 'a JSON pattern'],
  ['[ip, user, ...]', 'a space-delimited pattern'],
  ['%ERR.R%', 'a regular expression'],
  ['?A B', "'?' terms along with other terms"],
])('pattern %j is refused by name', (pattern, named) => {
  expect(() => compileFilterPattern(pattern)).toThrow(expect.objectContaining({ code: 'NotImplemented' }));
  expect(() => compileFilterPattern(pattern)).toThrow(named);
});

test('a term with other characters outside quotes is no pattern', () => {
  expect(() => compileFilterPattern('user.name')).toThrow(
    expect.objectContaining({ code: 'InvalidParameterException' }),
  );
});
