import type { Condition, EqualCondition, LeafCondition, Rule, ThresholdCondition } from '../rules-schema.ts';
import type { Input, Inputs } from './inputs.ts';

/** Undefined: nobody knows. */
export type Truth = boolean | undefined;

/** A condition as it is now, and the monotonic time from which it may be another one without a new message. */
export interface Finding {
  readonly truth: Truth;
  readonly until: number;
}

interface Node {
  find(now: number): Finding;
}

const EVER = Number.POSITIVE_INFINITY;
type OfRule = Pick<Rule, 'staleAfter' | 'uncertain'>;

/**
 * A condition with its memory (hysteresis and durations).
 *
 * Truth is Kleene's: `all` is false when one is false, whatever is not known, and `any` true when one is true.
 */
export function buildTree(condition: Condition, rule: OfRule, inputs: Inputs): Node {
  if ('all' in condition)
    return new Combination(
      condition.all.map((each) => buildTree(each, rule, inputs)),
      false,
    );
  if ('any' in condition)
    return new Combination(
      condition.any.map((each) => buildTree(each, rule, inputs)),
      true,
    );
  if ('not' in condition) return new Negation(buildTree(condition.not, rule, inputs));
  return leafOf(condition, rule, inputs);
}

class Combination implements Node {
  readonly #nodes: readonly Node[];
  /** The truth of one that is the truth of all together. */
  readonly #decisive: boolean;

  constructor(nodes: readonly Node[], decisive: boolean) {
    this.#nodes = nodes;
    this.#decisive = decisive;
  }

  /** Each is looked at, since each has a memory of its own. */
  find(now: number): Finding {
    let truth: Truth = !this.#decisive;
    let until = EVER;
    for (const node of this.#nodes) {
      const found = node.find(now);
      until = Math.min(until, found.until);
      if (found.truth === this.#decisive) truth = this.#decisive;
      else if (found.truth === undefined && truth !== this.#decisive) truth = undefined;
    }
    return { truth, until };
  }
}

class Negation implements Node {
  readonly #node: Node;

  constructor(node: Node) {
    this.#node = node;
  }

  find(now: number): Finding {
    const { truth, until } = this.#node.find(now);
    return { truth: truth === undefined ? undefined : !truth, until };
  }
}

function leafOf(condition: LeafCondition, rule: OfRule, inputs: Inputs): Node {
  if ('anomaly' in condition) {
    const { anomaly, score, within } = condition;
    return {
      find(now) {
        const at = inputs.lastAnomaly(anomaly, score);
        if (at === undefined || now - at >= within) return { truth: false, until: EVER };
        return { truth: true, until: at + within };
      },
    };
  }
  if ('inference' in condition) {
    const { inference, is, model, staleAfter } = condition;
    return {
      find(now) {
        const last = inputs.lastVerdict(inference, model);
        if (last === undefined || last.verdict === 'unknown' || now - last.at >= staleAfter) {
          return { truth: undefined, until: EVER };
        }
        return { truth: last.verdict === is, until: last.at + staleAfter };
      },
    };
  }
  return new SeriesLeaf(condition, rule, inputs);
}

class SeriesLeaf implements Node {
  readonly #condition: ThresholdCondition | EqualCondition;
  readonly #rule: OfRule;
  readonly #inputs: Inputs;
  #isOn = false;
  /** Since when the value has been beyond the limit without a break. */
  #since: number | undefined;

  constructor(condition: ThresholdCondition | EqualCondition, rule: OfRule, inputs: Inputs) {
    this.#condition = condition;
    this.#rule = rule;
    this.#inputs = inputs;
  }

  find(now: number): Finding {
    const { staleAfter, uncertain } = this.#rule;
    const input = this.#inputs.of(this.#condition.series);
    const isKnown =
      input !== undefined &&
      input.quality !== 'bad' &&
      (input.quality === 'good' || uncertain === 'use') &&
      now - input.at < staleAfter;
    if (!isKnown) {
      this.#since = undefined;
      return { truth: undefined, until: EVER };
    }
    const stale = input.at + staleAfter;
    this.#isOn = this.#isBeyond(input);
    if (!this.#isOn) {
      this.#since = undefined;
      return { truth: false, until: stale };
    }
    this.#since ??= now;
    const due = this.#since + this.#condition.for;
    return now >= due ? { truth: true, until: stale } : { truth: false, until: Math.min(stale, due) };
  }

  #isBeyond({ value }: Input): boolean {
    const condition = this.#condition;
    if ('is' in condition)
      return typeof condition.is === 'boolean' ? Boolean(value) === condition.is : Number(value) === condition.is;
    const number = Number(value);
    const { above = EVER, below = -EVER, hysteresis } = condition;
    if (number > above || number < below) return true;
    return this.#isOn && (number > above - hysteresis || number < below + hysteresis);
  }
}
