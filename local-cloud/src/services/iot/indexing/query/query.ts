/**
 * A query of the version 2017-09-30 (developer guide, `query-syntax`), parsed. `field` is undefined where the query
 * names none: the term is then looked for everywhere.
 */
export type Query =
  | { readonly kind: 'everything' }
  | { readonly kind: 'and' | 'or'; readonly operands: readonly Query[] }
  | { readonly kind: 'not'; readonly operand: Query }
  | Condition;

export type Condition =
  /** `field:*` */
  | { readonly kind: 'exists'; readonly field: string }
  /** `text` in lower case; `number` where it reads as one. */
  | {
      readonly kind: 'word';
      readonly field: string | undefined;
      readonly text: string;
      readonly number: number | undefined;
    }
  | { readonly kind: 'wildcard'; readonly field: string | undefined; readonly pattern: RegExp }
  | { readonly kind: 'phrase'; readonly field: string | undefined; readonly words: readonly string[] }
  | { readonly kind: 'number-range'; readonly field: string; readonly range: Range<number> }
  | { readonly kind: 'text-range'; readonly field: string; readonly range: Range<string> };

/** A side that is undefined is open. */
export interface Range<V> {
  readonly low: Bound<V> | undefined;
  readonly high: Bound<V> | undefined;
}

export interface Bound<V> {
  readonly value: V;
  readonly inclusive: boolean;
}

/** Every field that the query names. */
export function* fieldsOf(query: Query): Generator<string> {
  switch (query.kind) {
    case 'everything':
      return;
    case 'and':
    case 'or':
      for (const operand of query.operands) yield* fieldsOf(operand);
      return;
    case 'not':
      yield* fieldsOf(query.operand);
      return;
    default:
      if (query.field !== undefined) yield query.field;
  }
}
