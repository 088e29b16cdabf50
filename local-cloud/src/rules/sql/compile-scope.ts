import type { ExternalUses } from '../external/external-call.ts';
import type { MessageFields } from '../fields/message-fields.ts';
import type { Evaluate } from '../functions/sql-function.ts';
import type { Numbers } from '../values/numbers.ts';
import type { SqlVersion } from '../values/value.ts';
import type { Expression } from './ast.ts';
import { SqlError } from './sql-error.ts';

/** What the compiler of one text knows. */
export interface CompileScope {
  readonly text: string;
  readonly version: SqlVersion;
  readonly numbers: Numbers;
  /** Names of the SET clause, in order. */
  readonly variables: readonly string[];
  /** Inside a nested query attributes are those of its element. */
  readonly nested: boolean;
  readonly uses: ExternalUses;
  /** Reads the message's attributes; absent for templates, which read the document that all of them share. */
  readonly fields?: MessageFields;
}

export type CompileExpression = (node: Expression, scope: CompileScope) => Evaluate;

export function requireVersion2016(scope: CompileScope, what: string, offset: number): void {
  if (scope.version === '2015-10-08') {
    throw new SqlError(`${what} needs SQL version 2016-03-23, the rule has 2015-10-08,`, scope.text, offset);
  }
}
