import { alertRuleSchema, evaluateRules, type Sample } from '@fleetwright/contracts';
import {
  fieldMessagesOf,
  type PlantMoment,
  type ProcessFault,
  plantSamples,
} from '../../greengrass-components/simulated-plant/src/index.ts';
import type { MemoryCore } from './memory-core.ts';

export const HOUR = 3_600;
const MINUTE = 60_000;
const SEED = 11;

/** An hour in which each thing goes wrong that the plant knows. */
export function faultsOf(from: number): ProcessFault[] {
  return [
    { kind: 'cavitation', pump: 1, from: from + 10 * MINUTE, until: from + 16 * MINUTE },
    { kind: 'bearing-wear', pump: 2, from: from + 5 * MINUTE, until: from + 60 * MINUTE },
    { kind: 'high-inflow', from: from + 18 * MINUTE, until: from + 55 * MINUTE },
    { kind: 'dead-head', pump: 1, from: from + 40 * MINUTE, until: from + 50 * MINUTE },
  ];
}

export function momentsOf(from: number, seconds = HOUR): PlantMoment[] {
  return [...plantSamples(SEED, from, seconds, faultsOf(from))];
}

/** Publishes each moment at its time. */
export async function play(core: MemoryCore, moments: readonly PlantMoment[], each?: (second: number) => void) {
  for (const [second, moment] of moments.entries()) {
    each?.(second);
    for (const message of fieldMessagesOf(moment)) await core.field(message);
    await core.advance(1_000);
  }
}

/** What an operator wants to be told of each pump and of the tank, as rules of the cloud. */
const RULES: readonly (readonly [measure: string, rule: object])[] = [
  ...[1, 2, 3].flatMap((pump): [string, object][] => [
    [`pump_${pump}_vibration`, { above: { raise: 2.8, clear: 2.3 }, forSeconds: 60 }],
    [`pump_${pump}_temperature`, { above: { raise: 50, clear: 45 } }],
    [`pump_${pump}_pressure`, { above: { raise: 2.5, clear: 2.2 }, forSeconds: 30 }],
  ]),
  ['tank_level', { above: { raise: 2.9, clear: 2.7 }, forSeconds: 60 }],
];

export interface RaisedAlert {
  readonly measure: string;
  /** ms since the epoch */
  readonly time: number;
}

/**
 * Alerts of the cloud's rules on samples, which may be in any order.
 * @param suffix of the measures: `_max` for the rules to look at summaries
 */
export function alertsOn(samples: readonly Sample[], suffix = ''): RaisedAlert[] {
  const rules = Object.fromEntries(
    RULES.map(([measure, rule], at) => [
      `rule-${at}`,
      alertRuleSchema.parse({ measure: `${measure}${suffix}`, ...rule }),
    ]),
  );
  const inOrder = [...samples].sort((left, right) => left.time - right.time);
  const judged = inOrder.map(({ time, values }) => ({ time, values, channel: 'telemetry' }));
  return evaluateRules(rules, 'core', {}, judged)
    .alerts.filter(({ state }) => state === 'raised')
    .map(({ at, measure }) => ({ time: at, measure: measure.slice(0, measure.length - suffix.length) }));
}
