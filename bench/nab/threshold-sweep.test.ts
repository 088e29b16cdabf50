import { OUTSIDE, PROBATIONARY, sweepPoints } from './sweep-points.ts';
import { bestThreshold, type ScoredSeries, sweepThresholds, type ThresholdResult } from './threshold-sweep.ts';

/** All weights 1, as NAB's own scorer tests have it. */
const EVEN = { name: 'even', truePositive: 1, falsePositive: 1, falseNegative: 1 };

function series(records: number, windows: { first: number; last: number }[], detected: number[]): ScoredSeries {
  const scores = new Float64Array(records);
  for (const record of detected) scores[record] = 1;
  return { points: sweepPoints(records, windows, EVEN, 0), scores };
}

/** The result at threshold 0.5. */
function score(records: number, windows: { first: number; last: number }[], detected: number[]): ThresholdResult {
  const results = sweepThresholds([series(records, windows, detected)], EVEN.falseNegative);
  const result = results.findLast(({ threshold }) => threshold >= 0.5);
  if (result === undefined) throw new Error('no result');
  return result;
}

// source: numenta/NAB, tests/integration/sweeper_test.py, testCalcScoreByThresholdReturnsExpectedScores
test('each threshold has the score and the counts that NAB gives it', () => {
  const points = {
    windows: Int32Array.of(PROBATIONARY, PROBATIONARY, OUTSIDE, 0, 0, 1, OUTSIDE),
    weights: Float64Array.of(-1_000, -1_000, -3, 20, 10, 5, -3),
  };
  const scores = Float64Array.of(0.5, 0.5, 0, 0.2, 0.3, 0.5, 0.5);
  const results = sweepThresholds([{ points, scores }], 5);
  const row = (threshold: number, score: number, counts: number[]) => ({
    threshold,
    score,
    truePositives: counts[0],
    trueNegatives: counts[1],
    falsePositives: counts[2],
    falseNegatives: counts[3],
  });
  expect(results).toEqual([
    row(1.1, -10, [0, 2, 0, 3]),
    row(0.5, 5 - 3 - 5, [1, 1, 1, 2]),
    row(0.3, 5 - 3 + 10, [2, 1, 1, 1]),
    row(0.2, 5 - 3 + 20, [3, 1, 1, 0]),
    row(0, 5 - 3 + 20 - 3, [3, 0, 2, 0]),
  ]);
  expect(bestThreshold(results)).toMatchObject({ threshold: 0.2, score: 22 });
});

// source: numenta/NAB, tests/integration/scorer_test.py
describe('as in the scorer tests of NAB', () => {
  test('no windows and no detections give 0', () => {
    expect(score(10, [], [])).toMatchObject({ score: 0, trueNegatives: 10, truePositives: 0 });
  });

  test('a true positive, one more in its window, a false positive and a missed window give −0.9540', () => {
    // Two windows of five records, evenly spread over 100 as its generateWindows does: from 30 and from 65.
    const windows = [
      { first: 30, last: 34 },
      { first: 65, last: 69 },
    ];
    const result = score(100, windows, [30, 31, 37]);
    expect(result.score).toBeCloseTo(-0.954, 4);
    expect(result).toMatchObject({ truePositives: 2, trueNegatives: 89, falsePositives: 1, falseNegatives: 8 });
  });
});

// source: numenta/NAB, tests/integration/true_positive_test.py, false_positive_test.py, false_negative_test.py
describe('as in the detection tests of NAB', () => {
  const window = { first: 4, last: 5 };

  test('a detection at the left edge of a window counts for the whole weight', () => {
    expect(score(10, [window], [4]).score).toBeCloseTo(1, 10);
  });

  test('an earlier detection in a window is better', () => {
    expect(score(10, [window], [4]).score).toBeGreaterThan(score(10, [window], [5]).score);
  });

  test('only the first detection in a window counts', () => {
    expect(score(10, [window], [4, 5]).score).toBe(score(10, [window], [4]).score);
  });

  test('the left edge counts the same whatever the width of the window', () => {
    expect(score(10, [{ first: 4, last: 6 }], [4]).score).toBeCloseTo(score(10, [window], [4]).score, 10);
  });

  test('a false positive where there is no window costs its weight, two cost more', () => {
    expect(score(1_000, [], [0]).score).toBe(-1);
    expect(score(1_000, [], [0, 1]).score).toBe(-2);
  });

  test('an earlier false positive behind a window is better', () => {
    expect(score(10, [window], [6]).score).toBeGreaterThan(score(10, [window], [7]).score);
  });

  test('each missed window costs its weight', () => {
    const four = [100, 500, 900, 1_300].map((first) => ({ first, last: first + 9 }));
    expect(score(2_000, four, []).score).toBe(-4);
  });
});
