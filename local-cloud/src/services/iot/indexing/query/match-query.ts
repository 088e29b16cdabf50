import type { FieldValue } from './field-value.ts';
import type { Condition, Query, Range } from './query.ts';

/** What a query is held against: a thing, or a thing group. */
export interface SearchDocument {
  /** Values of a field, empty where it is missing. */
  values(field: string): readonly FieldValue[];
  /** Whether the field, or one nested in it, has a value. */
  has(field: string): boolean;
  /** Whether any value passes of the fields that a term without field looks into. */
  anywhere(test: (value: FieldValue) => boolean): boolean;
}

type ValueCondition = Exclude<Condition, { kind: 'exists' }>;

/** A missing field matches nothing, so that `NOT` of it matches (`example-queries`, `NOT attributes.model:legacy`). */
export function matchesQuery(query: Query, document: SearchDocument): boolean {
  switch (query.kind) {
    case 'everything':
      return true;
    case 'and':
      return query.operands.every((operand) => matchesQuery(operand, document));
    case 'or':
      return query.operands.some((operand) => matchesQuery(operand, document));
    case 'not':
      return !matchesQuery(query.operand, document);
    default:
      return matchesCondition(query, document);
  }
}

function matchesCondition(condition: Condition, document: SearchDocument): boolean {
  if (condition.kind === 'exists') return document.has(condition.field);
  if (condition.field === undefined) return document.anywhere((value) => matchesValue(condition, value));
  return anyMatches(condition, document.values(condition.field));
}

function anyMatches(condition: ValueCondition, values: readonly FieldValue[]): boolean {
  for (const value of values) {
    if (matchesValue(condition, value)) return true;
  }
  return false;
}

function matchesValue(condition: ValueCondition, value: FieldValue): boolean {
  const { number } = value;
  switch (condition.kind) {
    case 'word':
      // What is a number reads as one, and so does every text that equals it.
      if (number !== undefined) return condition.number === number;
      return value.words.includes(condition.text);
    case 'wildcard':
      return value.words.some((word) => condition.pattern.test(word));
    case 'phrase':
      return holdsPhrase(value.words, condition.words);
    case 'number-range':
      return number !== undefined && within(number, condition.range);
    case 'text-range':
      return value.words.some((word) => within(word, condition.range));
  }
}

function holdsPhrase(words: readonly string[], phrase: readonly string[]): boolean {
  for (let start = 0; start + phrase.length <= words.length; start += 1) {
    if (phrase.every((word, i) => words[start + i] === word)) return true;
  }
  return false;
}

function within<V extends string | number>(value: V, { low, high }: Range<V>): boolean {
  if (low !== undefined && !(low.inclusive ? value >= low.value : value > low.value)) return false;
  return high === undefined || (high.inclusive ? value <= high.value : value < high.value);
}
