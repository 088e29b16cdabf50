import type { AlertRule, RuleState } from './alert-rules.ts';
import { medianSlope } from './theil-sen.ts';

/** What one sample does to a rule. */
export interface RuleStep {
  /** Undefined: nothing to remember. */
  readonly state: RuleState | undefined;
  /** Whether the state must be kept; what only moves `seen` of a lasting phase is not. */
  readonly changed: boolean;
  readonly told?: 'raised' | 'cleared';
  /** Value, or rate, that was judged. */
  readonly value?: number;
}

/** Samples that stand for the window of a rate, besides the one that is judged. */
const RATE_POINTS = 6;
/** A rate of fewer points, or of less than half of the window, is not known. */
const LEAST_POINTS = 3;

/**
 * Takes one sample into a rule. Pure: the same samples in the same order lead to the same alerts. A sample that is not
 * newer than what was taken in changes nothing, so samples may come twice.
 */
export function followRule(rule: AlertRule, state: RuleState | undefined, time: number, value: number): RuleStep {
  if (state !== undefined && time <= state.seen) return { state, changed: false };
  if (rule.rate === undefined) return judge(rule, state, time, value);
  const { windowSeconds, perSeconds } = rule.rate;
  const length = windowSeconds * 1_000;
  const points = (state?.points ?? []).filter(([at]) => at > time - length);
  const known = [...points, [time, value] as const];
  const [first] = known as [readonly [number, number]];
  const slope = known.length >= LEAST_POINTS && time - first[0] >= length / 2 ? medianSlope(known) : undefined;
  const judged: RuleStep =
    slope === undefined ? withoutEvidence(state, time) : judge(rule, state, time, slope * perSeconds * 1_000);
  const newest = points.at(-1);
  const anchored = newest === undefined || time - newest[0] >= length / RATE_POINTS;
  const kept = (anchored ? known : points).map(([at, of]) => [at, of] as [number, number]);
  const next = judged.state ?? { phase: 'calm', seen: time };
  return {
    ...judged,
    state: { ...next, ...(anchored && { seen: time }), points: kept },
    changed: judged.changed || anchored,
  };
}

/** A rate that is not known ends what was about to be raised, and leaves a raised alert. */
function withoutEvidence(state: RuleState | undefined, time: number): RuleStep {
  if (state?.phase !== 'pending') return { state, changed: false };
  return { state: { phase: 'calm', seen: time }, changed: true };
}

function judge(rule: AlertRule, state: RuleState | undefined, time: number, value: number): RuleStep {
  const gap = rule.maxGapSeconds * 1_000;
  switch (state?.phase) {
    case undefined:
    case 'calm':
      if (!holds(rule, value)) return { state: state && { ...state, seen: time }, changed: false, value };
      return rule.forSeconds === 0 ? raised(rule, time, time, value) : pending(time, time, value);
    case 'pending': {
      if (!holds(rule, value)) return { state: { phase: 'calm', seen: time }, changed: true, value };
      const since = time - state.seen > gap ? time : (state.since as number);
      return time - since >= rule.forSeconds * 1_000 ? raised(rule, since, time, value) : pending(since, time, value);
    }
    case 'raised': {
      if (!isOver(rule, value)) return { state: { ...state, seen: time }, changed: false, value };
      if (rule.clearForSeconds === 0) return cleared(state, time, value);
      return { state: { ...state, phase: 'clearing', calmSince: time, seen: time }, changed: true, value };
    }
    case 'clearing': {
      const { calmSince, ...rest } = state;
      if (!isOver(rule, value)) return { state: { ...rest, phase: 'raised', seen: time }, changed: true, value };
      const over = time - state.seen > gap ? time : (calmSince as number);
      if (time - over >= rule.clearForSeconds * 1_000) return cleared(state, time, value);
      return { state: { ...state, calmSince: over, seen: time }, changed: true, value };
    }
  }
}

function pending(since: number, seen: number, value: number): RuleStep {
  return { state: { phase: 'pending', since, seen }, changed: true, value };
}

function raised(rule: AlertRule, since: number, seen: number, value: number): RuleStep {
  const { measure, severity } = rule;
  const direction = rule.above === undefined ? 'below' : 'above';
  const told = { measure, severity, basis: rule.rate === undefined ? 'value' : 'rate', direction } as const;
  return { state: { phase: 'raised', since, seen, told }, changed: true, told: 'raised', value };
}

/** Keeps what the alert was, for the message that it is over. */
function cleared({ since, told }: RuleState, seen: number, value: number): RuleStep {
  return { state: { phase: 'calm', seen, since, told }, changed: true, told: 'cleared', value };
}

function holds({ above, below }: AlertRule, value: number): boolean {
  return above !== undefined ? value > above.raise : below !== undefined && value < below.raise;
}

function isOver({ above, below }: AlertRule, value: number): boolean {
  return above !== undefined ? value <= above.clear : below !== undefined && value >= below.clear;
}
