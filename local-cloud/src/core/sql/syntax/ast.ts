import type { Position } from './query-error.ts';

interface Node {
  readonly at: Position;
}

/** A value spelled out in the query. Intervals count nanoseconds or months. */
export type LiteralValue =
  | { readonly type: 'null' }
  | { readonly type: 'boolean'; readonly value: boolean }
  | { readonly type: 'integer'; readonly value: bigint }
  | { readonly type: 'double'; readonly value: number }
  | { readonly type: 'string'; readonly value: string }
  | { readonly type: 'nanoseconds'; readonly value: bigint }
  | { readonly type: 'months'; readonly value: bigint };

export type ComparisonOperator = '=' | '<>' | '<' | '<=' | '>' | '>=';
export type ArithmeticOperator = '+' | '-' | '*' | '/' | '%';

export interface SortItem {
  readonly expression: Expression;
  readonly descending: boolean;
  readonly nullsFirst: boolean;
}

export interface WindowFrame {
  readonly unit: 'ROWS' | 'RANGE';
  readonly start: FrameBound;
  readonly end: FrameBound;
}

export type FrameBound =
  | { readonly kind: 'unbounded'; readonly direction: 'PRECEDING' | 'FOLLOWING' }
  | { readonly kind: 'current' }
  | { readonly kind: 'offset'; readonly direction: 'PRECEDING' | 'FOLLOWING'; readonly expression: Expression };

export interface WindowSpecification {
  readonly partitionBy: readonly Expression[];
  readonly orderBy: readonly SortItem[];
  readonly frame: WindowFrame | undefined;
}

export interface CallExpression extends Node {
  readonly kind: 'call';
  /** Lower case: function names are compared without case. */
  readonly name: string;
  readonly args: readonly Expression[];
  /** `count(*)` */
  readonly star: boolean;
  readonly distinct: boolean;
  readonly orderBy: readonly SortItem[];
  readonly filter: Expression | undefined;
  readonly ignoreNulls: boolean;
  readonly over: WindowSpecification | undefined;
}

/** A type as written in CAST. */
export interface TypeName extends Node {
  /** Lower case: `timestamp`, `varchar`, `array`. */
  readonly name: string;
  readonly element: TypeName | undefined;
}

export type Expression =
  | (Node & { readonly kind: 'literal'; readonly literal: LiteralValue })
  /** `TIMESTAMP '…'`, `DATE '…'`, `DOUBLE '…'` */
  | (Node & { readonly kind: 'typed-literal'; readonly type: TypeName; readonly text: string })
  /** `x`, `t.x`, `db.t.x` */
  | (Node & { readonly kind: 'column'; readonly parts: readonly string[] })
  | (Node & { readonly kind: 'negate'; readonly operand: Expression })
  | (Node & { readonly kind: 'not'; readonly operand: Expression })
  | (Node & { readonly kind: 'logical'; readonly operator: 'AND' | 'OR'; readonly operands: readonly Expression[] })
  | (Node & {
      readonly kind: 'compare';
      readonly operator: ComparisonOperator;
      readonly left: Expression;
      readonly right: Expression;
    })
  | (Node & {
      readonly kind: 'arithmetic';
      readonly operator: ArithmeticOperator;
      readonly left: Expression;
      readonly right: Expression;
    })
  | (Node & { readonly kind: 'concat'; readonly left: Expression; readonly right: Expression })
  | (Node & {
      readonly kind: 'between';
      readonly operand: Expression;
      readonly low: Expression;
      readonly high: Expression;
      readonly negated: boolean;
    })
  | (Node & {
      readonly kind: 'in-list';
      readonly operand: Expression;
      readonly items: readonly Expression[];
      readonly negated: boolean;
    })
  | (Node & {
      readonly kind: 'in-query';
      readonly operand: Expression;
      readonly query: Query;
      readonly negated: boolean;
    })
  | (Node & {
      readonly kind: 'like';
      readonly operand: Expression;
      readonly pattern: Expression;
      readonly escape: Expression | undefined;
      readonly negated: boolean;
    })
  | (Node & { readonly kind: 'is-null'; readonly operand: Expression; readonly negated: boolean })
  | (Node & {
      readonly kind: 'is-distinct';
      readonly left: Expression;
      readonly right: Expression;
      readonly negated: boolean;
    })
  | (Node & {
      readonly kind: 'quantified';
      readonly operator: ComparisonOperator;
      readonly quantifier: 'ALL' | 'ANY';
      readonly left: Expression;
      readonly query: Query;
    })
  | (Node & { readonly kind: 'exists'; readonly query: Query })
  | (Node & { readonly kind: 'scalar-query'; readonly query: Query })
  | (Node & {
      readonly kind: 'case';
      readonly operand: Expression | undefined;
      readonly branches: readonly CaseBranch[];
      readonly otherwise: Expression | undefined;
    })
  | (Node & { readonly kind: 'cast'; readonly operand: Expression; readonly type: TypeName; readonly orNull: boolean })
  | (Node & { readonly kind: 'array'; readonly items: readonly Expression[] })
  | (Node & { readonly kind: 'subscript'; readonly array: Expression; readonly index: Expression })
  | CallExpression;

