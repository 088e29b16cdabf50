import { OUTSIDE, PROBATIONARY, type SweepPoints } from './sweep-points.ts';

/** A series as a detector has scored it. */
export interface ScoredSeries {
  readonly points: SweepPoints;
  /** 0 to 1, one for each record */
  readonly scores: Float64Array;
}

/** Result of all series at one threshold: records whose score is at least that high are detections. */
export interface ThresholdResult {
  readonly threshold: number;
  readonly score: number;
  /** Counts of records, as NAB gives them. */
  readonly truePositives: number;
  readonly falsePositives: number;
  readonly trueNegatives: number;
  readonly falseNegatives: number;
}

/** Above every score: nothing is detected. */
const NOTHING = 1.1;

/** The raw score at each threshold that makes a difference, from none detected to all (NAB `Sweeper.calcScoreByThreshold`). */
export function sweepThresholds(series: readonly ScoredSeries[], falseNegative: number): readonly ThresholdResult[] {
  const order: { score: number; weight: number; window: number }[] = [];
  const windowValues: number[] = [];
  let truePositives = 0;
  let falsePositives = 0;
  let trueNegatives = 0;
  let falseNegatives = 0;
  for (const { points, scores } of series) {
    const names = new Map<number, number>();
    points.windows.forEach((window, record) => {
      if (window === PROBATIONARY) return;
      let place = OUTSIDE;
      if (window === OUTSIDE) trueNegatives++;
      else {
        falseNegatives++;
        place = names.get(window) ?? windowValues.push(-falseNegative) - 1;
        names.set(window, place);
      }
      order.push({ score: scores[record] ?? 0, weight: points.weights[record] ?? 0, window: place });
    });
  }
  order.sort((a, b) => b.score - a.score);

  const results: ThresholdResult[] = [];
  let threshold = NOTHING;
  let penalty = 0;
  let reward = windowValues.reduce((sum, value) => sum + value, 0);
  const note = (): void => {
    const score = penalty + reward;
    results.push({ threshold, score, truePositives, falsePositives, trueNegatives, falseNegatives });
  };
  for (const { score, weight, window } of order) {
    if (score !== threshold) {
      note();
      threshold = score;
    }
    if (window === OUTSIDE) {
      falsePositives++;
      trueNegatives--;
      penalty += weight;
    } else {
      truePositives++;
      falseNegatives--;
      const before = windowValues[window] ?? 0;
      if (weight > before) {
        windowValues[window] = weight;
        reward += weight - before;
      }
    }
  }
  note();
  return results;
}

/** The threshold that scores highest over all series; of equals the highest one (NAB `optimizeThreshold`). */
export function bestThreshold(results: readonly ThresholdResult[]): ThresholdResult {
  return results.reduce((best, result) => (result.score > best.score ? result : best));
}
