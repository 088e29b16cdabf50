import { NotImplementedError } from '../../../core/errors.ts';
import type { Expression, Query } from '../../../core/sql/syntax/ast.ts';
import { visit } from './dialect.ts';

const DOUBLE_FUNCTIONS = new Set([
  'avg',
  'sqrt',
  'exp',
  'ln',
  'log10',
  'log2',
  'pow',
  'power',
  'sin',
  'cos',
  'tan',
  'stddev',
]);

/**
 * A literal such as `1.5` is a DECIMAL in Athena and a double here. Beside a double both are the same; elsewhere digits
 * and types could differ, so that the query is refused (write `1.5E0`, which is a double in Athena too).
 *
 * @param isDouble whether every column of the query's tables with this name is a double
 * @throws AwsError `NotImplemented`
 */
export function refuseDecimals(query: Query, text: string, isDouble: (column: string) => boolean): void {
  const allowed = new Set<Expression>();
  visit(query, (expression) => {
    for (const group of operandsOf(expression)) {
      if (group.some((operand) => isOfDoubles(operand, isDouble)))
        for (const operand of group) allowed.add(unsigned(operand));
    }
  });
  const lines = text.split('\n');
  visit(query, (expression) => {
    if (expression.kind !== 'literal' || expression.literal.type !== 'double' || allowed.has(expression)) return;
    const { column, line } = expression.at;
    const spelled = /^[\d.]+([eE][+-]?\d+)?/.exec((lines[line - 1] ?? '').slice(column - 1));
    if (spelled?.[1] !== undefined) return;
    throw new NotImplementedError(
      `Athena: line ${line}:${column}: the decimal literal ${spelled?.[0] ?? ''} where no double is (write ${spelled?.[0]}E0)`,
    );
  });
}

/** Operands whose types meet. */
function operandsOf(expression: Expression): Expression[][] {
  switch (expression.kind) {
    case 'compare':
    case 'arithmetic':
    case 'is-distinct':
      return [[expression.left, expression.right]];
    case 'between':
      return [[expression.operand, expression.low, expression.high]];
    case 'in-list':
      return [[expression.operand, ...expression.items]];
    default:
      return [];
  }
}

function unsigned(expression: Expression): Expression {
  return expression.kind === 'negate' ? expression.operand : expression;
}

function isOfDoubles(expression: Expression, isDouble: (column: string) => boolean): boolean {
  switch (expression.kind) {
    case 'column':
      return isDouble(expression.parts.at(-1) ?? '');
    case 'cast':
      return expression.type.name === 'double';
    case 'negate':
      return isOfDoubles(expression.operand, isDouble);
    case 'arithmetic':
      return isOfDoubles(expression.left, isDouble) || isOfDoubles(expression.right, isDouble);
    case 'call':
      return (
        DOUBLE_FUNCTIONS.has(expression.name) ||
        (/^(sum|min|max|abs|round|floor|ceil|ceiling|coalesce)$/.test(expression.name) &&
          expression.args.every((arg) => isOfDoubles(arg, isDouble)))
      );
    default:
      return false;
  }
}
