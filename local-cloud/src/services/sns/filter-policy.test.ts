import { compileFilterPolicy, type FilterScope } from './filter-policy.ts';

const matches = (policy: object, subject: Record<string, unknown>, scope: FilterScope = 'MessageBody') =>
  compileFilterPolicy(JSON.stringify(policy), scope)(subject);

// Developer guide, "String value matching" and "Numeric value matching": policy, what it takes, what it refuses.
const CASES: [name: string, condition: unknown, taken: unknown[], refused: unknown[]][] = [
  ['exact text, by case', 'rugby', ['rugby', ['soccer', 'rugby']], ['Rugby', 'rugby ', 1]],
  ['keywords', null, [null], ['null', 0]],
  [
    'anything but a list',
    { 'anything-but': ['rugby', 'tennis'] },
    ['soccer', ['rugby', 'baseball']],
    ['rugby', ['rugby']],
  ],
  ['anything but a number', { 'anything-but': [100, 500] }, [101, 100.1], [100, 500]],
  ['anything but a prefix', { 'anything-but': { prefix: 'order-' } }, ['data-entry'], ['order-cancelled']],
  ['anything but wildcards', { 'anything-but': { wildcard: '*ball' } }, ['rugby'], ['baseball']],
  ['any case', { 'equals-ignore-case': 'tennis' }, ['tennis', 'Tennis', 'TENNIS'], ['tennis2']],
  ['an address range', { cidr: '10.0.0.0/24' }, ['10.0.0.0', '10.0.0.255'], ['10.1.1.0', 'ten']],
  ['a prefix', { prefix: 'bas' }, ['baseball', 'basketball'], ['rugby']],
  ['a suffix', { suffix: 'ball' }, ['baseball'], ['rugby', 'balls']],
  ['a wildcard', { wildcard: '*ball' }, ['baseball', 'ball'], ['rugby', 'balls']],
  ['two wildcards', { wildcard: 'a*b*c' }, ['abc', 'axbyc', 'abbc'], ['ac', 'acb', 'abcx']],
  ['an escaped star', { wildcard: 'a\\*c' }, ['a*c'], ['abc']],
  ['a number, however written', 301.5, [301.5, 3.015e2], ['301.5', 301.50001, 301]],
  ['a number to five digits', { numeric: ['=', 1.000001] }, [1], [1.00001]],
  ['a range', { numeric: ['>', 0, '<=', 150] }, [0.1, 150], [0, 150.1, '10']],
];

describe.each(CASES)('a condition on %s', (_name, condition, taken, refused) => {
  test.each(taken)('takes %j', (value) => expect(matches({ key: [condition] }, { key: value })).toBe(true));
  test.each(refused)('refuses %j', (value) => expect(matches({ key: [condition] }, { key: value })).toBe(false));
  test('refuses a message without the key', () => expect(matches({ key: [condition] }, {})).toBe(false));
});

// Developer guide, "AND/OR logic" and "Key matching".
describe('a policy', () => {
  test('needs every key, and of each any one condition', () => {
    const policy = { store: ['a', 'b'], price: [{ numeric: ['>', 5] }] };
    expect(matches(policy, { store: 'b', price: 6 })).toBe(true);
    expect(matches(policy, { store: 'b', price: 5 })).toBe(false);
    expect(matches(policy, { store: 'c', price: 6 })).toBe(false);
  });

  test('takes alternatives under $or beside other keys', () => {
    const policy = { source: ['aws.cloudwatch'], $or: [{ name: ['cpu'] }, { space: ['ec2', 'es'] }] };
    expect(matches(policy, { source: 'aws.cloudwatch', space: 'es' })).toBe(true);
    expect(matches(policy, { source: 'aws.cloudwatch', space: 's3' })).toBe(false);
    expect(matches(policy, { source: 'other', name: 'cpu' })).toBe(false);
  });

  test('asks for the presence or the absence of a key', () => {
    expect(matches({ store: [{ exists: true }] }, { store: 'x' })).toBe(true);
    expect(matches({ store: [{ exists: true }] }, {})).toBe(false);
    expect(matches({ store: [{ exists: false }] }, {})).toBe(true);
    expect(matches({ store: [{ exists: false }] }, { store: 'x' })).toBe(false);
  });

  test('follows a nested body, lists of objects too', () => {
    const policy = { order: { items: { color: ['red'] } } };
    expect(matches(policy, { order: { items: [{ color: 'blue' }, { color: 'red' }] } })).toBe(true);
    expect(matches(policy, { order: { items: { color: 'blue' } } })).toBe(false);
    expect(matches(policy, { order: 'red' })).toBe(false);
  });
});

// Developer guide, "Filter policy constraints in Amazon SNS".
describe('refused are', () => {
  const compile =
    (policy: unknown, scope: FilterScope = 'MessageBody') =>
    () =>
      compileFilterPolicy(typeof policy === 'string' ? policy : JSON.stringify(policy), scope);
  const six = Object.fromEntries(['a', 'b', 'c', 'd', 'e', 'f'].map((key) => [key, ['x']]));

  test.each([
    ['text that is no JSON', '{', 'failed to parse JSON'],
    ['more than five keys', six, 'can not have more than 5 keys'],
    ['more than 150 combinations', { a: new Array(16).fill('x'), b: new Array(10).fill('x') }, 'too complex'],
    ['empty lists', { a: [] }, 'Empty arrays are not allowed'],
    ['values outside of lists', { a: 'x' }, '"a" must be an object or an array'],
    ['unknown operators', { a: [{ like: 'x' }] }, 'Unrecognized match type like'],
    ['numbers beyond a billion', { a: [1_000_000_001] }, 'out of range'],
    ['ranges upside down', { a: [{ numeric: ['>', 5, '<', 1] }] }, 'Bottom must be less than top'],
    ['addresses without a length', { a: [{ cidr: '10.0.0.0' }] }, 'Malformed CIDR'],
  ])('%s', (_name, policy, reason) => {
    expect(compile(policy)).toThrow(
      expect.objectContaining({ code: 'InvalidParameterException', message: expect.stringContaining(reason) }),
    );
  });

  test('nested policies on attributes', () => {
    expect(compile({ a: { b: ['x'] } }, 'MessageAttributes')).toThrow('does not support nested');
  });

  test('levels of nesting weigh in the combinations: 4 × 3 and 3 × 2 make 72', () => {
    const policy = { a: { b: { c: ['1', '2', '3', '4'] } }, d: { e: ['1', '2', '3'] } };
    expect(compile(policy)).not.toThrow();
    const wider = { a: { b: { c: ['1', '2', '3', '4', '5', '6', '7', '8', '9'] } }, d: { e: ['1', '2', '3'] } };
    expect(compile(wider)).toThrow('too complex');
  });
});
