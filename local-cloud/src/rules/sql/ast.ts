/** Syntax tree of the rule SQL. `offset` is the place in the text, for messages. */

export type BinaryOperator = 'AND' | 'OR' | 'IN' | '=' | '<>' | '<' | '<=' | '>' | '>=' | '+' | '-' | '*' | '/' | '%';

export type Expression =
  | { readonly kind: 'literal'; readonly value: null | boolean | string; readonly offset: number }
  | { readonly kind: 'number'; readonly text: string; readonly offset: number }
  /** An attribute of the message, or of the element inside a nested query. */
  | { readonly kind: 'field'; readonly name: string; readonly offset: number }
  | { readonly kind: 'variable'; readonly name: string; readonly offset: number }
  | { readonly kind: 'member'; readonly target: Expression; readonly name: string; readonly offset: number }
  /** `*`: the whole payload. */
  | { readonly kind: 'star'; readonly offset: number }
  | { readonly kind: 'call'; readonly name: string; readonly args: readonly Expression[]; readonly offset: number }
  | { readonly kind: 'cast'; readonly value: Expression; readonly type: string; readonly offset: number }
  | { readonly kind: 'not'; readonly operand: Expression; readonly offset: number }
  | { readonly kind: 'negate'; readonly operand: Expression; readonly offset: number }
  | {
      readonly kind: 'binary';
      readonly operator: BinaryOperator;
      readonly left: Expression;
      readonly right: Expression;
      readonly offset: number;
    }
  | {
      readonly kind: 'case';
      readonly subject: Expression;
      readonly branches: readonly { readonly when: Expression; readonly result: Expression }[];
      readonly otherwise: Expression | undefined;
      readonly offset: number;
    }
  | { readonly kind: 'array'; readonly items: readonly Expression[]; readonly offset: number }
  | { readonly kind: 'object'; readonly members: readonly ObjectMember[]; readonly offset: number }
  | { readonly kind: 'query'; readonly query: NestedQuery; readonly offset: number }
  | { readonly kind: 'exists'; readonly query: NestedQuery; readonly offset: number };

export interface ObjectMember {
  readonly key: string;
  readonly value: Expression;
}

export interface SelectItem {
  readonly expression: Expression;
  /** `AS state.reported.temp` gives nested objects. */
  readonly alias: readonly string[] | undefined;
  readonly offset: number;
}

/** `SELECT …` (items) or `SELECT VALUE …` (one expression). */
export type Selection =
  | { readonly kind: 'items'; readonly items: readonly SelectItem[] }
  | { readonly kind: 'value'; readonly expression: Expression };

export interface NestedQuery {
  readonly selection: Selection;
  readonly from: Expression;
  readonly where: Expression | undefined;
}

export interface Assignment {
  readonly name: string;
  readonly value: Expression;
  readonly offset: number;
}

export interface Statement {
  readonly text: string;
  readonly assignments: readonly Assignment[];
  readonly selection: Selection;
  /** Absent for a rule that only Basic Ingest reaches. */
  readonly topicFilter: string | undefined;
  readonly topicFilterOffset: number;
  readonly where: Expression | undefined;
}
