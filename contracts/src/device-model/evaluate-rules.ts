import type { Alert } from '../alerts.ts';
import type { AlertRule, AlertRules, DeviceAlertState, RuleState } from './alert-rules.ts';
import { followRule } from './follow-rule.ts';

/** A sample as rules see it. */
export interface JudgedSample {
  /** ms since the epoch, by the device's clock */
  readonly time: number;
  readonly channel: string;
  readonly values: Readonly<Record<string, unknown>>;
}

export interface Evaluation {
  readonly state: DeviceAlertState;
  /** Whether the state must be kept. */
  readonly changed: boolean;
  /** In the order in which they came about. */
  readonly alerts: readonly TelemetryAlert[];
}

export type TelemetryAlert = Extract<Alert, { kind: 'telemetry' }>;

/**
 * Takes samples of one device into the rules of its type.
 * @param samples in the order of time
 * @param now ms since the epoch at which alerts are decided; undefined: at the time of their sample
 */
export function evaluateRules(
  rules: AlertRules,
  thingName: string,
  state: DeviceAlertState,
  samples: readonly JudgedSample[],
  now?: number,
): Evaluation {
  const alerts: TelemetryAlert[] = [];
  let next = state;
  let changed = false;
  for (const [name, known] of Object.entries(state)) {
    if (Object.hasOwn(rules, name)) continue;
    // The rule is gone, and with it what could clear the alert.
    next = without(next, name);
    changed = true;
    const at = now ?? known.seen;
    if (isOpen(known)) alerts.push(alertOf(thingName, name, known, 'cleared', at));
  }
  for (const sample of samples) {
    for (const name in rules) {
      const rule = rules[name] as AlertRule;
      if (rule.channel !== sample.channel) continue;
      const value = numberOf(sample.values[rule.measure]);
      if (value === undefined) continue;
      const before = next[name];
      const step = followRule(rule, before, sample.time, value);
      if (step.state !== undefined && step.state !== before) next = { ...next, [name]: step.state };
      changed ||= step.changed;
      if (step.told === undefined || step.state === undefined) continue;
      const levels = rule.above ?? rule.below;
      const limit = step.told === 'raised' ? levels?.raise : levels?.clear;
      const judged = { value: step.value, limit };
      alerts.push({ ...alertOf(thingName, name, step.state, step.told, now ?? sample.time), ...judged });
    }
  }
  return { state: next, changed, alerts };
}

/** Whether an alert of this rule stands. */
export function isOpen({ phase }: RuleState): boolean {
  return phase === 'raised' || phase === 'clearing';
}

function alertOf(
  thingName: string,
  rule: string,
  { since = 0, told }: RuleState,
  state: TelemetryAlert['state'],
  at: number,
): TelemetryAlert {
  const { measure, severity, basis, direction } =
    told ?? ({ measure: '', severity: 'info', basis: 'value', direction: 'above' } as const);
  return {
    version: 1,
    kind: 'telemetry',
    alertId: `telemetry/${thingName}/${rule}/${since}`,
    state,
    thingName,
    since,
    at,
    rule,
    measure,
    severity,
    basis,
    direction,
  };
}

function numberOf(value: unknown): number | undefined {
  if (typeof value === 'number') return value;
  return typeof value === 'boolean' ? Number(value) : undefined;
}

function without(state: DeviceAlertState, name: string): DeviceAlertState {
  const { [name]: _gone, ...rest } = state;
  return rest;
}
