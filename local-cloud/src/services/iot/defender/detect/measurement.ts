import type { BehaviorCriteria, MetricValue } from '@aws-sdk/client-iot';
import { WINDOW } from '../limits.ts';
import { isInOrder, isInSet } from './criteria.ts';
import { type MetricTraits, valueMember } from './metric-catalog.ts';
import type { MetricHistory } from './metric-history.ts';

interface Series {
  readonly history: MetricHistory;
  readonly key: string;
  readonly traits: MetricTraits;
}

export interface Outcome {
  readonly value: MetricValue;
  readonly conforms: boolean;
}

/**
 * What a device's behavior comes to at `at`: its measurements over the behavior's duration against a fixed value.
 * Undefined where nothing was measured, or nothing is compared.
 */
export function judgeStatic(
  { history, key, traits }: Series,
  thingName: string,
  criteria: BehaviorCriteria,
  at: number,
): Outcome | undefined {
  const { comparisonOperator: operator, value: expected, durationSeconds } = criteria;
  if (operator === undefined || expected === undefined) return undefined;
  const data = history.range(thingName, key, at - durationOf(durationSeconds), at);
  const latest = data.at(-1);
  if (latest === undefined) return undefined;
  const member = valueMember(traits);
  if (member !== 'count' && member !== 'number') {
    return { value: latest.datum.value, conforms: isInSet(operator, latest.datum.value, expected) };
  }
  const measured = measuredNumber(data, traits, operator.startsWith('greater'));
  return {
    value: { [member]: measured },
    conforms: isInOrder(operator, measured, expected[member] ?? 0),
  };
}

function durationOf(seconds: number | undefined): number {
  return seconds === undefined ? WINDOW : seconds * 1000;
}

type Data = ReturnType<MetricHistory['range']>;

/** The number of a duration: a sum, the latest, or of single messages the one that breaks a rule first. */
function measuredNumber(data: Data, traits: MetricTraits, smallest: boolean): number {
  const numbers = data.map(({ datum }) => datum.value.count ?? datum.value.number ?? 0);
  switch (traits.kind) {
    case 'delta':
      return numbers.reduce((sum, number) => sum + number, 0);
    case 'message-size':
      return smallest
        ? Math.min(...data.map(({ datum }) => datum.least ?? datum.value.count ?? 0))
        : Math.max(...numbers);
    default:
      return numbers.at(-1) ?? 0;
  }
}

/** The number that statistics compare: of messages, "the cumulative size". Undefined where nothing was measured. */
export function accumulated(
  { history, key, traits }: Series,
  thingName: string,
  from: number,
  until: number,
): number | undefined {
  const data = history.range(thingName, key, from, until);
  if (data.length === 0) return undefined;
  if (traits.kind !== 'message-size') return measuredNumber(data, traits, false);
  return data.reduce((sum, { datum }) => sum + (datum.sum ?? 0), 0);
}
