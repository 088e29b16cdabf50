import { attributeValue, type FieldValue, fieldValue } from './field-value.ts';
import { matchesQuery, type SearchDocument } from './match-query.ts';
import { parseQuery } from './parse-query.ts';

// Developer guide, `query-syntax` and `example-queries`.

type Values = Record<string, string | number | boolean | (string | number | boolean)[]>;

function documentOf(fields: Values): SearchDocument {
  const all = new Map<string, FieldValue[]>();
  for (const [field, value] of Object.entries(fields)) {
    const list = Array.isArray(value) ? value : [value];
    const make = (one: string | number | boolean) =>
      field.startsWith('attributes.') ? attributeValue(String(one)) : fieldValue(one);
    all.set(field, list.map(make));
  }
  return {
    values: (field) => all.get(field) ?? [],
    has: (field) => all.has(field),
    anywhere: (test) => [...all.values()].some((values) => values.some(test)),
  };
}

const matches = (query: string, fields: Values) => matchesQuery(parseQuery(query), documentOf(fields));
const refused = (query: string) => expect.objectContaining({ code: 'InvalidQueryException', message: query });

/** Each row: query, what matches, what does not. */
test.each<[string, Values[], Values[]]>([
  ['abc', [{ thingName: 'abc' }, { 'shadow.reported.x': 'abc' }], [{ thingName: 'abcd' }]],
  ['thingName:myThingName', [{ thingName: 'myThingName' }, { thingName: 'MYTHINGNAME' }], [{ thingName: 'other' }]],
  ['thingName:my*', [{ thingName: 'my' }, { thingName: 'myThing' }], [{ thingName: 'amy' }]],
  ['thingName:ab?', [{ thingName: 'aba' }, { thingName: 'abc' }], [{ thingName: 'ab' }, { thingName: 'abcd' }]],
  ['thingTypeName:aa', [{ thingTypeName: 'aa' }], [{ thingTypeName: 'a' }, {}]],
  ['attributes.myAttribute:75', [{ 'attributes.myAttribute': '75' }, { 'attributes.myAttribute': '75.0' }], [{}]],
  [
    'attributes.myAttribute:[75 TO 80]',
    [{ 'attributes.myAttribute': '75' }, { 'attributes.myAttribute': '80' }, { 'attributes.myAttribute': '7.7e1' }],
    [{ 'attributes.myAttribute': '74.9' }, { 'attributes.myAttribute': '81' }, { 'attributes.myAttribute': 'x' }],
  ],
  [
    'attributes.myAttribute:{75 TO 80]',
    [{ 'attributes.myAttribute': '75.1' }, { 'attributes.myAttribute': '80' }],
    [{ 'attributes.myAttribute': '75' }],
  ],
  ['attributes.a:{75 TO 80}', [{ 'attributes.a': '79' }], [{ 'attributes.a': '75' }, { 'attributes.a': '80' }]],
  [
    'attributes.serialNumber:["abcd" TO "abcf"]',
    [
      { 'attributes.serialNumber': 'abcd' },
      { 'attributes.serialNumber': 'abce' },
      { 'attributes.serialNumber': 'ABCF' },
    ],
    [{ 'attributes.serialNumber': 'abcc' }, { 'attributes.serialNumber': 'abcg' }],
  ],
  ['attributes.myAttribute:i*t', [{ 'attributes.myAttribute': 'it' }, { 'attributes.myAttribute': 'iot' }], [{}]],
  [
    'attributes.attr1:abc AND attributes.attr2<5 NOT attributes.attr3>10',
    [
      { 'attributes.attr1': 'abc', 'attributes.attr2': '4' },
      { 'attributes.attr1': 'abc', 'attributes.attr2': '4', 'attributes.attr3': '10' },
    ],
    [
      { 'attributes.attr1': 'abc', 'attributes.attr2': '5' },
      { 'attributes.attr1': 'abc', 'attributes.attr2': '4', 'attributes.attr3': '11' },
    ],
  ],
  ['shadow.hasDelta:true', [{ 'shadow.hasDelta': true }], [{ 'shadow.hasDelta': false }, {}]],
  ['NOT attributes.model:legacy', [{}, { 'attributes.model': 'new' }], [{ 'attributes.model': 'Legacy' }]],
  [
    'shadow.reported.stats.battery:{70 TO 100] (v2 OR v3) NOT attributes.model:legacy',
    [{ 'shadow.reported.stats.battery': 78, 'attributes.fw': 'v3' }],
    [
      { 'shadow.reported.stats.battery': 70, 'attributes.fw': 'v3' },
      { 'shadow.reported.stats.battery': 78, 'attributes.fw': 'v1' },
      { 'shadow.reported.stats.battery': 78, 'attributes.fw': 'v2', 'attributes.model': 'legacy' },
    ],
  ],
  ['shadow.reported.myvalues:2', [{ 'shadow.reported.myvalues': [1, 2, 3] }], [{ 'shadow.reported.myvalues': [1, 3] }]],
  [
    'shadow.reported.location:* NOT shadow.desired.stats.battery:*',
    [{ 'shadow.reported.location': 'new york' }],
    [{ 'shadow.reported.location': 'x', 'shadow.desired.stats.battery': 1 }, {}],
  ],
  ['connectivity.timestamp : [1557651600000 TO 1557867600000]', [{ 'connectivity.timestamp': 1557651600000 }], [{}]],
  ['connectivity.timestamp > 1557651600000', [{ 'connectivity.timestamp': 1557651600001 }], [{}]],
  ['thingName:(tv* AND -plasma)', [{ thingName: 'tvlcd' }], [{ thingName: 'plasma' }, { thingName: 'radio' }]],
  [
    'parentGroupNames:(a OR b)',
    [{ parentGroupNames: ['a', 'c'] }, { parentGroupNames: 'b' }],
    [{ parentGroupNames: 'c' }],
  ],
  ['*', [{}, { thingName: 'x' }], []],
  ['shadow.reported.city:york', [{ 'shadow.reported.city': 'New York' }], [{ 'shadow.reported.city': 'Newyork' }]],
  [
    'shadow.reported.city:"new york"',
    [{ 'shadow.reported.city': 'in New\tYork now' }],
    [{ 'shadow.reported.city': 'york new' }],
  ],
  ['attributes.t:-5', [{ 'attributes.t': '-5' }], [{ 'attributes.t': '5' }]],
  ['attributes.t<=-5', [{ 'attributes.t': '-6' }], [{ 'attributes.t': '-4' }]],
  ['attributes.t:[-5 TO -1]', [{ 'attributes.t': '-3' }], [{ 'attributes.t': '3' }]],
  ['thingName:a\\:b', [{ thingName: 'a:b' }], [{ thingName: 'a' }]],
  ['thingName:a\\*', [{ thingName: 'a*' }], [{ thingName: 'ab' }]],
  ['attributes.a\\:b:x', [{ 'attributes.a:b': 'x' }], [{}]],
  ['thingName:Non-existent*', [{ thingName: 'non-existent1' }], [{ thingName: 'non' }]],
  ['thingName:a.c*', [{ thingName: 'a.cd' }], [{ thingName: 'abcd' }]],
  ['thingName:*abc', [{ thingName: 'xabc' }, { thingName: 'abc' }], [{ thingName: 'abcx' }]],
  ['and', [{ thingName: 'and' }], [{ thingName: 'x' }]],
])('%s', (query, matching, others) => {
  expect([
    ...matching.map((fields) => matches(query, fields)),
    ...others.map((fields) => matches(query, fields)),
  ]).toEqual([...matching.map(() => true), ...others.map(() => false)]);
});

