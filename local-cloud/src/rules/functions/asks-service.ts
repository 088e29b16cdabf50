import { EXTERNAL_FUNCTION_NAMES } from '../external/external-call.ts';
import type { Expression } from '../sql/ast.ts';

/** A call of a function that asks a service stands anywhere in the expression. */
export function asksService(node: Expression): boolean {
  const { name } = node as { readonly name?: string };
  if (node.kind === 'call' && EXTERNAL_FUNCTION_NAMES.some((known) => known === name?.toLowerCase())) return true;
  return parts(node).some((part) => asksService(part as Expression));
}

/** Whatever a node of the syntax tree holds: nodes, lists of them, queries. */
function parts(node: object): object[] {
  return Object.values(node).flatMap((value: unknown) => {
    if (Array.isArray(value)) return value.filter((item) => typeof item === 'object' && item !== null) as object[];
    return typeof value === 'object' && value !== null ? [value] : [];
  });
}
