/** Values that are kept as they are; with more of them they are counted in buckets. */
export const MAX_EXACT_VALUES = 128;
/** Relative error of a percentile from buckets, before any were joined. */
export const FIRST_ACCURACY = 0.005;
/** Buckets from which pairs of neighbours are joined. */
const MAX_BUCKETS = 1_024;
/** Values nearer to zero count as zero. */
const LEAST = 1e-12;

const FIRST_LOG_GAMMA = Math.log((1 + FIRST_ACCURACY) / (1 - FIRST_ACCURACY));
const BYTES_PER_VALUE = 8;
/** Of an entry of a Map with small integers. */
const BYTES_PER_BUCKET = 40;

export interface QuantileState {
  readonly exact?: readonly number[];
  readonly level?: number;
  readonly zeros?: number;
  readonly positive?: readonly (readonly [number, number])[];
  readonly negative?: readonly (readonly [number, number])[];
}

/**
 * Percentiles of values: exact up to {@link MAX_EXACT_VALUES} of them, and from then on from a UDDSketch (Epicoco et al.,
 * "UDDSketch: Accurate Tracking of Quantiles in Data Streams", 2020): counts in buckets whose bounds grow by γ, and when
 * there are too many, every two neighbours become one.
 *
 * INVARIANT: {@link at} differs from the exact value of the same rank by at most {@link accuracy} times that value, or by
 * 1e-12.
 */
export class QuantileSketch {
  #exact: number[] | undefined = [];
  #positive = new Map<number, number>();
  #negative = new Map<number, number>();
  #zeros = 0;
  /** How often neighbours were joined. */
  #level = 0;
  #logGamma = FIRST_LOG_GAMMA;

  static from(state: QuantileState): QuantileSketch {
    const sketch = new QuantileSketch();
    if (state.exact !== undefined) {
      sketch.#exact = [...state.exact];
      return sketch;
    }
    sketch.#exact = undefined;
    sketch.#level = state.level ?? 0;
    sketch.#logGamma = FIRST_LOG_GAMMA * 2 ** sketch.#level;
    sketch.#zeros = state.zeros ?? 0;
    sketch.#positive = new Map(state.positive ?? []);
    sketch.#negative = new Map(state.negative ?? []);
    return sketch;
  }

  /** Largest relative error. */
  get accuracy(): number {
    if (this.#exact !== undefined) return 0;
    const gamma = Math.exp(this.#logGamma);
    return (gamma - 1) / (gamma + 1);
  }

  /** Estimated bytes that it holds. */
  get bytes(): number {
    if (this.#exact !== undefined) return this.#exact.length * BYTES_PER_VALUE;
    return (this.#positive.size + this.#negative.size) * BYTES_PER_BUCKET;
  }

  add(value: number): void {
    if (this.#exact !== undefined) {
      this.#exact.push(value);
      if (this.#exact.length > MAX_EXACT_VALUES) this.#toBuckets();
      return;
    }
    this.#count(value, 1);
  }

  merge(other: QuantileSketch): void {
    if (other.#exact !== undefined) {
      for (const value of other.#exact) this.add(value);
      return;
    }
    this.#toBuckets();
    while (this.#level < other.#level) this.#join();
    const shift = this.#level - other.#level;
    this.#zeros += other.#zeros;
    for (const [index, count] of other.#positive) addTo(this.#positive, raised(index, shift), count);
    for (const [index, count] of other.#negative) addTo(this.#negative, raised(index, shift), count);
    this.#bound();
  }

  /** The value of rank ⌈p / 100 · n⌉, the smallest of which p percent are not above it. Undefined without values. */
  at(percentile: number): number | undefined {
    return this.percentiles([percentile])[0];
  }

  /** @param percentiles rising or not */
  percentiles(percentiles: readonly number[]): (number | undefined)[] {
    if (this.#exact !== undefined) {
      const sorted = Float64Array.from(this.#exact).sort();
      return percentiles.map((percentile) => sorted[rankOf(percentile, sorted.length)]);
    }
    const buckets = this.#ordered();
    const total = buckets.reduce((sum, [, count]) => sum + count, 0);
    return percentiles.map((percentile) => {
      let left = rankOf(percentile, total);
      for (const [value, count] of buckets) {
        if (left < count) return value;
        left -= count;
      }
      return undefined;
    });
  }

  state(): QuantileState {
    if (this.#exact !== undefined) return { exact: this.#exact };
    return {
      level: this.#level,
      zeros: this.#zeros,
      positive: [...this.#positive],
      negative: [...this.#negative],
    };
  }

  #toBuckets(): void {
    const values = this.#exact;
    if (values === undefined) return;
    this.#exact = undefined;
    for (const value of values) this.#count(value, 1);
  }

  #count(value: number, count: number): void {
    const size = Math.abs(value);
    if (size < LEAST) {
      this.#zeros += count;
      return;
    }
    addTo(value > 0 ? this.#positive : this.#negative, Math.ceil(Math.log(size) / this.#logGamma), count);
    this.#bound();
  }

  #bound(): void {
    while (this.#positive.size + this.#negative.size > MAX_BUCKETS) this.#join();
  }

  #join(): void {
    this.#level++;
    this.#logGamma *= 2;
    this.#positive = joined(this.#positive);
    this.#negative = joined(this.#negative);
  }

  /** Values that stand for the buckets, from the lowest. */
  #ordered(): (readonly [value: number, count: number])[] {
    const gamma = Math.exp(this.#logGamma);
    const middle = (index: number): number => (2 * Math.exp(index * this.#logGamma)) / (gamma + 1);
    const below = [...this.#negative].sort(([left], [right]) => right - left);
    const above = [...this.#positive].sort(([left], [right]) => left - right);
    return [
      ...below.map(([index, count]) => [-middle(index), count] as const),
      [0, this.#zeros] as const,
      ...above.map(([index, count]) => [middle(index), count] as const),
    ];
  }
}

/** Index from zero. The product may miss a whole number by rounding, as 0.07 · 100 does. */
function rankOf(percentile: number, total: number): number {
  return Math.max(0, Math.ceil((percentile * total) / 100 - 1e-9) - 1);
}

function addTo(buckets: Map<number, number>, index: number, count: number): void {
  buckets.set(index, (buckets.get(index) ?? 0) + count);
}

/** The bucket of bounds γ^(2i-2) to γ^(2i) holds those of γ^(2i-2) to γ^(2i-1) and γ^(2i-1) to γ^(2i). */
function raised(index: number, levels: number): number {
  let at = index;
  for (let level = 0; level < levels; level++) at = Math.ceil(at / 2);
  return at;
}

function joined(buckets: ReadonlyMap<number, number>): Map<number, number> {
  const fewer = new Map<number, number>();
  for (const [index, count] of buckets) addTo(fewer, raised(index, 1), count);
  return fewer;
}
