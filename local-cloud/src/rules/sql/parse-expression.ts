import type { BinaryOperator, Expression, NestedQuery, ObjectMember } from './ast.ts';
import { parseSelection } from './parse-selection.ts';
import type { TokenStream } from './token-stream.ts';

/** Operators by how tightly they bind, loosest first; NOT stands between AND and the comparisons. */
const COMPARISONS = ['=', '<>', '<=', '>=', '<', '>'] as const;
const SUMS = ['+', '-'] as const;
const PRODUCTS = ['*', '/', '%'] as const;

/** Nesting of one expression; deeper ones are refused before they exhaust the stack. */
const MAX_DEPTH = 200;
const depths = new WeakMap<TokenStream, number>();

export function parseExpression(tokens: TokenStream): Expression {
  const depth = (depths.get(tokens) ?? 0) + 1;
  if (depth > MAX_DEPTH) throw tokens.fail(`expression nested deeper than ${MAX_DEPTH}`, tokens.peek().offset);
  depths.set(tokens, depth);
  let left = parseAnd(tokens);
  while (tokens.isWord('OR')) left = binary('OR', left, tokens.take().offset, parseAnd(tokens));
  depths.set(tokens, depth - 1);
  return left;
}

function parseAnd(tokens: TokenStream): Expression {
  let left = parseNot(tokens);
  while (tokens.isWord('AND')) left = binary('AND', left, tokens.take().offset, parseNot(tokens));
  return left;
}

function parseNot(tokens: TokenStream): Expression {
  const operators: number[] = [];
  while (tokens.isWord('NOT')) operators.push(tokens.take().offset);
  let operand = parseComparison(tokens);
  for (const offset of operators.reverse()) operand = { kind: 'not', operand, offset };
  return operand;
}

function parseComparison(tokens: TokenStream): Expression {
  let left = parseSum(tokens);
  for (;;) {
    if (tokens.isWord('IN')) {
      left = binary('IN', left, tokens.take().offset, parseSum(tokens));
      continue;
    }
    const operator = COMPARISONS.find((symbol) => tokens.isSymbol(symbol));
    if (operator === undefined) return left;
    left = binary(operator, left, tokens.take().offset, parseSum(tokens));
  }
}

function parseSum(tokens: TokenStream): Expression {
  let left = parseProduct(tokens);
  for (;;) {
    const operator = SUMS.find((symbol) => tokens.isSymbol(symbol));
    if (operator === undefined) return left;
    left = binary(operator, left, tokens.take().offset, parseProduct(tokens));
  }
}

function parseProduct(tokens: TokenStream): Expression {
  let left = parseSign(tokens);
  for (;;) {
    const operator = PRODUCTS.find((symbol) => tokens.isSymbol(symbol));
    if (operator === undefined) return left;
    left = binary(operator, left, tokens.take().offset, parseSign(tokens));
  }
}

function parseSign(tokens: TokenStream): Expression {
  const signs: number[] = [];
  while (tokens.isSymbol('-')) signs.push(tokens.take().offset);
  let operand = parseMembers(tokens, parsePrimary(tokens));
  for (const offset of signs.reverse()) operand = { kind: 'negate', operand, offset };
  return operand;
}

function parseMembers(tokens: TokenStream, start: Expression): Expression {
  let target = start;
  for (;;) {
    if (tokens.isSymbol('[')) {
      throw tokens.fail(
        "expected an operator but found '[': elements are read with get(array, index)",
        tokens.peek().offset,
      );
    }
    if (!tokens.isSymbol('.')) return target;
    const { offset } = tokens.take();
    const name = tokens.expectName("an attribute name after '.' (use get() for names with digits first or hyphens)");
    target = { kind: 'member', target, name: name.text, offset };
  }
}

