/** What {@link Moments} is kept as. */
export type MomentsState = readonly [count: number, mean: number, m2: number, min: number, max: number];

/**
 * Count, mean, scatter and extremes of values, in one pass and without their sum: Welford's update, and for two parts the
 * pairwise formula of Chan, Golub and LeVeque. Neither subtracts large numbers from each other, as sums of squares do.
 */
export class Moments {
  count = 0;
  mean = 0;
  min = Number.POSITIVE_INFINITY;
  max = Number.NEGATIVE_INFINITY;
  /** Sum of the squared distances from the mean. */
  #m2 = 0;

  static from([count, mean, m2, min, max]: MomentsState): Moments {
    const moments = new Moments();
    moments.count = count;
    moments.mean = mean;
    moments.#m2 = m2;
    if (count > 0) {
      moments.min = min;
      moments.max = max;
    }
    return moments;
  }

  add(value: number): void {
    this.count++;
    const distance = value - this.mean;
    this.mean += distance / this.count;
    this.#m2 += distance * (value - this.mean);
    if (value < this.min) this.min = value;
    if (value > this.max) this.max = value;
  }

  merge(other: Moments): void {
    if (other.count === 0) return;
    const count = this.count + other.count;
    const distance = other.mean - this.mean;
    this.#m2 += other.#m2 + distance * distance * ((this.count * other.count) / count);
    this.mean = this.count === 0 ? other.mean : this.mean + distance * (other.count / count);
    this.count = count;
    this.min = Math.min(this.min, other.min);
    this.max = Math.max(this.max, other.max);
  }

  /** Sample standard deviation (divisor n - 1), as `stddev` of Timestream. Undefined below two values. */
  get deviation(): number | undefined {
    return this.count < 2 ? undefined : Math.sqrt(this.#m2 / (this.count - 1));
  }

  state(): MomentsState {
    return this.count === 0 ? [0, 0, 0, 0, 0] : [this.count, this.mean, this.#m2, this.min, this.max];
  }
}
