import type { Evaluation } from '../evaluation.ts';
import type { Evaluate } from '../functions/sql-function.ts';
import { setOwn } from '../values/json.ts';
import { isObject, RawPayload, type SqlValue } from '../values/value.ts';
import type { SelectItem, Selection } from './ast.ts';
import type { CompileExpression, CompileScope } from './compile-scope.ts';
import { SqlError } from './sql-error.ts';

/** A rule's SELECT cannot give an output for this message. */
export class SelectionError extends Error {
  override readonly name = 'SelectionError';
}

export interface SelectionPart {
  /** Undefined for `*` without alias. */
  readonly path: readonly string[] | undefined;
  readonly value: Evaluate;
}

/** The items of a selection, or the one value of SELECT VALUE. */
export type CompiledSelection =
  | { readonly kind: 'value'; readonly select: Evaluate }
  | { readonly kind: 'items'; readonly select: Evaluate; readonly parts: readonly SelectionPart[] };

export function compileSelection(
  selection: Selection,
  scope: CompileScope,
  compileExpression: CompileExpression,
): CompiledSelection {
  if (selection.kind === 'value') {
    return { kind: 'value', select: compileValue(compileExpression(selection.expression, scope), scope) };
  }
  const parts = selection.items.map((item) => ({
    path: pathOf(item, scope),
    value: compileExpression(item.expression, scope),
  }));
  return { kind: 'items', select: compileItems(parts), parts };
}

function compileItems(parts: readonly SelectionPart[]): Evaluate {
  const [first] = parts;
  if (parts.length === 1 && first !== undefined && first.path === undefined) return first.value;
  if (parts.every(({ path }) => path?.length === 1 && path[0] !== '__proto__')) return compileFlat(parts);
  return compileNested(parts);
}

/** Under 2015-10-08 a top-level array cannot be the output ("SQL versions", "Output an Array as a top-level object"). */
function compileValue(evaluate: Evaluate, scope: CompileScope): Evaluate {
  if (scope.version !== '2015-10-08' || scope.nested) return evaluate;
  return (evaluation) => {
    const value = evaluate(evaluation);
    if (Array.isArray(value)) throw new SelectionError('SELECT VALUE of an array needs SQL version 2016-03-23');
    return value;
  };
}

/** `SELECT a, b.c AS d, topic(2) AS e`: the common case, without merging. */
function compileFlat(parts: readonly SelectionPart[]): Evaluate {
  const keys = parts.map(({ path }) => path?.[0] as string);
  const values = parts.map(({ value }) => value);
  const count = keys.length;
  return (evaluation) => {
    const output: Record<string, SqlValue> = {};
    for (let index = 0; index < count; index++) {
      const value = (values[index] as Evaluate)(evaluation);
      if (value !== undefined) output[keys[index] as string] = value;
    }
    return output;
  };
}

function compileNested(parts: readonly SelectionPart[]): Evaluate {
  return (evaluation) => {
    const output: Record<string, SqlValue> = {};
    for (const { path, value } of parts) {
      const result = value(evaluation);
      if (path === undefined) spread(output, result, evaluation);
      else if (result !== undefined) place(output, path, result);
    }
    return output;
  };
}

/** `SELECT *, …`: needs a JSON object or an empty payload ("Working with binary payloads"). */
function spread(output: Record<string, SqlValue>, whole: SqlValue, evaluation: Evaluation): void {
  if (whole instanceof RawPayload) {
    if (evaluation.input.payload.length === 0) return;
    throw new SelectionError('SELECT *, … cannot add attributes to a payload that is no JSON');
  }
  if (!isObject(whole)) throw new SelectionError('SELECT *, … cannot add attributes to an array');
  for (const [key, value] of Object.entries(whole)) setOwn(output, key, value);
}

/** Sets `a.b.c`, copying the objects on the way: they may belong to the message. */
function place(output: Record<string, SqlValue>, path: readonly string[], value: SqlValue): void {
  let target = output;
  for (const key of path.slice(0, -1)) {
    const present = Object.hasOwn(target, key) ? target[key] : undefined;
    const next: Record<string, SqlValue> = isObject(present) ? { ...present } : {};
    setOwn(target, key, next);
    target = next;
  }
  setOwn(target, path.at(-1) as string, value);
}

/** Name of an item: its alias, or the last name of a path. */
function pathOf(item: SelectItem, scope: CompileScope): readonly string[] | undefined {
  if (item.alias !== undefined) return item.alias;
  const { expression } = item;
  if (expression.kind === 'star') return undefined;
  if (expression.kind === 'field' || expression.kind === 'member') return [expression.name];
  throw new SqlError(
    'this expression needs a name (AS …): the one AWS IoT would give it is not documented; item',
    scope.text,
    item.offset,
  );
}
