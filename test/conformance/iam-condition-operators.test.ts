import { compileCondition } from '../../local-cloud/src/core/iam/condition.ts';
import type { PolicyStatement } from '../../local-cloud/src/core/iam/policy-document.ts';

type Block = NonNullable<PolicyStatement['Condition']>;
type Values = Record<string, string | string[]>;

function holds(block: Block, values: Values = {}): boolean {
  const keys = new Map(Object.entries(values).map(([key, value]) => [key.toLowerCase(), [value].flat()]));
  return compileCondition(block, true).holds({ values: (key) => keys.get(key) });
}

const KEY = 'svc:key';

// IAM user guide, "IAM JSON policy elements: Condition operators".
describe('operators', () => {
  const cases: [operator: string, policy: string | string[], matching: string[], differing: string[]][] = [
    ['StringEquals', 'Text', ['Text'], ['text', 'Text ', 'T*']],
    ['StringEquals', 'a*', ['a*'], ['ab']],
    ['StringNotEquals', 'Text', ['text'], ['Text']],
    ['StringEqualsIgnoreCase', 'Text', ['tEXT'], ['other']],
    ['StringNotEqualsIgnoreCase', 'Text', ['other'], ['tEXT']],
    ['StringLike', 'home/*/?', ['home/a/b', 'home/a/b/c'], ['home/a/', 'HOME/a/b']],
    ['StringNotLike', 'home/*', ['else'], ['home/a']],
    ['NumericEquals', '10', ['10', '10.0'], ['11', 'ten']],
    ['NumericNotEquals', '10', ['11'], ['10']],
    ['NumericLessThan', '10', ['9.5'], ['10', '11']],
    ['NumericLessThanEquals', '10', ['10'], ['11']],
    ['NumericGreaterThan', '10', ['11'], ['10']],
    ['NumericGreaterThanEquals', '10', ['10'], ['9']],
    ['DateEquals', '2026-01-01T00:00:00Z', ['2026-01-01T00:00:00.000Z', '1767225600'], ['2026-01-01T00:00:01Z']],
    ['DateNotEquals', '2026-01-01', ['2026-01-02'], ['2026-01-01T00:00:00Z']],
    ['DateLessThan', '1767225600', ['2025-12-31T23:59:59Z'], ['2026-01-01T00:00:00Z']],
    ['DateLessThanEquals', '2026-01-01T01:00:00+01:00', ['2026-01-01T00:00:00Z'], ['2026-01-01T00:00:01Z']],
    ['DateGreaterThan', '2026-01-01', ['2026-01-02'], ['2026-01-01']],
    ['DateGreaterThanEquals', '2026-01-01', ['2026-01-01'], ['2025-12-31']],
    ['Bool', 'true', ['true', 'TRUE'], ['false', 'yes']],
    ['IpAddress', '203.0.113.0/24', ['203.0.113.7'], ['203.0.114.7', 'nonsense']],
    ['IpAddress', ['2001:db8::/32', '10.0.0.1'], ['2001:db8:1::1', '10.0.0.1'], ['10.0.0.2']],
    ['NotIpAddress', '203.0.113.0/24', ['203.0.114.7'], ['203.0.113.7']],
    ['ArnEquals', 'arn:aws:sns:*:123456789012:t*', ['arn:aws:sns:eu-west-1:123456789012:t1'], ['arn:aws:sns:x:1:t1']],
    ['ArnLike', 'arn:aws:iot:*:*:rule/?', ['arn:aws:iot:a:b:rule/x'], ['arn:aws:iot:a:rule/x', 'rule/x']],
    ['ArnNotLike', 'arn:aws:iot:*:*:rule/*', ['arn:aws:iot:a:b:thing/x'], ['arn:aws:iot:a:b:rule/x']],
    ['ArnNotEquals', 'arn:aws:iot:*:*:rule/*', ['arn:aws:iot:a:b:thing/x'], ['arn:aws:iot:a:b:rule/x']],
  ];
  test.each(cases)('%s %p', (operator, policy, matching, differing) => {
    const block = { [operator]: { [KEY]: policy } };
    for (const value of matching) expect([value, holds(block, { [KEY]: value })]).toEqual([value, true]);
    for (const value of differing) expect([value, holds(block, { [KEY]: value })]).toEqual([value, false]);
  });

  test('operator names and keys compare without case', () => {
    expect(holds({ stringequals: { 'AWS:SourceAccount': '1' } }, { 'aws:sourceaccount': '1' })).toBe(true);
  });

  test('numbers and booleans of a template are read as text', () => {
    expect(holds({ Bool: { [KEY]: false } }, { [KEY]: 'false' })).toBe(true);
    expect(holds({ NumericLessThan: { [KEY]: 5 } }, { [KEY]: '4' })).toBe(true);
  });

  test('policy variables in values are resolved', () => {
    const block = { StringEquals: { 's3:prefix': '${aws:userid}' }, StringLike: { 's3:prefix': '${aws:userid}*' } };
    expect(holds(block, { 's3:prefix': 'AROA', 'aws:userid': 'AROA' })).toBe(true);
    expect(holds(block, { 's3:prefix': 'AROA', 'aws:userid': 'AROB' })).toBe(false);
    expect(holds({ StringEqualsIgnoreCase: { [KEY]: '${aws:userid}' } }, { [KEY]: 'aroa', 'aws:userid': 'AROA' })).toBe(
      true,
    );
  });
});

