import type { ScoringProfile } from './scoring-profile.ts';

/** A labelled window, as positions of its first and last record. */
export interface LabelledWindow {
  readonly first: number;
  readonly last: number;
}

/** What detecting each record of a series would count for. */
export interface SweepPoints {
  /** Window of a record, by its place among the series' windows; {@link OUTSIDE} or {@link PROBATIONARY}. */
  readonly windows: Int32Array;
  /** What a detection at the record is worth: positive inside of a window, negative outside. */
  readonly weights: Float64Array;
}

export const OUTSIDE = -1;
export const PROBATIONARY = -2;

/** Share of a series at its beginning in which nothing is scored (paper: "the first 15% of the data file"). */
const PROBATION = 0.15;
/** NAB takes the share of at most this many records, so that long files have a probation of 750 (`getProbationPeriod`). */
const PROBATION_BASE = 5_000;

/** Number of records at the beginning that are not scored. */
export function probationLength(records: number, share: number = PROBATION): number {
  return Math.min(Math.floor(share * records), share * PROBATION_BASE);
}

/**
 * The scaled sigmoid: −1 is the left edge of a window, 0 its right edge, 1 as far behind it again. Beyond 3 it is −1
 * (Lavin and Ahmad 2015, equation 2, without the profile's weights).
 */
export function scaledSigmoid(position: number): number {
  return position > 3 ? -1 : 2 / (1 + Math.exp(5 * position)) - 1;
}

/** @param windows in order of time, without overlap */
export function sweepPoints(
  records: number,
  windows: readonly LabelledWindow[],
  profile: ScoringProfile,
  probation: number = probationLength(records),
): SweepPoints {
  const places = new Int32Array(records).fill(OUTSIDE);
  const weights = new Float64Array(records);
  const best = scaledSigmoid(-1);
  let next = 0;
  let last: LabelledWindow | undefined;
  for (let record = 0; record < records; record++) {
    const window = windows[next];
    if (window !== undefined && record >= window.first) {
      const width = window.last - window.first + 1;
      weights[record] = (scaledSigmoid(-(window.last - record + 1) / width) * profile.truePositive) / best;
      places[record] = next;
      if (record === window.last) {
        last = window;
        next++;
      }
    } else {
      const far = last === undefined ? -1 : scaledSigmoid((record - last.last) / (last.last - last.first));
      weights[record] = far * profile.falsePositive;
    }
    if (record < probation) places[record] = PROBATIONARY;
  }
  return { windows: places, weights };
}
