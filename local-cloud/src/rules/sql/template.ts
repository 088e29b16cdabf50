import type { Evaluation } from '../evaluation.ts';
import { ExternalUses } from '../external/external-call.ts';
import type { Evaluate } from '../functions/sql-function.ts';
import { toText } from '../values/convert.ts';
import { numbersOf } from '../values/numbers.ts';
import { RawPayload, type SqlValue, type SqlVersion } from '../values/value.ts';
import { compileExpression } from './compile-expression.ts';
import { parseTemplateExpression } from './parse-statement.ts';

/** An action's field with its `${…}` filled in. */
export interface Template {
  /** The field has no `${…}`. */
  readonly fixed: boolean;
  /** An expression asks a service: render it through `ActionWork`, once it is settled. */
  readonly external: boolean;
  /** Roles that its expressions take on. */
  readonly roles: ReadonlySet<string>;
  render(evaluation: Evaluation): string;
}

/**
 * Compiles a field that may hold substitution templates ("Substitution templates"). Expressions see the message and
 * the variables of the rule's SET clause, not the aliases of its SELECT.
 *
 * @throws SqlError
 */
export function compileTemplate(
  text: string,
  version: SqlVersion,
  variables: readonly string[] = [],
  refuseExternal?: string,
): Template {
  const parts: (string | Evaluate)[] = [];
  const uses = new ExternalUses(refuseExternal);
  const scope = { text, version, numbers: numbersOf(version), variables, nested: false, uses };
  let position = 0;
  for (;;) {
    const open = text.indexOf('${', position);
    if (open < 0) break;
    if (open > position) parts.push(text.slice(position, open));
    const { expression, end } = parseTemplateExpression(text, open + 2);
    parts.push(compileExpression(expression, scope));
    position = end;
  }
  if (position < text.length) parts.push(text.slice(position));
  const [only] = parts;
  const needs = { external: uses.any, roles: uses.roles };
  if (parts.length <= 1 && typeof only !== 'function') return { fixed: true, ...needs, render: () => only ?? '' };
  return {
    fixed: false,
    ...needs,
    render(evaluation) {
      let rendered = '';
      for (const part of parts) rendered += typeof part === 'string' ? part : templateText(part(evaluation));
      return rendered;
    },
  };
}

/** "Undefined is converted to an empty string when serialized by itself" ("Data types"). */
function templateText(value: SqlValue): string {
  if (typeof value === 'string') return value;
  if (value === null) return 'null';
  if (value instanceof RawPayload) return value.bytes.toString('utf8');
  return toText(value) ?? '';
}
