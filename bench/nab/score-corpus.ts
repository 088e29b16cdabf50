import type { NabSeries } from './nab-corpus.ts';
import type { ScoringProfile } from './scoring-profile.ts';
import { OUTSIDE, PROBATIONARY, type SweepPoints, sweepPoints } from './sweep-points.ts';
import { bestThreshold, sweepThresholds, type ThresholdResult } from './threshold-sweep.ts';

/** One window, and where a detector first saw it. */
export interface WindowResult {
  readonly found: boolean;
  /** 0 at the window's left edge to 1 at its right edge; undefined when it was missed */
  readonly position: number | undefined;
}

export interface SeriesResult {
  readonly name: string;
  readonly records: number;
  /** Records at or above the threshold, the probationary ones left out. */
  readonly detections: number;
  readonly windows: readonly WindowResult[];
  readonly falsePositives: number;
  /** Raw score of the series at the threshold. */
  readonly score: number;
  /** Points of the folder's 100 that the series brought, and could have brought. */
  readonly points: number;
  readonly possible: number;
}

export interface CorpusResult {
  readonly profile: string;
  /** One threshold for all series. */
  readonly threshold: number;
  readonly raw: ThresholdResult;
  /** 0: detects nothing; 100: detects every window at its left edge and nothing else */
  readonly score: number;
  readonly series: readonly SeriesResult[];
}

/**
 * Scores a detector over a folder: one threshold, the best for the profile, then
 * 100·(S − S_null)/(S_perfect − S_null) (Lavin and Ahmad 2015, equation 4; NAB `Runner.normalize`).
 *
 * @param scores of each record, 0 to 1, by the order of `corpus`
 * @param given takes this threshold in place of the best
 */
export function scoreCorpus(
  corpus: readonly NabSeries[],
  scores: readonly Float64Array[],
  profile: ScoringProfile,
  given?: number,
): CorpusResult {
  const scored = corpus.map((series, index) => {
    const own = scores[index];
    if (own === undefined || own.length !== series.values.length) {
      throw new RangeError(`${series.name}: ${series.values.length} records, ${own?.length ?? 0} scores`);
    }
    return { series, scores: own, points: sweepPoints(series.values.length, series.windows, profile) };
  });
  const results = sweepThresholds(scored, profile.falseNegative);
  const raw = given === undefined ? bestThreshold(results) : atThreshold(results, given);
  const windows = corpus.reduce((sum, series) => sum + series.windows.length, 0);
  const nothing = results[0]?.score ?? 0;
  const span = windows * profile.truePositive - nothing;
  const share = (points: number): number => (span === 0 ? 0 : (100 * points) / span);
  const threshold = given ?? raw.threshold;
  return {
    profile: profile.name,
    threshold,
    raw,
    score: share(raw.score - nothing),
    series: scored.map(({ series, scores: own, points }) =>
      scoreSeries(series, own, points, profile, threshold, share),
    ),
  };
}

function atThreshold(results: readonly ThresholdResult[], threshold: number): ThresholdResult {
  const found = results.findLast((result) => result.threshold >= threshold);
  if (found === undefined) throw new RangeError(`threshold ${threshold} is above every one that can be scored`);
  return found;
}

function scoreSeries(
  series: NabSeries,
  scores: Float64Array,
  points: SweepPoints,
  profile: ScoringProfile,
  threshold: number,
  share: (points: number) => number,
): SeriesResult {
  const first = series.windows.map((): number | undefined => undefined);
  const scorable = new Set<number>();
  let detections = 0;
  let falsePositives = 0;
  let score = 0;
  points.windows.forEach((window, record) => {
    if (window === PROBATIONARY) return;
    if (window !== OUTSIDE) scorable.add(window);
    if ((scores[record] ?? 0) < threshold) return;
    detections++;
    if (window === OUTSIDE) {
      falsePositives++;
      score += points.weights[record] ?? 0;
    } else first[window] ??= record;
  });
  // Weights fall from the left edge to the right one, so that the first detection is the one that counts.
  for (const window of scorable) {
    const record = first[window];
    score += record === undefined ? -profile.falseNegative : (points.weights[record] ?? 0);
  }
  const nothing = -profile.falseNegative * scorable.size;
  return {
    name: series.name,
    records: series.values.length,
    detections,
    windows: series.windows.map((window, index) => {
      const record = first[index];
      return {
        found: record !== undefined,
        position: record === undefined ? undefined : (record - window.first) / (window.last - window.first || 1),
      };
    }),
    falsePositives,
    score,
    points: share(score - nothing),
    possible: share(series.windows.length * profile.truePositive - nothing),
  };
}
