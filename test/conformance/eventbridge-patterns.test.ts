import { compilePattern } from '../../local-cloud/src/services/eventbridge/event-pattern.ts';

const EVENT = {
  source: 'app.fleet',
  'detail-type': 'Alert',
  detail: {
    site: 'North-1',
    level: 5,
    ip: '10.0.1.7',
    file: 'a/b/data.parquet',
    tags: ['x', 'y'],
    none: null,
    items: [{ n: 1 }, { n: 2 }],
  },
};
const matches = (pattern: object) => compilePattern(JSON.stringify(pattern))(EVENT);

// source: EventBridge user guide, "Comparison operators for use in event patterns in Amazon EventBridge"
test.each<[string, object, boolean]>([
  ['an exact value', { source: ['app.fleet'] }, true],
  ['one of several values', { source: ['other', 'app.fleet'] }, true],
  ['all fields of the pattern', { source: ['app.fleet'], 'detail-type': ['Other'] }, false],
  ['null', { detail: { none: [null] } }, true],
  ['numbers, not their text', { detail: { level: ['5'] } }, false],
  ['one element of an array', { detail: { tags: ['y'] } }, true],
  ['objects in arrays', { detail: { items: { n: [2] } } }, true],
  ['a prefix', { detail: { site: [{ prefix: 'North' }] } }, true],
  ['a prefix without case', { detail: { site: [{ prefix: { 'equals-ignore-case': 'NORTH' } }] } }, true],
  ['a suffix', { detail: { file: [{ suffix: '.parquet' }] } }, true],
  ['anything but a value', { detail: { site: [{ 'anything-but': 'North-1' }] } }, false],
  ['anything but values', { detail: { level: [{ 'anything-but': [1, 2] }] } }, true],
  ['anything but a prefix', { detail: { site: [{ 'anything-but': { prefix: 'North' } }] } }, false],
  ['anything but a suffix list', { detail: { site: [{ 'anything-but': { suffix: ['-2', '-3'] } }] } }, true],
  ['a field that anything-but needs to exist', { detail: { absent: [{ 'anything-but': 'x' }] } }, false],
  ['numeric ranges', { detail: { level: [{ numeric: ['>', 0, '<=', 5] }] } }, true],
  ['numeric bounds that exclude', { detail: { level: [{ numeric: ['<', 5] }] } }, false],
  ['existing fields', { detail: { level: [{ exists: true }] } }, true],
  ['absent fields', { detail: { absent: [{ exists: false }] } }, true],
  ['absent fields below absent ones', { other: { absent: [{ exists: false }] } }, true],
  ['wildcards', { detail: { file: [{ wildcard: 'a/*/data.*' }] } }, true],
  ['text without case', { detail: { site: [{ 'equals-ignore-case': 'north-1' }] } }, true],
  ['addresses', { detail: { ip: [{ cidr: '10.0.0.0/16' }] } }, true],
  ['addresses outside', { detail: { ip: [{ cidr: '10.1.0.0/16' }] } }, false],
  ['one alternative', { detail: { $or: [{ level: [1] }, { site: [{ prefix: 'N' }] }] } }, true],
  ['no alternative', { $or: [{ source: ['x'] }, { detail: { level: [1] } }] }, false],
])('a pattern matches %s', (_, pattern, expected) => {
  expect(matches(pattern)).toBe(expected);
});

// source: EventBridge API reference, PutRule, InvalidEventPatternException
test.each([
  ['{', 'not valid JSON'],
  ['{}', 'Empty objects'],
  ['{"source": "x"}', 'must be an object or an array'],
  ['{"source": []}', 'Empty arrays'],
  ['{"source": [{"unknown": 1}]}', 'Unrecognized match type unknown'],
  ['{"source": [{"numeric": [">"]}]}', 'numeric'],
  ['{"source": [{"cidr": "10.0.0.0"}]}', 'CIDR'],
  ['{"source": [{"wildcard": "a**b"}]}', 'Consecutive wildcard'],
])('the pattern %s is refused', (text, reason) => {
  expect(() => compilePattern(text)).toThrow(
    expect.objectContaining({ code: 'InvalidEventPatternException', message: expect.stringContaining(reason) }),
  );
});
