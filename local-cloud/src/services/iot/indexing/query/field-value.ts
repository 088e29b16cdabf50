import { indexableNumber, numberIn, wordsOf } from './words.ts';

/** One value of a field, as it is searched. Made once, read by every query. */
export interface FieldValue {
  /** As it was given, for aggregations. */
  readonly raw: string | number | boolean;
  /** Words in lower case. */
  readonly words: readonly string[];
  readonly number: number | undefined;
}

/** A value of a shadow, of connectivity or of a name: numeric only where it is a number. */
export function fieldValue(raw: string | number | boolean): FieldValue {
  if (typeof raw === 'number') return { raw, words: [String(raw)], number: indexableNumber(raw) };
  if (typeof raw === 'boolean') return { raw, words: [String(raw)], number: undefined };
  return { raw, words: wordsOf(raw), number: undefined };
}

/** Attributes are text always; one that reads as a number counts as one (`example-queries`, `attributes.myAttribute:[75 TO 80]`). */
export function attributeValue(raw: string): FieldValue {
  return { raw, words: wordsOf(raw), number: numberIn(raw) };
}
