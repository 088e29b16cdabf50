import { Evaluation, type RuleInput } from '../evaluation.ts';
import { ExternalUses } from '../external/external-call.ts';
import { MessageFields } from '../fields/message-fields.ts';
import type { Evaluate } from '../functions/sql-function.ts';
import { toJson } from '../values/json.ts';
import { numbersOf } from '../values/numbers.ts';
import { RawPayload, type SqlValue, type SqlVersion } from '../values/value.ts';
import { compileExpression } from './compile-expression.ts';
import { compileCondition } from './compile-operator.ts';
import { type CompileScope, requireVersion2016 } from './compile-scope.ts';
import { compileSelection, SelectionError } from './compile-selection.ts';
import { compileText, type EvaluateText } from './compile-text.ts';
import { parseStatement } from './parse-statement.ts';
import { SqlError } from './sql-error.ts';
import { compileTopicFilter, topicFilterProblem } from './topic-filter.ts';

/** All variables of a statement together, as JSON ("SET clause limits"). */
const MAX_VARIABLE_BYTES = 128 * 1024;

/** A rule's SQL, ready to run. */
export interface CompiledStatement {
  /** Undefined for a rule that only Basic Ingest reaches. */
  readonly topicFilter: string | undefined;
  readonly matchesTopic: (topic: string) => boolean;
  /** Names of the SET clause, for the rule's templates. */
  readonly variables: readonly string[];
  /** An expression asks a service: evaluate through `ExternalCalls.settle`. */
  readonly external: boolean;
  /** Roles that its expressions take on. */
  readonly roles: ReadonlySet<string>;
  /** Prepares the SET variables; call before `passes`, `select` and templates of the rule. */
  begin(evaluation: Evaluation): void;
  /** The WHERE clause is true, or there is none. */
  passes(evaluation: Evaluation): boolean;
  /** The output; Undefined only for SELECT VALUE. */
  readonly select: Evaluate;
  /** JSON of the output, straight from the message; absent when the output has to be built for it. */
  readonly text: EvaluateText | undefined;
}

/**
 * `refuseExternal` says why functions that ask services cannot be used.
 *
 * @throws SqlError
 */
export function compileStatement(sql: string, version: SqlVersion, refuseExternal?: string): CompiledStatement {
  const statement = parseStatement(sql);
  const numbers = numbersOf(version);
  const names = statement.assignments.map(({ name }) => name);
  const fields = new MessageFields(numbers);
  const uses = new ExternalUses(refuseExternal);
  const scope = (variables: readonly string[]): CompileScope => ({
    text: sql,
    version,
    numbers,
    variables,
    nested: false,
    uses,
    fields,
  });

  const { topicFilter } = statement;
  if (topicFilter !== undefined) {
    const problem = topicFilterProblem(topicFilter);
    if (problem !== undefined) throw new SqlError(`FROM has ${problem},`, sql, statement.topicFilterOffset);
  }
  const [assignment] = statement.assignments;
  if (assignment !== undefined) requireVersion2016(scope([]), 'the SET clause', assignment.offset);
  const assigned = statement.assignments.map(({ value }, index) =>
    compileExpression(value, scope(names.slice(0, index))),
  );

  const all = scope(names);
  const selection = compileSelection(statement.selection, all, compileExpression);
  const { select } = selection;
  const passes =
    statement.where === undefined
      ? () => true
      : compileCondition(statement.where, (node) => compileExpression(node, all));

  return {
    topicFilter,
    matchesTopic: topicFilter === undefined ? () => false : compileTopicFilter(topicFilter),
    variables: names,
    external: uses.any,
    roles: uses.roles,
    begin(evaluation) {
      if (assigned.length === 0) return;
      const values: SqlValue[] = [];
      evaluation.variables = values;
      let bytes = 0;
      for (const [index, evaluate] of assigned.entries()) {
        const value = evaluate(evaluation);
        if (value instanceof RawPayload) {
          throw new SelectionError(`variable ${names[index]} cannot hold a payload that is no JSON; encode it first`);
        }
        bytes += Buffer.byteLength(toJson(value));
        if (bytes > MAX_VARIABLE_BYTES) {
          throw new SelectionError(`the variables up to ${names[index]} are larger than ${MAX_VARIABLE_BYTES} bytes`);
        }
        values.push(value);
      }
    },
    passes(evaluation) {
      if (passes(evaluation)) return true;
      fields.release();
      return false;
    },
    select(evaluation) {
      const output = select(evaluation);
      fields.release();
      return output;
    },
    text: releasing(selection.kind === 'items' ? compileText(selection.parts, select, fields) : undefined, fields),
  };
}

function releasing(text: EvaluateText | undefined, fields: MessageFields): EvaluateText | undefined {
  if (text === undefined) return undefined;
  return (evaluation) => {
    const output = text(evaluation);
    // without a text the output is selected next, from the same message
    if (output !== undefined) fields.release();
    return output;
  };
}

export function evaluateStatement(
  statement: CompiledStatement,
  input: RuleInput,
): { match: false } | { match: true; output: SqlValue } {
  const evaluation = new Evaluation(input);
  statement.begin(evaluation);
  if (!statement.passes(evaluation)) return { match: false };
  return { match: true, output: statement.select(evaluation) };
}
