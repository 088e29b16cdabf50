import { indexableNumber, numberIn, wordsOf } from './words.ts';

/** One value of a field, as it is searched. */
export class FieldValue {
  /** As it was given, for aggregations. */
  readonly raw: string | number | boolean;
  readonly number: number | undefined;
  #words: readonly string[] | undefined;

  constructor(raw: string | number | boolean, number: number | undefined) {
    this.raw = raw;
    this.number = number;
  }

  /** In lower case. */
  get words(): readonly string[] {
    this.#words ??= wordsOf(String(this.raw));
    return this.#words;
  }
}

/** Values by field name. */
export type Fields = ReadonlyMap<string, readonly FieldValue[]>;

/** A value of a shadow, of connectivity or of a name: numeric only where it is a number. */
export function fieldValue(raw: string | number | boolean): FieldValue {
  return new FieldValue(raw, typeof raw === 'number' ? indexableNumber(raw) : undefined);
}

/** Attributes are text always; one that reads as a number counts as one (`example-queries`, `attributes.myAttribute:[75 TO 80]`). */
export function attributeValue(raw: string): FieldValue {
  return new FieldValue(raw, numberIn(raw));
}
