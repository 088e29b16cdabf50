import type { Expression, SortItem, WindowSpecification } from '../syntax/ast.ts';
import { kindOf } from './call-compiler.ts';

/** Whether an aggregate call stands in an expression, outside its subqueries. */
export function containsAggregate(expression: Expression): boolean {
  return some(expression, (node) => node.kind === 'call' && node.over === undefined && kindOf(node) === 'aggregate');
}

export function containsSubqueryOrWindow(expression: Expression): boolean {
  return some(
    expression,
    (node) =>
      node.kind === 'in-query' ||
      node.kind === 'quantified' ||
      node.kind === 'exists' ||
      node.kind === 'scalar-query' ||
      (node.kind === 'call' && node.over !== undefined),
  );
}

function some(expression: Expression, test: (node: Expression) => boolean): boolean {
  return test(expression) || children(expression).some((child) => some(child, test));
}

function children(expression: Expression): readonly Expression[] {
  switch (expression.kind) {
    case 'literal':
    case 'typed-literal':
    case 'column':
    case 'exists':
    case 'scalar-query':
      return [];
    case 'negate':
    case 'not':
    case 'is-null':
    case 'cast':
    case 'in-query':
      return [expression.operand];
    case 'logical':
      return expression.operands;
    case 'compare':
    case 'arithmetic':
    case 'concat':
    case 'is-distinct':
      return [expression.left, expression.right];
    case 'quantified':
      return [expression.left];
    case 'between':
      return [expression.operand, expression.low, expression.high];
    case 'in-list':
      return [expression.operand, ...expression.items];
    case 'like':
      return [expression.operand, expression.pattern, ...(expression.escape === undefined ? [] : [expression.escape])];
    case 'case':
      return [
        ...(expression.operand === undefined ? [] : [expression.operand]),
        ...expression.branches.flatMap(({ when, result }) => [when, result]),
        ...(expression.otherwise === undefined ? [] : [expression.otherwise]),
      ];
    case 'array':
      return expression.items;
    case 'subscript':
      return [expression.array, expression.index];
    case 'call':
      return [
        ...expression.args,
        ...sorted(expression.orderBy),
        ...(expression.filter === undefined ? [] : [expression.filter]),
        ...(expression.over === undefined ? [] : windowParts(expression.over)),
      ];
  }
}

function sorted(items: readonly SortItem[]): readonly Expression[] {
  return items.map(({ expression }) => expression);
}

function windowParts({ partitionBy, orderBy }: WindowSpecification): readonly Expression[] {
  return [...partitionBy, ...sorted(orderBy)];
}
