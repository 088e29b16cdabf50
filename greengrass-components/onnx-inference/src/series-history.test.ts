import { expect, test } from '@jest/globals';
import { SeriesHistory } from './series-history.ts';

test('what comes late takes its place, and the later of two messages of one time counts', () => {
  const history = new SeriesHistory(10);
  for (const [time, value] of [
    [1, 10],
    [3, 30],
    [2, 20],
    [3, 31],
  ] as const)
    history.add(time, value);
  expect(history.between(0, 10)).toEqual({ times: [1, 2, 3], values: [10, 20, 31] });
  expect(history.between(2, 3)).toEqual({ times: [2], values: [20] });
});

test('keeps the newest of too many, whatever order they come in', () => {
  const history = new SeriesHistory(3);
  for (const time of [5, 6, 7, 8, 1]) history.add(time, time);
  expect(history.between(0, 10).times).toEqual([6, 7, 8]);
});

test('holds what it must and forgets the rest, over many samples', () => {
  const history = new SeriesHistory(100_000);
  for (let time = 0; time < 10_000; time++) {
    history.add(time, time);
    history.forget(time - 99);
  }
  expect(history.size).toBe(100);
  expect(history.newest).toBe(9_999);
  expect(history.between(0, 20_000).times[0]).toBe(9_900);
});
