import type { AnomalyMessage, FieldValue, InferenceMessage } from '@fleetwright/contracts';
import { Inputs } from '../conditions/inputs.ts';
import { type Action, pointOf, type Rule, type Rules, type Value } from '../rules-schema.ts';
import { LiveRule, type RuleState } from './live-rule.ts';

/** A write that a decision asks for. */
export interface Write {
  readonly action: Action;
  /** The rule that means it: of writes that are made up for, another one than the decision's. */
  readonly rule: string;
  readonly priority: number;
}

export interface Forbidden extends Write {
  /** The interlock, or the rule of more priority that wrote the same point at the same time. */
  readonly by: string;
}

export interface Decision {
  readonly rule: string;
  readonly state: RuleState;
  readonly severity: Rule['severity'];
  readonly inputs: Readonly<Record<string, Value>>;
  readonly writes: readonly Write[];
  readonly forbidden: readonly Forbidden[];
  /** Points whose writes of less priority are not to be tried any more. */
  readonly claims: readonly { readonly point: string; readonly priority: number }[];
}

/** What is remembered of a rule over a restart. */
export interface KeptRule {
  readonly state: RuleState;
  /** Points whose writes were forbidden when it came into this state. */
  readonly forbidden: readonly { readonly point: string; readonly by: string }[];
}

/** A time both clocks show. */
export interface Moment {
  /** ms since the epoch */
  readonly wall: number;
  /** ms, monotonic */
  readonly now: number;
}

/**
 * Decides by rules.
 *
 * INVARIANTS
 * - It is deterministic: the same messages at the same times give the same decisions. It knows no clock, no disk and no bus.
 * - No decision asks for a write of a point that an interlock of more priority forbids while it holds, nor do two decisions of the
 *   same moment ask for writes of one point: the rule of more priority has it, of equal ones the one whose name comes first.
 */
export class RuleEngine {
  readonly #inputs = new Inputs();
  #rules: LiveRule[] = [];
  readonly #bySeries = new Map<string, LiveRule[]>();
  readonly #byAnomaly = new Map<string, LiveRule[]>();
  readonly #bySubject = new Map<string, LiveRule[]>();
  /** Writes that an interlock forbade, by point and rule. */
  readonly #missed = new Map<string, Map<string, { readonly write: Write; readonly state: RuleState }>>();

