import type { ComparisonOperator, Expression } from './syntax/ast.ts';
import { parseStatement } from './syntax/parse-statement.ts';
import { syntaxError } from './syntax/query-error.ts';

/** A partition key's value: a bigint for integer keys, text for the others. */
export type PartitionValue = bigint | string;

/** What is known of a partition; undefined for a name that is none of its keys, or whose value cannot be compared. */
export type PartitionValues = (parts: readonly string[]) => PartitionValue | undefined;

/** @throws AwsError `ValidationException` */
export function parseCondition(text: string): Expression {
  const statement = parseStatement(`SELECT 1 WHERE ${text}`);
  const query = statement.kind === 'query' ? statement.query : undefined;
  const where = query?.body.kind === 'select' ? query.body.where : undefined;
  if (where === undefined || (query?.orderBy.length ?? 0) > 0 || query?.limit !== undefined) {
    throw syntaxError({ line: 1, column: 1 }, 'a condition was expected');
  }
  return where;
}

/**
 * Whether a row of a partition can satisfy a condition: false when none can, true when the keys alone decide that all
 * do, undefined when the keys do not decide. What is not understood here decides nothing.
 */
export function judge(condition: Expression, values: PartitionValues): boolean | undefined {
  switch (condition.kind) {
    case 'logical': {
      const verdicts = condition.operands.map((operand) => judge(operand, values));
      const decisive = condition.operator === 'OR';
      if (verdicts.includes(decisive)) return decisive;
      return verdicts.includes(undefined) ? undefined : !decisive;
    }
    case 'not':
      return negated(judge(condition.operand, values), true);
    case 'compare':
      return compare(condition.operator, operandValue(condition.left, values), operandValue(condition.right, values));
    case 'between': {
      const operand = operandValue(condition.operand, values);
      const low = compare('>=', operand, operandValue(condition.low, values));
      const high = compare('<=', operand, operandValue(condition.high, values));
      const within =
        low === false || high === false ? false : low === undefined || high === undefined ? undefined : true;
      return negated(within, condition.negated);
    }
    case 'in-list': {
      const operand = operandValue(condition.operand, values);
      const verdicts = condition.items.map((item) => compare('=', operand, operandValue(item, values)));
      const found = verdicts.includes(true) ? true : verdicts.includes(undefined) ? undefined : false;
      return negated(found, condition.negated);
    }
    case 'like': {
      const operand = operandValue(condition.operand, values);
      const pattern = operandValue(condition.pattern, values);
      if (condition.escape !== undefined || typeof operand !== 'string' || typeof pattern !== 'string')
        return undefined;
      return negated(likePattern(pattern).test(operand), condition.negated);
    }
    default:
      return undefined;
  }
}

/** The values that a condition allows for a key, when it names them: `key = 'a'`, `key IN ('a', 'b')`, joined by AND. */
export function namedValues(
  condition: Expression,
  isKey: (parts: readonly string[]) => boolean,
): readonly PartitionValue[] | undefined {
  switch (condition.kind) {
    case 'logical': {
      if (condition.operator !== 'AND') return undefined;
      for (const operand of condition.operands) {
        const found = namedValues(operand, isKey);
        if (found !== undefined) return found;
      }
      return undefined;
    }
    case 'compare': {
      if (condition.operator !== '=') return undefined;
      const [column, other] = [condition.left, condition.right].sort(columnFirst);
      return column?.kind === 'column' && isKey(column.parts) ? listOf([constant(other)]) : undefined;
    }
    case 'in-list': {
      const { operand, items } = condition;
      if (condition.negated || operand.kind !== 'column' || !isKey(operand.parts)) return undefined;
      return listOf(items.map(constant));
    }
    default:
      return undefined;
  }
}

function columnFirst(a: Expression, b: Expression): number {
  return Number(b.kind === 'column') - Number(a.kind === 'column');
}

function listOf(values: readonly (PartitionValue | undefined)[]): readonly PartitionValue[] | undefined {
  return values.includes(undefined) ? undefined : (values as readonly PartitionValue[]);
}

function constant(expression: Expression | undefined): PartitionValue | undefined {
  return expression === undefined ? undefined : operandValue(expression, () => undefined);
}

function operandValue(expression: Expression, values: PartitionValues): PartitionValue | undefined {
  switch (expression.kind) {
    case 'column':
      return values(expression.parts);
    case 'literal': {
      const { literal } = expression;
      return literal.type === 'string' || literal.type === 'integer' ? literal.value : undefined;
    }
    case 'negate': {
      const operand = operandValue(expression.operand, values);
      return typeof operand === 'bigint' ? -operand : undefined;
    }
    case 'typed-literal':
      return expression.type.name === 'date' ? expression.text : undefined;
    default:
      return undefined;
  }
}

function compare(
  operator: ComparisonOperator,
  left: PartitionValue | undefined,
  right: PartitionValue | undefined,
): boolean | undefined {
  if (left === undefined || right === undefined || typeof left !== typeof right) return undefined;
  switch (operator) {
    case '=':
      return left === right;
    case '<>':
      return left !== right;
    case '<':
      return left < right;
    case '<=':
      return left <= right;
    case '>':
      return left > right;
    case '>=':
      return left >= right;
  }
}

function negated(verdict: boolean | undefined, negate: boolean): boolean | undefined {
  return verdict === undefined || !negate ? verdict : !verdict;
}

function likePattern(pattern: string): RegExp {
  const source = [...pattern].map((character) => {
    if (character === '%') return '[\\s\\S]*';
    return character === '_' ? '[\\s\\S]' : character.replace(/[\\^$.*+?()[\]{}|/]/, '\\$&');
  });
  return new RegExp(`^${source.join('')}$`, 'u');
}
