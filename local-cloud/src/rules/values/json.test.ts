import { seededEntropy } from '../../core/entropy.ts';
import { parseJson, toJson } from './json.ts';
import { quote } from './json-text.ts';
import { numbersOf } from './numbers.ts';
import type { SqlValue } from './value.ts';

const v2 = numbersOf('2016-03-23');
const v1 = numbersOf('2015-10-08');

test.each([
  ['{"a":12345678901234567890}', '{"a":12345678901234567890}'],
  ['{"a":0.12345678901234567891}', '{"a":0.12345678901234567891}'],
  ['{"a": [1E400, -2.5e-330]}', '{"a":[1E+400,-2.5E-330]}'],
  ['{"a":1e2,"b":1E+2,"c":1.50e1}', '{"a":100,"b":100,"c":15}'],
  ['{"a":10.0,"b":"10.0","c":"12345678901234567890"}', '{"a":10,"b":"10.0","c":"12345678901234567890"}'],
  ['{"\\"x\\\\":{"y":[]},"z":[{}, null ,true,false, ""]}', '{"\\"x\\\\":{"y":[]},"z":[{},null,true,false,""]}'],
  ['[ 1e3 , "\\u00e9\\n" ]', '[1000,"é\\n"]'],
])('%s keeps its digits', (text, expected) => {
  expect(toJson(parseJson(text, v2))).toBe(expected);
});

test('under 2015-10-08 a whole Decimal is written as one', () => {
  expect(toJson(parseJson('{"a":10.0,"b":10,"c":1e2,"d":10.50}', v1))).toBe('{"a":10.0,"b":10,"c":100.0,"d":10.5}');
});

test.each(['{"a":1e}', '{"a":01}', '{"a":12345678901234567890', '{"a":1e5,}', "{'a':1e5}", '1e5 x'])(
  '%s is no JSON',
  (text) => {
    expect(() => parseJson(text, v2)).toThrow(SyntaxError);
  },
);

test('the key __proto__ is an attribute like any other', () => {
  const value = parseJson('{"__proto__":{"a":1e1}}', v2) as Record<string, SqlValue>;
  expect(Object.getPrototypeOf(value)).toBe(Object.prototype);
  expect(toJson(value)).toBe('{"__proto__":{"a":10}}');
});

test('the exact reader agrees with JSON.parse on documents that need no exactness', () => {
  const entropy = seededEntropy('json');
  const pick = (below: number): number => entropy.bytes(2).readUInt16BE(0) % below;
  const make = (depth: number): unknown => {
    switch (pick(depth > 3 ? 5 : 7)) {
      case 0:
        return null;
      case 1:
        return pick(2) === 0;
      case 2:
        return pick(60_000) - 30_000;
      case 3:
        return (pick(60_000) - 30_000) / 8;
      case 4:
        return entropy.bytes(pick(6)).toString('latin1');
      case 5:
        return Array.from({ length: pick(4) }, () => make(depth + 1));
      default:
        return Object.fromEntries(Array.from({ length: pick(4) }, (_, index) => [`k${index}"\\`, make(depth + 1)]));
    }
  };
  for (let round = 0; round < 500; round++) {
    const document = { marker: 'forces 1e1', value: make(0) };
    const text = JSON.stringify(document, null, round % 3);
    expect(toJson(parseJson(text, v2))).toBe(JSON.stringify(document));
  }
});

test.each(['plain', 'with "quotes"', 'back\\slash', 'tab\t', '\u0000', 'é€😀', '\ud800 alone', 'x'.repeat(500), ''])(
  'quote(%j) is that of JSON.stringify',
  (text) => {
    expect(quote(text)).toBe(JSON.stringify(text));
  },
);
