import type { Expression, SelectItem, Selection } from './ast.ts';
import type { TokenStream } from './token-stream.ts';

/** What follows SELECT, up to FROM. */
export function parseSelection(tokens: TokenStream, parseExpression: (tokens: TokenStream) => Expression): Selection {
  if (isValueKeyword(tokens)) {
    tokens.take();
    const expression = parseExpression(tokens);
    if (tokens.isSymbol(',')) throw tokens.fail('SELECT VALUE takes one expression', tokens.peek().offset);
    return { kind: 'value', expression };
  }
  const items: SelectItem[] = [];
  do {
    const { offset } = tokens.peek();
    const expression = parseExpression(tokens);
    items.push({ expression, alias: tokens.takeWord('AS') ? parseAlias(tokens) : undefined, offset });
  } while (tokens.takeSymbol(','));
  return { kind: 'items', items };
}

function parseAlias(tokens: TokenStream): string[] {
  const path = [tokens.expectName('a name after AS').text];
  while (tokens.takeSymbol('.')) path.push(tokens.expectName("a name after '.' of the alias").text);
  return path;
}

/** VALUE is a keyword where an expression follows, else an attribute of that name. */
function isValueKeyword(tokens: TokenStream): boolean {
  if (!tokens.isWord('VALUE')) return false;
  const next = tokens.peek(1);
  if (next.kind === 'end') return false;
  if (tokens.isSymbol('*', 1)) return tokens.isWord('FROM', 2) || tokens.peek(2).kind === 'end';
  if (next.kind === 'symbol') return ['(', '[', '{', '-'].includes(next.text);
  if (next.kind !== 'name') return true;
  return !['FROM', 'AS', 'AND', 'OR', 'IN', 'WHERE'].includes(next.text.toUpperCase());
}
