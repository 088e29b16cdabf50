export interface RobustScoreOptions {
  /** Values after which a new level has half become the level. */
  readonly pace: number;
  /** Values after which half of what is known of the scatter is forgotten. */
  readonly memory: number;
  /** Scatter is never taken for less. */
  readonly resolution: number;
}

/** Values from which scatter is first estimated. */
const WARM_UP = 50;
/** Standard deviation of normal values, by their mean and by their median distance from the middle. */
const OF_MEAN_DEVIATION = Math.sqrt(Math.PI / 2);
const OF_MEDIAN_DEVIATION = 1.4826;
/** Deviations beyond which a distance teaches no more than one that is so far (Huber's clipping). */
const CLIP = 3;
/** Scatter of a signal that has none, as a share of its level. */
const LEAST_SHARE = 1e-9;

/**
 * How far a value is from the level of those just before, in standard deviations of how far values usually are.
 *
 * Level and mean distance are exponentially weighted, the level quickly, the distance slowly and robustly: an outlier
 * hardly changes what is usual, and a step is normal after some paces. Memory is a few numbers, whatever the signal.
 *
 * It sees jumps and spikes. It sees neither slow drifts nor a wrong shape of values that follow each other as usual, nor
 * a value that is wrong for its hour. A season slower than the pace is followed.
 */
export class RobustScore {
  readonly #pace: number;
  readonly #rate: number;
  readonly #resolution: number;
  #first: number[] | undefined = [];
  #level: number | undefined;
  #scatter = 0;

  constructor({ memory, pace, resolution }: RobustScoreOptions) {
    this.#pace = 1 - 0.5 ** (1 / pace);
    this.#rate = 1 - 0.5 ** (1 / memory);
    this.#resolution = resolution;
  }

  /** Judges by the values before, then learns. Undefined until enough is known. */
  add(value: number): number | undefined {
    if (this.#level === undefined) {
      this.#level = value;
      return undefined;
    }
    const distance = Math.abs(value - this.#level);
    const least = Math.max(this.#resolution, Math.abs(this.#level) * LEAST_SHARE, Number.EPSILON);
    this.#level += this.#pace * (value - this.#level);
    if (this.#first !== undefined) {
      this.#first.push(distance);
      if (this.#first.length < WARM_UP) return undefined;
      this.#scatter = OF_MEDIAN_DEVIATION * median(this.#first);
      this.#first = undefined;
      return undefined;
    }
    const scatter = Math.max(this.#scatter, least);
    this.#scatter += this.#rate * (Math.min(CLIP * scatter, distance) * OF_MEAN_DEVIATION - this.#scatter);
    return distance / scatter;
  }
}

function median(values: readonly number[]): number {
  const sorted = [...values].sort((left, right) => left - right);
  const middle = sorted.length >> 1;
  const upper = sorted[middle] ?? 0;
  return sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] ?? upper) + upper) / 2;
}
