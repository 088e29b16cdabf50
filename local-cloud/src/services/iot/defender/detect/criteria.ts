import type { ComparisonOperator, MetricValue } from '@aws-sdk/client-iot';
import { blocksOf, containsAddress } from './cidr.ts';

/** Whether a measured number is as a behavior expects it. */
export function isInOrder(operator: ComparisonOperator, measured: number, expected: number): boolean {
  switch (operator) {
    case 'less-than':
      return measured < expected;
    case 'less-than-equals':
      return measured <= expected;
    case 'greater-than':
      return measured > expected;
    case 'greater-than-equals':
      return measured >= expected;
    default:
      throw new TypeError(`${operator} does not compare numbers`);
  }
}

/**
 * Whether measured lists are as a behavior expects them: all members within the set, or none. "An empty list of ports or
 * IP addresses is always considered in conformity" (developer guide, `device-defender-troubleshoot`).
 */
export function isInSet(operator: ComparisonOperator, measured: MetricValue, expected: MetricValue): boolean {
  switch (operator) {
    case 'in-cidr-set':
    case 'not-in-cidr-set': {
      const blocks = blocksOf(expected.cidrs ?? []);
      return within(operator, measured.cidrs ?? [], (address) => containsAddress(blocks, address));
    }
    case 'in-port-set':
    case 'not-in-port-set':
      return within(operator, measured.ports ?? [], (port) => expected.ports?.includes(port) === true);
    case 'in-set':
    case 'not-in-set':
      return (
        within(operator, measured.numbers ?? [], (number) => expected.numbers?.includes(number) === true) &&
        within(operator, measured.strings ?? [], (text) => expected.strings?.includes(text) === true)
      );
    default:
      throw new TypeError(`${operator} does not compare lists`);
  }
}

function within<M>(operator: string, members: readonly M[], isMember: (member: M) => boolean): boolean {
  return operator.startsWith('not-') ? !members.some(isMember) : members.every(isMember);
}

/**
 * The value below which `percent` of the values fall ("if the value associated with p90 is 123, then 90% of all
 * measurements were below 123"), by nearest rank. Undefined without values, and "when any of the metric values are
 * negative numbers" (`dd-detect-custom-metrics`).
 */
export function percentile(values: readonly number[], percent: number): number | undefined {
  if (values.length === 0 || values.some((value) => value < 0)) return undefined;
  const sorted = [...values].sort((a, b) => a - b);
  const rank = Math.ceil((percent / 100) * sorted.length);
  return sorted[Math.max(0, Math.min(sorted.length - 1, rank - 1))];
}