function parsePrimary(tokens: TokenStream): Expression {
  const token = tokens.peek();
  const { offset } = token;
  if (token.kind === 'number') return { kind: 'number', text: tokens.take().text, offset };
  if (token.kind === 'string') return { kind: 'literal', value: tokens.take().text, offset };
  if (token.kind === 'variable') return { kind: 'variable', name: tokens.take().text, offset };
  if (token.kind === 'symbol') return parseSymbol(tokens);
  if (token.kind === 'end') throw tokens.unexpected('an expression');
  if (tokens.takeWord('NULL')) return { kind: 'literal', value: null, offset };
  if (tokens.takeWord('TRUE')) return { kind: 'literal', value: true, offset };
  if (tokens.takeWord('FALSE')) return { kind: 'literal', value: false, offset };
  if (tokens.takeWord('CASE')) return parseCase(tokens, offset);
  if (tokens.isWord('EXISTS') && tokens.isSymbol('(', 1)) {
    tokens.take();
    tokens.take();
    if (!tokens.isWord('SELECT')) throw tokens.unexpected('SELECT after EXISTS(');
    const query = parseQuery(tokens);
    tokens.expectSymbol(')', 'after the query of EXISTS');
    return { kind: 'exists', query, offset };
  }
  if (tokens.isReserved()) throw tokens.unexpected('an expression');
  tokens.take();
  if (!tokens.isSymbol('(')) return { kind: 'field', name: token.text, offset };
  return parseCall(tokens, token.text, offset);
}

function parseSymbol(tokens: TokenStream): Expression {
  const { offset } = tokens.peek();
  if (tokens.takeSymbol('*')) return { kind: 'star', offset };
  if (tokens.takeSymbol('[')) return { kind: 'array', items: parseList(tokens, ']'), offset };
  if (tokens.takeSymbol('{')) return { kind: 'object', members: parseMemberList(tokens), offset };
  if (!tokens.takeSymbol('(')) throw tokens.unexpected('an expression');
  if (tokens.isWord('SELECT')) {
    const query = parseQuery(tokens);
    tokens.expectSymbol(')', 'after the nested query');
    return { kind: 'query', query, offset };
  }
  const inner = parseExpression(tokens);
  tokens.expectSymbol(')', 'to close the parenthesis');
  return inner;
}

function parseCall(tokens: TokenStream, name: string, offset: number): Expression {
  tokens.expectSymbol('(', `after ${name}`);
  if (name.toLowerCase() !== 'cast') return { kind: 'call', name, args: parseList(tokens, ')'), offset };
  const value = parseExpression(tokens);
  tokens.expectWord('AS', 'in cast(value AS type)');
  const type = tokens.expectName('a type in cast(value AS type)').text;
  tokens.expectSymbol(')', 'after the type of cast');
  return { kind: 'cast', value, type, offset };
}

function parseList(tokens: TokenStream, close: ')' | ']'): Expression[] {
  const items: Expression[] = [];
  if (tokens.takeSymbol(close)) return items;
  do items.push(parseExpression(tokens));
  while (tokens.takeSymbol(','));
  if (!tokens.takeSymbol(close)) throw tokens.unexpected(`',' or '${close}'`);
  return items;
}

function parseMemberList(tokens: TokenStream): ObjectMember[] {
  const members: ObjectMember[] = [];
  if (tokens.takeSymbol('}')) return members;
  do {
    if (tokens.peek().kind !== 'string') throw tokens.unexpected('a string as the key of an object');
    const key = tokens.take().text;
    tokens.expectSymbol(':', 'after the key of an object');
    members.push({ key, value: parseExpression(tokens) });
  } while (tokens.takeSymbol(','));
  if (!tokens.takeSymbol('}')) throw tokens.unexpected("',' or '}'");
  return members;
}

function parseCase(tokens: TokenStream, offset: number): Expression {
  const subject = parseExpression(tokens);
  const branches: { when: Expression; result: Expression }[] = [];
  while (tokens.takeWord('WHEN')) {
    const when = parseExpression(tokens);
    tokens.expectWord('THEN', 'after the WHEN value');
    branches.push({ when, result: parseExpression(tokens) });
  }
  if (branches.length === 0) throw tokens.unexpected('WHEN: a CASE has at least one');
  const otherwise = tokens.takeWord('ELSE') ? parseExpression(tokens) : undefined;
  tokens.expectWord('END', 'at the end of CASE');
  return { kind: 'case', subject, branches, otherwise, offset };
}

/** `SELECT … FROM <expression> [WHERE …]` over an array or object of the message ("Nested object queries"). */
function parseQuery(tokens: TokenStream): NestedQuery {
  tokens.expectWord('SELECT', '');
  const selection = parseSelection(tokens, parseExpression);
  tokens.expectWord('FROM', 'in the nested query');
  const from = parseMembers(tokens, parsePrimary(tokens));
  const where = tokens.takeWord('WHERE') ? parseExpression(tokens) : undefined;
  return { selection, from, where };
}

function binary(operator: BinaryOperator, left: Expression, offset: number, right: Expression): Expression {
  return { kind: 'binary', operator, left, right, offset };
}
