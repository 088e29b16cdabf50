import type { ComparisonOperator, MetricValue } from '@aws-sdk/client-iot';
import { isCidr } from './cidr.ts';
import { isInOrder, isInSet, percentile } from './criteria.ts';

// Developer guide, `detect-behaviors` and the tables of `detect-device-side-metrics`.

test.each<[ComparisonOperator, number, number, boolean]>([
  ['less-than', 4, 5, true],
  ['less-than', 5, 5, false],
  ['less-than-equals', 5, 5, true],
  ['greater-than', 5, 5, false],
  ['greater-than', 6, 5, true],
  ['greater-than-equals', 5, 5, true],
])('%s: %d against %d is %s', (operator, measured, expected, conforms) => {
  expect(isInOrder(operator, measured, expected)).toBe(conforms);
});

test.each<[ComparisonOperator, MetricValue, MetricValue, boolean]>([
  ['in-port-set', { ports: [80] }, { ports: [443, 80] }, true],
  ['in-port-set', { ports: [80, 22] }, { ports: [443, 80] }, false],
  ['not-in-port-set', { ports: [22] }, { ports: [23] }, true],
  ['not-in-port-set', { ports: [22, 23] }, { ports: [23] }, false],
  ['in-cidr-set', { cidrs: ['12.8.1.2'] }, { cidrs: ['12.8.0.0/16'] }, true],
  ['not-in-cidr-set', { cidrs: ['12.8.1.2'] }, { cidrs: ['12.8.0.0/16', '15.102.16.0/24'] }, false],
  ['in-cidr-set', { cidrs: ['2001:db8::7'] }, { cidrs: ['2001:db8::/32'] }, true],
  ['in-set', { strings: ['a'] }, { strings: ['a', 'b'] }, true],
  ['not-in-set', { numbers: [1, 2] }, { numbers: [2] }, false],
  ['in-port-set', { ports: [] }, { ports: [443] }, true],
  ['not-in-cidr-set', { cidrs: [] }, { cidrs: ['0.0.0.0/0'] }, true],
])('%s: %o against %o is %s', (operator, measured, expected, conforms) => {
  expect(isInSet(operator, measured, expected)).toBe(conforms);
});

test('percentiles are values of the fleet, by nearest rank', () => {
  const values = [10, 20, 30, 40, 50, 60, 70, 80, 90, 100];
  expect([0, 10, 50, 90, 99.9, 100].map((percent) => percentile(values, percent))).toEqual([10, 10, 50, 90, 100, 100]);
});

test('there is no percentile without values or of negative ones', () => {
  expect(percentile([], 50)).toBeUndefined();
  expect(percentile([1, -1], 50)).toBeUndefined();
});

test('addresses and blocks are told from other texts', () => {
  expect(['10.0.0.0/8', '10.0.0.1', '::/0', '10.0.0.0/33', '10.0.0/8', 'x', '10.0.0.0/8/8'].map(isCidr)).toEqual([
    true,
    true,
    true,
    false,
    false,
    false,
    false,
  ]);
});
