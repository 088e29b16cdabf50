import { expect, test } from '@jest/globals';
import type { FieldValue } from '../../../../contracts/src/index.ts';
import type { PointOptions } from '../configuration/point-options.ts';
import { PointTable, unscaled } from './point-table.ts';

const plain: PointOptions = { scale: 1, offset: 0, writable: false };

function table(points: Record<string, PointOptions>): { table: PointTable; values: FieldValue[] } {
  const values: FieldValue[] = [];
  return { table: new PointTable('pump-1', points, (added) => values.push(...added)), values };
}

test('a value is scaled without the tail of binary fractions, and named by source and point', () => {
  const { table: points, values } = table({ pressure: { ...plain, scale: 0.1, offset: -1 } });
  points.read([{ point: 'pressure', raw: 13, time: 5 }]);
  expect(values).toEqual([{ series: 'pump_1_pressure', time: 5, value: 0.3, quality: 'good' }]);
  expect(unscaled(0.3, { scale: 0.1, offset: -1 })).toBe(13);
});

test('silence is told once, with the last value, and only of points that had one', () => {
  const { table: points, values } = table({ a: plain, b: plain });
  points.read([{ point: 'a', raw: 7, time: 1 }]);
  points.silent(['a', 'b'], 'no answer', 2);
  points.silent(['a', 'b'], 'no answer', 3);
  points.silent(['a', 'b'], 'connection refused', 4);
  expect(values.slice(1)).toEqual([{ series: 'pump_1_a', time: 2, value: 7, quality: 'uncertain' }]);
  expect([...points.troubles]).toEqual([
    ['a', 'uncertain: connection refused'],
    ['b', 'uncertain: connection refused'],
  ]);
  points.read([{ point: 'a', raw: 7, time: 5 }]);
  points.silent(['a'], 'no answer', 6);
  expect(values.slice(2).map(({ quality }) => quality)).toEqual(['good', 'uncertain']);
});

test('a refusal after silence is another thing to tell', () => {
  const { table: points, values } = table({ a: plain });
  points.read([{ point: 'a', raw: true, time: 1 }]);
  points.silent(['a'], 'no answer', 2);
  points.refused(['a'], 'exception 4', 3);
  expect(values.map(({ quality }) => quality)).toEqual(['good', 'uncertain', 'bad']);
});

test('a value outside its valid range is bad each time; no number at all is bad with the value before', () => {
  const { table: points, values } = table({ a: { ...plain, valid: { min: 0, max: 10 } } });
  points.read([{ point: 'a', raw: 10, time: 1 }]);
  points.read([{ point: 'a', raw: 10.1, time: 2 }]);
  points.read([{ point: 'a', raw: -1, time: 3 }]);
  points.read([{ point: 'a', raw: Number.NaN, time: 4 }]);
  expect(values.map(({ quality, value }) => [value, quality])).toEqual([
    [10, 'good'],
    [10.1, 'bad'],
    [-1, 'bad'],
  ]);
  points.read([{ point: 'a', raw: 3, time: 5 }]);
  points.read([{ point: 'a', raw: Number.POSITIVE_INFINITY, time: 6 }]);
  expect(values.slice(3).map(({ quality, value }) => [value, quality])).toEqual([
    [3, 'good'],
    [3, 'bad'],
  ]);
});

test('a value that never changes is uncertain after the time that says so', () => {
  const { table: points, values } = table({ a: { ...plain, frozenAfterMs: 1_000 } });
  for (const [time, raw] of [
    [0, 1],
    [999, 1],
    [1_000, 1],
    [1_500, 2],
    [2_000, 2],
  ] as const) {
    points.read([{ point: 'a', raw, time }]);
  }
  expect(values.map(({ quality }) => quality)).toEqual(['good', 'good', 'uncertain', 'good', 'good']);
});
