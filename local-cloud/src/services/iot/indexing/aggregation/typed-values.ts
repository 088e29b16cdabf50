import type { FieldType } from '@aws-sdk/client-iot';
import { indexableNumber, numberIn } from '../query/words.ts';
import type { AggregatedValue } from './buckets.ts';

/**
 * Values that agree with the type of their field: "If there is a type inconsistency …, fleet indexing ignores the
 * inconsistent value for aggregation queries" (developer guide, `managing-fleet-index`). Attributes are text and are
 * read as the type asks.
 */
export function typedValues(field: string, type: FieldType, values: readonly AggregatedValue[]): AggregatedValue[] {
  const attribute = field.startsWith('attributes.');
  return values.flatMap((value): AggregatedValue[] => {
    if (type === 'String') return typeof value === 'string' ? [value] : [];
    if (type === 'Boolean') {
      if (typeof value === 'boolean') return [value];
      return attribute && (value === 'true' || value === 'false') ? [value === 'true'] : [];
    }
    const number = readNumber(value, attribute);
    return number === undefined ? [] : [number];
  });
}

function readNumber(value: AggregatedValue, attribute: boolean): number | undefined {
  if (typeof value === 'number') return indexableNumber(value);
  return attribute && typeof value === 'string' ? numberIn(value) : undefined;
}
