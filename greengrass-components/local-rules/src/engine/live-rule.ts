import { buildTree, type Finding } from '../conditions/condition-tree.ts';
import type { Inputs } from '../conditions/inputs.ts';
import { leavesOf, type Rule, type Value } from '../rules-schema.ts';

export type RuleState = 'begun' | 'ended';

/**
 * A rule as it is now.
 *
 * INVARIANT: it changes its state only when its condition has had the other truth for as long as the rule says, and, when nobody
 * knows the truth, to the side that the rule calls safe. Until `staleAfter` has passed since it was made, it waits instead.
 */
export class LiveRule {
  readonly name: string;
  readonly rule: Rule;
  readonly series: readonly string[];
  readonly anomalies: readonly string[];
  readonly subjects: readonly string[];
  readonly #tree: { find(now: number): Finding };
  readonly #inputs: Inputs;
  readonly #madeAt: number;
  #state: RuleState;
  /** Since when it is about to change its state. */
  #since: number | undefined;
  /** When it began, as far back as its limit looks. */
  #begins: number[] = [];
  #deadline = 0;

  /** @param now monotonic */
  constructor(name: string, rule: Rule, inputs: Inputs, now: number, state: RuleState = 'ended') {
    this.name = name;
    this.rule = rule;
    this.#inputs = inputs;
    this.#madeAt = now;
    this.#state = state;
    this.#tree = buildTree(rule.when, rule, inputs);
    const leaves = leavesOf(rule.when);
    this.series = [...new Set(leaves.flatMap((leaf) => ('series' in leaf ? leaf.series : [])))];
    this.anomalies = [...new Set(leaves.flatMap((leaf) => ('anomaly' in leaf ? leaf.anomaly : [])))];
    this.subjects = [...new Set(leaves.flatMap((leaf) => ('inference' in leaf ? leaf.inference : [])))];
  }

  get state(): RuleState {
    return this.#state;
  }

  /** Monotonic time at which it is to be looked at although nothing came. */
  get deadline(): number {
    return this.#deadline;
  }

  /** What its condition sees. */
  inputs(): Record<string, Value> {
    const seen: Record<string, Value> = {};
    for (const series of this.series) {
      const input = this.#inputs.of(series);
      if (input !== undefined) seen[series] = input.value;
    }
    return seen;
  }

  /** @returns the state that it has come into */
  look(now: number): RuleState | undefined {
    const { truth, until } = this.#tree.find(now);
    this.#deadline = until;
    const wanted = this.#wanted(truth, now);
    if (wanted === undefined || wanted === this.#state) {
      this.#since = undefined;
      return undefined;
    }
    this.#since ??= now;
    const due = this.#since + (wanted === 'begun' ? this.rule.for : this.rule.endFor);
    const free = wanted === 'ended' ? this.#freeAt(now) : due;
    const at = Math.max(due, free);
    if (now < at) {
      this.#deadline = Math.min(until, at);
      return undefined;
    }
    this.#since = undefined;
    this.#state = wanted;
    if (wanted === 'begun') this.#begins.push(now);
    return wanted;
  }

  #wanted(truth: boolean | undefined, now: number): RuleState | undefined {
    if (truth !== undefined) return truth ? 'begun' : 'ended';
    const { staleAfter, whenUnknown } = this.rule;
    const patience = this.#madeAt + staleAfter;
    if (now < patience) {
      this.#deadline = Math.min(this.#deadline, patience);
      return undefined;
    }
    if (whenUnknown === 'hold') return undefined;
    return whenUnknown === 'begin' ? 'begun' : 'ended';
  }

  /** When it may end: a rule that has begun too often stays begun, so that it does not begin again. */
  #freeAt(now: number): number {
    const { begins, per } = this.rule.limit;
    this.#begins = this.#begins.filter((at) => now - at < per);
    const oldest = this.#begins[this.#begins.length - begins];
    return oldest === undefined ? now : oldest + per;
  }
}