// "Conditions with multiple context keys or values"
describe('several keys and values', () => {
  test('values of one key are alternatives, and no value may match a negated operator', () => {
    expect(holds({ StringEquals: { [KEY]: ['a', 'b'] } }, { [KEY]: 'b' })).toBe(true);
    expect(holds({ StringNotEquals: { [KEY]: ['a', 'b'] } }, { [KEY]: 'b' })).toBe(false);
    expect(holds({ StringNotEquals: { [KEY]: ['a', 'b'] } }, { [KEY]: 'c' })).toBe(true);
  });

  test('all keys and all operators must hold', () => {
    const block: Block = { StringEquals: { 'svc:a': '1', 'svc:b': '2' }, Bool: { 'svc:c': 'true' } };
    expect(holds(block, { 'svc:a': '1', 'svc:b': '2', 'svc:c': 'true' })).toBe(true);
    expect(holds(block, { 'svc:a': '1', 'svc:b': '2', 'svc:c': 'false' })).toBe(false);
    expect(holds(block, { 'svc:a': '1', 'svc:c': 'true' })).toBe(false);
  });
});

describe('absent keys', () => {
  test('fail an operator, satisfy a negated one and an IfExists', () => {
    expect(holds({ StringEquals: { [KEY]: 'a' } })).toBe(false);
    expect(holds({ Bool: { [KEY]: 'false' } })).toBe(false);
    for (const operator of ['StringNotEquals', 'StringNotLike', 'ArnNotLike', 'NotIpAddress', 'NumericNotEquals']) {
      const value = operator.startsWith('Arn') ? 'arn:aws:s3:::b' : operator.startsWith('N') ? '10' : 'a';
      expect(holds({ [operator]: { [KEY]: operator === 'NotIpAddress' ? '10.0.0.0/8' : value } })).toBe(true);
    }
    expect(holds({ StringEqualsIfExists: { [KEY]: 'a' } })).toBe(true);
    expect(holds({ StringEqualsIfExists: { [KEY]: 'a' } }, { [KEY]: 'b' })).toBe(false);
  });

  test('Null asks for absence with true and for presence with false', () => {
    expect(holds({ Null: { [KEY]: 'true' } })).toBe(true);
    expect(holds({ Null: { [KEY]: 'true' } }, { [KEY]: 'x' })).toBe(false);
    expect(holds({ Null: { [KEY]: false } }, { [KEY]: 'x' })).toBe(true);
    expect(holds({ Null: { [KEY]: false } })).toBe(false);
  });
});

// "Set operators for multivalued context keys"
describe('set operators', () => {
  const all: Block = { 'ForAllValues:StringEquals': { [KEY]: ['a', 'b'] } };
  const any: Block = { 'ForAnyValue:StringEquals': { [KEY]: ['a', 'b'] } };

  test('ForAllValues wants every value of the request in the policy, and holds without values', () => {
    expect(holds(all, { [KEY]: ['a', 'b'] })).toBe(true);
    expect(holds(all, { [KEY]: ['a', 'c'] })).toBe(false);
    expect(holds(all)).toBe(true);
    expect(holds(all, { [KEY]: [] })).toBe(true);
  });

  test('ForAnyValue wants one, and fails without values', () => {
    expect(holds(any, { [KEY]: ['c', 'b'] })).toBe(true);
    expect(holds(any, { [KEY]: ['c'] })).toBe(false);
    expect(holds(any)).toBe(false);
    expect(holds({ 'ForAnyValue:StringNotEquals': { [KEY]: 'a' } })).toBe(false);
  });

  test('negated operators ask for values that match none', () => {
    expect(holds({ 'ForAllValues:StringNotEquals': { [KEY]: 'a' } }, { [KEY]: ['b', 'a'] })).toBe(false);
    expect(holds({ 'ForAnyValue:StringNotEquals': { [KEY]: 'a' } }, { [KEY]: ['b', 'a'] })).toBe(true);
  });
});

describe('what is refused when the policy is stored', () => {
  const refused: [string, Block, RegExp][] = [
    ['an unknown operator', { StringMatches: { [KEY]: 'a' } }, /Invalid Condition type : StringMatches/],
    ['BinaryEquals, which is not built', { BinaryEquals: { [KEY]: 'QmluYXJ5' } }, /BinaryEquals is not implemented/],
    ['a key without service', { StringEquals: { key: 'a' } }, /prefaced by a vendor/],
    ['a number that is none', { NumericEquals: { [KEY]: 'ten' } }, /must be a number/],
    ['a date that is none', { DateLessThan: { [KEY]: 'tomorrow' } }, /ISO 8601/],
    ['a boolean that is none', { Bool: { [KEY]: 'yes' } }, /true or false/],
    ['an address that is none', { IpAddress: { [KEY]: '10.0.0.0/33' } }, /CIDR/],
    ['an ARN that is none', { ArnLike: { [KEY]: 'queue' } }, /must be an ARN/],
    ['a Null that is none', { Null: { [KEY]: 'maybe' } }, /true or false/],
    ['NullIfExists', { NullIfExists: { [KEY]: 'true' } }, /Invalid Condition type/],
    ['an unclosed variable', { StringLike: { [KEY]: '${aws:userid' } }, /unclosed policy variable/],
  ];
  test.each(refused)('%s', (_title, block, message) => {
    expect(() => compileCondition(block, true)).toThrow(message);
  });
});
