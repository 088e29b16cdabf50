import type { Evaluation } from '../evaluation.ts';
import type { Evaluate } from '../functions/sql-function.ts';
import { isObject, type SqlValue } from '../values/value.ts';
import type { NestedQuery } from './ast.ts';
import { compileCondition } from './compile-operator.ts';
import { type CompileExpression, type CompileScope, requireVersion2016 } from './compile-scope.ts';
import { compileSelection } from './compile-selection.ts';

/**
 * `(SELECT … FROM <array or object> [WHERE …])` ("Nested object queries"): over an array the array of results of the
 * elements that pass, over an object its one result ("transform", example 3). Anything else is Undefined.
 */
export function compileQuery(
  query: NestedQuery,
  offset: number,
  scope: CompileScope,
  compileExpression: CompileExpression,
): Evaluate {
  requireVersion2016(scope, 'a nested query', offset);
  const inner: CompileScope = { ...scope, nested: true };
  const from = compileExpression(query.from, scope);
  const { select } = compileSelection(query.selection, inner, compileExpression);
  const passes =
    query.where === undefined ? undefined : compileCondition(query.where, (node) => compileExpression(node, inner));

  const take = (evaluation: Evaluation, element: SqlValue): SqlValue => {
    evaluation.element = element;
    return passes === undefined || passes(evaluation) ? select(evaluation) : undefined;
  };

  return (evaluation) => {
    const source = from(evaluation);
    const outer = evaluation.element;
    try {
      if (Array.isArray(source)) {
        const results: SqlValue[] = [];
        for (const element of source) {
          const value = take(evaluation, element);
          if (value !== undefined) results.push(value);
        }
        return results;
      }
      return isObject(source) ? take(evaluation, source) : undefined;
    } finally {
      evaluation.element = outer;
    }
  };
}
