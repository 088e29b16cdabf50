import { STANDARD } from './scoring-profile.ts';
import { OUTSIDE, PROBATIONARY, probationLength, scaledSigmoid, sweepPoints } from './sweep-points.ts';

// source: numenta/NAB, nab/sweeper.py, docstring of scaledSigmoid; Lavin and Ahmad 2015, figure 2
describe('the scaled sigmoid of NAB', () => {
  test.each([
    [-1, 0.98661],
    [-0.5, 0.84828],
    [0, 0],
    [1, -0.98661],
  ])('at %d is %d', (position, expected) => {
    expect(scaledSigmoid(position)).toBeCloseTo(expected, 5);
  });

  test('far behind a window is −1', () => {
    expect(scaledSigmoid(3.01)).toBe(-1);
    expect(scaledSigmoid(3)).toBeGreaterThan(-1);
  });
});

// source: numenta/NAB, tests/integration/sweeper_test.py, testGetProbationaryLength
test.each([
  [100, 0, 0],
  [100, 1, 100],
  [100, 0.1, 10],
  [100, 0.15, 15],
  [5_000, 0.1, 500],
  [6_000, 0.1, 500],
])('of %d records and a share of %d, %d are probationary', (records, share, expected) => {
  expect(probationLength(records, share)).toBe(expected);
});

test('at most 750 records are probationary', () => {
  expect(probationLength(22_695)).toBe(750);
});

// source: numenta/NAB, tests/integration/sweeper_test.py, testCalcSweepScoreWindowScoreInteraction
test('records within windows count for something, all others against', () => {
  const windows = [
    { first: 30, last: 39 },
    { first: 75, last: 95 },
  ];
  const points = sweepPoints(100, windows, STANDARD, probationLength(100, 0.1));
  const counts = new Map<number, number>();
  points.windows.forEach((window, record) => {
    counts.set(window, (counts.get(window) ?? 0) + 1);
    const weight = points.weights[record] ?? 0;
    if (window >= 0) expect(weight).toBeGreaterThan(0);
    else expect(weight).toBeLessThan(0);
  });
  expect(counts.get(PROBATIONARY)).toBe(10);
  expect(counts.get(0)).toBe(10);
  expect(counts.get(1)).toBe(21);
  expect(counts.get(OUTSIDE)).toBe(59);
});

test('a false positive costs less shortly behind a window than far away', () => {
  const { weights } = sweepPoints(100, [{ first: 20, last: 29 }], STANDARD, 0);
  expect(weights[0]).toBeCloseTo(-0.11, 10);
  expect(weights[30]).toBeGreaterThan(-0.11);
  expect(weights[30]).toBeGreaterThan(weights[33] ?? 0);
  expect(weights[99]).toBeCloseTo(-0.11, 10);
});
