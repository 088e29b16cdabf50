import type { Evaluation } from '../evaluation.ts';
import type { ExternalUses } from '../external/external-call.ts';
import type { Expression } from '../sql/ast.ts';
import type { Numbers } from '../values/numbers.ts';
import type { SqlValue, SqlVersion } from '../values/value.ts';

/** A compiled expression. */
export type Evaluate = (evaluation: Evaluation) => SqlValue;

/** A call as a function compiles it. */
export interface CallSite {
  readonly args: readonly Evaluate[];
  /** Value of an argument that is a literal, else Undefined. */
  constant(index: number): SqlValue;
  readonly nodes: readonly Expression[];
  readonly version: SqlVersion;
  readonly numbers: Numbers;
  /** The call stands in a nested query, where `*` is its element. */
  readonly nested: boolean;
  /** What the statement or template asks of services. */
  readonly uses: ExternalUses;
  /** Refuses the rule with the place of the argument, or of the call. */
  refuse(problem: string, index?: number): Error;
}

/** A built-in function of the rule SQL (AWS IoT developer guide, "Functions"). */
export interface SqlFunction {
  /** Lower case; calls are matched without case. */
  readonly name: string;
  /** First SQL version that has it. */
  readonly since: '2015-10-08' | '2016-03-23';
  /** Numbers of arguments it takes. A call with another number gives Undefined ("Data types", Undefined). */
  readonly arity: readonly [least: number, most: number];
  compile(call: CallSite): Evaluate;
}

/** Placeholder of an argument that is not there. */
export const UNDEFINED: Evaluate = () => undefined;

export function argument(call: CallSite, index: number): Evaluate {
  return call.args[index] ?? UNDEFINED;
}
