import type { CallExpression, Expression, Query } from '../syntax/ast.ts';
import type { Position } from '../syntax/query-error.ts';
import type { Failure } from './casts.ts';
import type { Compiled } from './compiled.ts';
import type { NameResolver } from './scope.ts';
import type { SqlType } from './types.ts';

/** What a subquery compiles to. */
export interface CompiledQuery {
  /** A complete SELECT whose columns are named o0, o1, … */
  readonly sql: string;
  readonly columns: readonly QueryColumn[];
}

export interface QueryColumn {
  readonly name: string | undefined;
  readonly type: SqlType;
  readonly source?: { readonly database: string; readonly table: string };
  readonly aliased?: boolean;
}

export type SubqueryCompiler = (query: Query, outer: NameResolver) => CompiledQuery;

export interface ExpressionContext {
  readonly names: NameResolver;
  readonly compileSubquery: SubqueryCompiler;
  /** ns since the epoch */
  readonly now: bigint;
  /** The clause, for messages; undefined where windows may stand. */
  readonly withoutWindows: string | undefined;
  /** Stands for an aggregate call where the query is grouped; undefined where none may stand. */
  readonly aggregate: ((call: CallExpression) => Compiled) | undefined;
  /** The keys of a grouped query. */
  readonly groupKeys?: GroupKeys;
}

/** In a grouped query a row's column can be used only as, or within, a key of the groups. */
export interface GroupKeys {
  /** The key that an expression is, if it is one. */
  find(expression: Expression): Compiled | undefined;
  /** The key that a column is. @throws AwsError `ValidationException` when it is none */
  require(column: Compiled, name: string): Compiled;
}

/** What compiling a call needs of the compiler of expressions. */
export interface ExpressionHost {
  readonly context: ExpressionContext;
  /** How a failure at run time is written here. */
  readonly fail: Failure;
  compile(expression: Expression): Compiled;
  condition(expression: Expression, clause: string): string;
  /** The expression with its failures turned into null. */
  attempt(expression: Expression): Compiled;
  /** @throws AwsError inside TRY, where this could turn a failure's null into something else */
  refuseInTry(at: Position, what: string): void;
}