test('two terms without an operator are joined by AND, which binds closer than OR', () => {
  expect(parseQuery('thingName:abc thingType:xyz')).toEqual(parseQuery('thingName:abc AND thingType:xyz'));
  expect(parseQuery('a OR b c')).toEqual(parseQuery('a OR (b AND c)'));
  expect(parseQuery('NOT a b')).toEqual(parseQuery('(NOT a) AND b'));
});

test('a value counts as numeric only within the range of exact integers', () => {
  expect(matches('attributes.a>0', { 'attributes.a': '9007199254740991' })).toBe(true);
  expect(matches('attributes.a>0', { 'attributes.a': '9007199254740992' })).toBe(false);
  expect(matches('attributes.a>0', { 'attributes.a': '007' })).toBe(false);
  expect(matches('shadow.reported.a>0', { 'shadow.reported.a': '7' })).toBe(false);
});

test('twelve terms are the most', () => {
  const terms = (count: number) => Array.from({ length: count }, (_, i) => `t${i}`).join(' ');
  expect(() => parseQuery(terms(12))).not.toThrow();
  expect(() => parseQuery(terms(13))).toThrow(refused('The query exceeds the maximum number of 12 terms'));
});

test.each([
  ['', 'Unexpected end of the query'],
  ['   ', 'Unexpected end of the query'],
  ['thingName:', 'Unexpected end of the query'],
  ['(a', 'Unexpected end of the query'],
  ['a)', 'Unexpected ) at position 1'],
  ['a AND', 'Unexpected end of the query'],
  ['OR a', 'Unexpected or at position 0'],
  ['thingName:"a', 'Unterminated quotation that begins at position 10'],
  ['thingName:a/b', 'Unsupported character / at position 11'],
  ['attributes.mail:a@b', 'Unsupported character @ at position 17'],
  ['thingName:ab~', 'Unsupported operator ~ at position 12'],
  ['thingName:ab^2', 'Unsupported operator ^ at position 12'],
  ['a && b', 'Unsupported operator & at position 2'],
  ['attributes.a:[1 TO x]', 'The range at position 14 mixes a number and text'],
  ['attributes.a:[1 TO *]', 'The bound of the range at position 19 is neither a number nor text'],
  ['attributes.a<abc', '< needs a number (position 13)'],
  ['[1 TO 2]', 'A range needs a field (position 1)'],
  ['thingName:a*b*c*', 'The term at position 10 has more than 2 * or 5 ? wildcards'],
  ['thingName:??????', 'The term at position 10 has more than 2 * or 5 ? wildcards'],
  ['thingName:*my thingGroupNames:*echo', 'Only one term of a query can begin with a wildcard'],
  ['thing*:a', 'Wildcards are not supported in field names (position 0)'],
  ['thingName:-abc', 'A hyphen begins the value at position 10; escape it if it belongs to the value'],
])('%j is no query', (query, message) => {
  expect(() => parseQuery(query)).toThrow(refused(message));
});

test('the length of a query is limited, more so with a leading wildcard', () => {
  expect(() => parseQuery(`thingName:*${'x'.repeat(89)}`)).not.toThrow();
  expect(() => parseQuery(`thingName:*${'x'.repeat(90)}`)).toThrow(
    refused('A query with a leading wildcard can have at most 100 characters'),
  );
  expect(() => parseQuery('x'.repeat(1000))).not.toThrow();
  expect(() => parseQuery('x'.repeat(1001))).toThrow(refused('The query exceeds the maximum length of 1000 bytes'));
});

test('geoqueries are refused by name', () => {
  expect(() => parseQuery('shadow.reported.location:geo_distance,39.2,-130.8,1km')).toThrow(
    expect.objectContaining({ code: 'NotImplemented', message: expect.stringContaining('geoquery geo_distance') }),
  );
});
