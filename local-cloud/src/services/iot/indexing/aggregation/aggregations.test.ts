import { bucketsOf, cardinalityOf } from './buckets.ts';
import { percentilesOf } from './percentiles.ts';
import { statisticsOf } from './statistics.ts';
import { typedValues } from './typed-values.ts';

// Developer guide, `index-aggregate`; the values are those of its examples.

test('statistics of numbers are those of the population', () => {
  const statistics = statisticsOf({ things: 3, values: [-125, 150, 75] });
  expect(statistics).toEqual({
    count: 3,
    average: 33.333333333333336,
    sum: 100,
    minimum: -125,
    maximum: 150,
    sumOfSquares: 43750,
    variance: expect.closeTo(13472.22222222222, 8),
    stdDeviation: expect.closeTo(116.06990230986766, 8),
  });
});

test('where there is no value only the count is known', () => {
  expect(statisticsOf({ things: 0, values: [] })).toEqual({ count: 0 });
});

test('statistics beyond the largest double are empty', () => {
  expect(statisticsOf({ things: 1, values: [1e200] })).toEqual({});
});

test('the variance of equal values is zero', () => {
  expect(statisticsOf({ things: 3, values: [0.1, 0.1, 0.1] }).variance).toBe(0);
});

test('percentiles are interpolated between the closest ranks', () => {
  const values = [3, 1, 2, 2, 3, 1, 1, 2, 3];
  const found = percentilesOf(values, [10, 20, 30, 40, 50, 60, 70, 80, 90, 99]);
  const expected = [1, 1, 1.4, 2, 2, 2, 2.6, 3, 3, 3];
  expect(found.map(({ value }) => value)).toEqual(expected.map((value) => expect.closeTo(value, 10)));
  expect(found[0]?.percent).toBe(10);
  expect(percentilesOf([], [50])).toEqual([]);
  expect(percentilesOf([7], [0, 50, 100]).map(({ value }) => value)).toEqual([7, 7, 7]);
});

test('buckets are ranked by how often their value occurs', () => {
  const things = [...Array(12).fill([100]), ...Array(5).fill([90]), ...Array(3).fill([75]), []] as number[][];
  expect(bucketsOf(things, 5)).toEqual([
    { keyValue: '100', count: 12 },
    { keyValue: '90', count: 5 },
    { keyValue: '75', count: 3 },
  ]);
  expect(bucketsOf(things, 1)).toEqual([{ keyValue: '100', count: 12 }]);
  expect(bucketsOf([['b', 'b'], ['a']], 5)).toEqual([
    { keyValue: 'a', count: 1 },
    { keyValue: 'b', count: 1 },
  ]);
});

test('cardinality counts different values', () => {
  expect(cardinalityOf([['a'], ['b', 'a'], []])).toBe(2);
});

test('values that disagree with the type of their field are left out', () => {
  expect(typedValues('attributes.a', 'Number', ['75', 'x', '1e2'])).toEqual([75, 100]);
  expect(typedValues('attributes.a', 'Boolean', ['true', 'yes'])).toEqual([true]);
  expect(typedValues('shadow.reported.a', 'Number', ['75', 75])).toEqual([75]);
  expect(typedValues('shadow.reported.a', 'Boolean', ['true', false])).toEqual([false]);
  expect(typedValues('shadow.reported.a', 'String', ['x', 5])).toEqual(['x']);
});