export interface CaseBranch {
  readonly when: Expression;
  readonly result: Expression;
}

export type SelectItem =
  | (Node & { readonly kind: 'expression'; readonly expression: Expression; readonly alias: string | undefined })
  /** `*` or `t.*` */
  | (Node & { readonly kind: 'all'; readonly qualifier: readonly string[] });

export interface Select extends Node {
  readonly kind: 'select';
  readonly distinct: boolean;
  readonly items: readonly SelectItem[];
  readonly from: readonly Relation[];
  readonly where: Expression | undefined;
  /** Undefined without GROUP BY; an empty list is `GROUP BY ()`. */
  readonly groupBy: readonly Expression[] | undefined;
  readonly having: Expression | undefined;
}

export type JoinType = 'INNER' | 'LEFT' | 'RIGHT' | 'FULL' | 'CROSS';

export interface TableReference extends Node {
  readonly kind: 'table';
  readonly parts: readonly string[];
}

export type Relation =
  | TableReference
  | (Node & { readonly kind: 'subquery'; readonly query: Query })
  | (Node & { readonly kind: 'unnest'; readonly arrays: readonly Expression[]; readonly ordinality: boolean })
  | (Node & {
      readonly kind: 'aliased';
      readonly relation: Relation;
      readonly alias: string;
      readonly columns: readonly string[] | undefined;
    })
  | (Node & {
      readonly kind: 'join';
      readonly type: JoinType;
      readonly left: Relation;
      readonly right: Relation;
      readonly on: Expression | undefined;
      readonly using: readonly string[] | undefined;
    });

export type QueryBody =
  | Select
  | (Node & { readonly kind: 'values'; readonly rows: readonly (readonly Expression[])[] })
  | (Node & {
      readonly kind: 'set';
      readonly operator: 'UNION' | 'INTERSECT' | 'EXCEPT';
      readonly all: boolean;
      readonly left: QueryBody;
      readonly right: QueryBody;
    })
  | (Node & { readonly kind: 'nested'; readonly query: Query });

export interface CommonTable extends Node {
  readonly name: string;
  readonly columns: readonly string[] | undefined;
  readonly query: Query;
}

export interface Query extends Node {
  readonly with: readonly CommonTable[];
  readonly body: QueryBody;
  readonly orderBy: readonly SortItem[];
  /** Rows, or undefined for all. */
  readonly limit: bigint | undefined;
}

export type Statement =
  | { readonly kind: 'query'; readonly query: Query }
  | { readonly kind: 'show-databases'; readonly like: string | undefined }
  | {
      readonly kind: 'show-tables';
      readonly database: string | undefined;
      readonly at: Position;
      readonly like: string | undefined;
    }
  | { readonly kind: 'show-measures'; readonly table: TableReference; readonly like: string | undefined }
  | { readonly kind: 'describe'; readonly table: TableReference };