  /**
   * Takes the place of the rules before. One that stays as it is goes on; one of the same name keeps its state; one that is gone
   * ends without writing.
   * @param kept of rules that are new, from before a restart
   */
  set(rules: Rules, { now }: Moment, kept: ReadonlyMap<string, KeptRule> = new Map()): Decision[] {
    const before = new Map(this.#rules.map((live) => [live.name, live]));
    this.#rules = Object.entries(rules)
      .map(([name, rule]) => {
        const known = before.get(name);
        before.delete(name);
        if (known !== undefined && JSON.stringify(known.rule) === JSON.stringify(rule)) return known;
        return new LiveRule(name, rule, this.#inputs, now, known?.state ?? kept.get(name)?.state);
      })
      .sort((left, right) => right.rule.priority - left.rule.priority || (left.name < right.name ? -1 : 1));
    this.#inputs.follow(new Set(this.#rules.flatMap(({ series }) => series)));
    index(this.#bySeries, this.#rules, ({ series }) => series);
    index(this.#byAnomaly, this.#rules, ({ anomalies }) => anomalies);
    index(this.#bySubject, this.#rules, ({ subjects }) => subjects);
    for (const missed of this.#missed.values()) for (const name of before.keys()) missed.delete(name);
    for (const live of this.#rules) this.#missAgain(live, kept.get(live.name));
    const gone = [...before.values()]
      .filter(({ state }) => state === 'begun')
      .map((live) => ({ ...nothing(live.name, live.rule.severity, 'ended'), inputs: live.inputs() }));
    const goneBefore = [...kept]
      .filter(([name, { state }]) => state === 'begun' && !Object.hasOwn(rules, name) && !before.has(name))
      .map(([name]) => nothing(name, 'warning', 'ended'));
    return [...gone, ...goneBefore];
  }

  get states(): ReadonlyMap<string, RuleState> {
    return new Map(this.#rules.map(({ name, state }) => [name, state]));
  }

  get size(): number {
    return this.#rules.length;
  }

  /** Monotonic time at which {@link look} is to be called although nothing came. */
  get deadline(): number {
    let deadline = Number.POSITIVE_INFINITY;
    for (const live of this.#rules) if (live.deadline < deadline) deadline = live.deadline;
    return deadline;
  }

  /** Whether an interlock forbids a point to rules of this priority now. */
  forbids(point: string, priority: number): boolean {
    return this.#interlockOn(point, priority) !== undefined;
  }

  values(values: readonly FieldValue[], moment: Moment): Decision[] {
    let concerned: Set<LiveRule> | undefined;
    for (const value of values) {
      const rules = this.#bySeries.get(value.series);
      if (rules === undefined || !this.#inputs.take(value, moment.wall, moment.now)) continue;
      concerned ??= new Set();
      for (const live of rules) concerned.add(live);
    }
    return concerned === undefined ? [] : this.#decide(concerned, moment.now);
  }

  anomaly({ score, series }: Pick<AnomalyMessage, 'score' | 'series'>, { now }: Moment): Decision[] {
    const rules = this.#byAnomaly.get(series);
    if (rules === undefined) return [];
    this.#inputs.anomaly(series, score, now);
    return this.#decide(rules, now);
  }

  verdict(message: Pick<InferenceMessage, 'model' | 'subject' | 'verdict'>, { now }: Moment): Decision[] {
    const rules = this.#bySubject.get(message.subject);
    if (rules === undefined) return [];
    this.#inputs.verdict(message, now);
    return this.#decide(rules, now);
  }

  /** Whatever became due by time alone. */
  look({ now }: Moment): Decision[] {
    return this.#decide(
      this.#rules.filter(({ deadline }) => deadline <= now),
      now,
    );
  }

  #decide(concerned: Iterable<LiveRule>, now: number): Decision[] {
    const changed: { live: LiveRule; state: RuleState }[] = [];
    for (const live of concerned) {
      const state = live.look(now);
      if (state !== undefined) changed.push({ live, state });
    }
    if (changed.length === 0) return [];
    changed.sort(
      (left, right) =>
        right.live.rule.priority - left.live.rule.priority || (left.live.name < right.live.name ? -1 : 1),
    );
    const written = new Map<string, string>();
    return changed.map(({ live, state }) => this.#decisionOf(live, state, written));
  }

  /** @param written points that decisions of this moment write, and by which rule */
  #decisionOf(live: LiveRule, state: RuleState, written: Map<string, string>): Decision {
    const { interlock, priority } = live.rule;
    const own = (state === 'begun' ? live.rule.begin : live.rule.end).map(
      (action): Write => ({ action, rule: live.name, priority }),
    );
    const wanted = [...own, ...(state === 'ended' ? this.#madeUpFor(live) : [])];
    const writes: Write[] = [];
    const forbidden: Forbidden[] = [];
    for (const write of wanted) {
      const point = pointOf(write.action);
      const interlocking = this.#interlockOn(point, write.priority);
      const by = interlocking?.name ?? written.get(point);
      if (by === undefined) {
        written.set(point, write.rule);
        this.#missed.get(point)?.delete(write.rule);
        writes.push(write);
        continue;
      }
      forbidden.push({ ...write, by });
      if (interlocking !== undefined) this.#miss(point, write, state);
    }
    const claims =
      state === 'begun' ? (interlock?.forbids ?? []).map((each) => ({ point: pointOf(each), priority })) : [];
    return { ...nothing(live.name, live.rule.severity, state), inputs: live.inputs(), writes, forbidden, claims };
  }

  /** What was forbidden before a restart, where the rule still has the action. */
  #missAgain({ name, rule, state }: LiveRule, kept: KeptRule | undefined): void {
    for (const { by, point } of kept?.forbidden ?? []) {
      const action = (state === 'begun' ? rule.begin : rule.end).find((each) => pointOf(each) === point);
      const isHeld = this.#rules.some((other) => other.name === by && other.state === 'begun');
      if (action !== undefined && isHeld) this.#miss(point, { action, rule: name, priority: rule.priority }, state);
    }
  }

  #miss(point: string, write: Write, state: RuleState): void {
    const missed = this.#missed.get(point) ?? new Map();
    this.#missed.set(point, missed);
    missed.set(write.rule, { write, state: this.#rules.find(({ name }) => name === write.rule)?.state ?? state });
  }

  /** Writes that an interlock which ends has forbidden, of rules that still mean them; the first of each point. */
  #madeUpFor({ rule: { interlock } }: LiveRule): Write[] {
    if (interlock === undefined) return [];
    const writes: Write[] = [];
    for (const each of interlock.forbids) {
      const point = pointOf(each);
      const meant = [...(this.#missed.get(point)?.values() ?? [])]
        .filter(({ state, write }) => this.#rules.find(({ name }) => name === write.rule)?.state === state)
        .sort((left, right) => right.write.priority - left.write.priority);
      const [first] = meant;
      if (first !== undefined && this.#interlockOn(point, first.write.priority) !== undefined) continue;
      this.#missed.delete(point);
      if (first !== undefined && interlock.afterwards === 'resume') writes.push(first.write);
    }
    return writes;
  }

  /** An interlock that holds and forbids a point to rules of this priority. */
  #interlockOn(point: string, priority: number): LiveRule | undefined {
    return this.#rules.find(
      ({ rule, state }) =>
        state === 'begun' &&
        rule.priority > priority &&
        rule.interlock?.forbids.some((each) => pointOf(each) === point) === true,
    );
  }
}

function nothing(rule: string, severity: Rule['severity'], state: RuleState): Decision {
  return { rule, state, severity, inputs: {}, writes: [], forbidden: [], claims: [] };
}

function index(
  into: Map<string, LiveRule[]>,
  rules: readonly LiveRule[],
  keysOf: (live: LiveRule) => readonly string[],
): void {
  into.clear();
  for (const live of rules) {
    for (const key of keysOf(live)) into.set(key, [...(into.get(key) ?? []), live]);
  }
}
