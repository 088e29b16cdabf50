import type { MemoryBudget } from './memory-budget.ts';
import { Moments, type MomentsState } from './moments.ts';
import { QuantileSketch, type QuantileState } from './quantile-sketch.ts';

/** Estimated bytes of a pane without its percentiles. */
const PANE_BYTES = 320;

export interface PaneState {
  readonly moments: MomentsState;
  readonly quantiles?: QuantileState;
  readonly anomalies?: number;
  readonly bad?: number;
  readonly uncertain?: number;
  /** Times of the first and last value. */
  readonly span?: readonly [number, number];
  /** Percentiles were given up for lack of memory. */
  readonly gaveUp?: true;
}

/**
 * A part of a window: the whole of a tumbling one, and one step of a sliding one.
 *
 * INVARIANT: what it holds is taken from the budget until {@link release}.
 */
export class Pane {
  moments = new Moments();
  anomalies = 0;
  /** Values that their source calls bad, or that are no use as numbers. */
  bad = 0;
  /** Values that were left out as uncertain. */
  uncertain = 0;
  first = Number.POSITIVE_INFINITY;
  last = Number.NEGATIVE_INFINITY;
  #quantiles: QuantileSketch | undefined;
  #gaveUp = false;
  #held = PANE_BYTES;
  readonly #budget: MemoryBudget | undefined;

  /** @param budget none for what is only looked at */
  constructor(withPercentiles: boolean, budget?: MemoryBudget) {
    this.#budget = budget;
    budget?.demand(PANE_BYTES);
    if (withPercentiles) this.#quantiles = new QuantileSketch();
  }

  static from(state: PaneState, budget: MemoryBudget): Pane {
    const pane = new Pane(false, budget);
    pane.moments = Moments.from(state.moments);
    pane.anomalies = state.anomalies ?? 0;
    pane.bad = state.bad ?? 0;
    pane.uncertain = state.uncertain ?? 0;
    [pane.first, pane.last] = state.span ?? [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
    if (state.quantiles !== undefined) {
      pane.#quantiles = QuantileSketch.from(state.quantiles);
      budget.demand(pane.#quantiles.bytes);
      pane.#held += pane.#quantiles.bytes;
    }
    pane.#gaveUp = state.gaveUp ?? false;
    return pane;
  }

  get gaveUp(): boolean {
    return this.#gaveUp;
  }

  get isEmpty(): boolean {
    return this.moments.count + this.anomalies + this.bad + this.uncertain === 0;
  }

  /** @returns false when percentiles were given up by it */
  add(time: number, value: number): boolean {
    this.touch(time);
    this.moments.add(value);
    const quantiles = this.#quantiles;
    if (quantiles === undefined) return true;
    quantiles.add(value);
    const growth = quantiles.bytes + PANE_BYTES - this.#held;
    if (growth <= 0) {
      this.#budget?.give(-growth);
    } else if (this.#budget?.take(growth) === false) {
      this.#giveUp();
      return false;
    }
    this.#held += growth;
    return true;
  }

  touch(time: number): void {
    if (time < this.first) this.first = time;
    if (time > this.last) this.last = time;
  }

  merge(other: Pane): void {
    this.moments.merge(other.moments);
    this.anomalies += other.anomalies;
    this.bad += other.bad;
    this.uncertain += other.uncertain;
    if (other.first < this.first) this.first = other.first;
    if (other.last > this.last) this.last = other.last;
    if (other.#gaveUp) this.#giveUp();
    if (other.#quantiles !== undefined) this.#quantiles?.merge(other.#quantiles);
  }

  percentiles(percentiles: readonly number[]): readonly (number | undefined)[] {
    const { max, min } = this.moments;
    // What stands for a bucket may lie beyond the outermost value in it.
    return (this.#quantiles?.percentiles(percentiles) ?? []).map(
      (value) => value && Math.min(max, Math.max(min, value)),
    );
  }

  release(): void {
    this.#budget?.give(this.#held);
    this.#held = 0;
  }

  state(): PaneState {
    return {
      moments: this.moments.state(),
      ...(this.#quantiles !== undefined && { quantiles: this.#quantiles.state() }),
      ...(this.anomalies > 0 && { anomalies: this.anomalies }),
      ...(this.bad > 0 && { bad: this.bad }),
      ...(this.uncertain > 0 && { uncertain: this.uncertain }),
      ...(this.last >= this.first && { span: [this.first, this.last] as const }),
      ...(this.#gaveUp && { gaveUp: true as const }),
    };
  }

  #giveUp(): void {
    this.#gaveUp = true;
    this.#quantiles = undefined;
    this.#budget?.give(this.#held - PANE_BYTES);
    this.#held = Math.min(this.#held, PANE_BYTES);
  }
}
