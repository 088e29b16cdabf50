import type { Assignment, Expression, Statement } from './ast.ts';
import { parseExpression } from './parse-expression.ts';
import { parseSelection } from './parse-selection.ts';
import { TokenStream } from './token-stream.ts';

/** Variables of a SET clause ("SET clause"). */
const MAX_VARIABLES = 10;
const MAX_VARIABLE_NAME = 64;

/**
 * `[SET @name = …, …] SELECT … [FROM 'topic/filter'] [WHERE …]`
 *
 * @throws SqlError
 */
export function parseStatement(text: string): Statement {
  const tokens = new TokenStream(text);
  const assignments = parseAssignments(tokens);
  tokens.expectWord('SELECT', assignments.length === 0 ? 'at the start' : 'after the SET clause');
  const selection = parseSelection(tokens, parseExpression);
  const from = parseFrom(tokens);
  const where = tokens.takeWord('WHERE') ? parseExpression(tokens) : undefined;
  if (tokens.peek().kind !== 'end') throw tokens.unexpected(expectedAfter(from, where));
  return {
    text,
    assignments,
    selection,
    topicFilter: from?.filter,
    topicFilterOffset: from?.offset ?? 0,
    where,
  };
}

/** The expression of a substitution template: from `start` to the brace that ends it. */
export function parseTemplateExpression(text: string, start: number): { expression: Expression; end: number } {
  const tokens = new TokenStream(text, start, '}');
  const expression = parseExpression(tokens);
  const token = tokens.peek();
  if (token.kind !== 'end') throw tokens.unexpected("an operator or '}'");
  if (text[token.offset] !== '}') throw tokens.unexpected("'}' at the end of the template expression");
  return { expression, end: token.offset + 1 };
}

function parseAssignments(tokens: TokenStream): Assignment[] {
  const assignments: Assignment[] = [];
  if (!tokens.takeWord('SET')) return assignments;
  do {
    const token = tokens.peek();
    if (token.kind !== 'variable') throw tokens.unexpected('a variable name that begins with @');
    tokens.take();
    if (token.text.length - 1 > MAX_VARIABLE_NAME) {
      throw tokens.fail(`variable name longer than ${MAX_VARIABLE_NAME} characters`, token.offset);
    }
    if (assignments.some(({ name }) => name === token.text)) {
      throw tokens.fail(`variable ${token.text} is assigned twice`, token.offset);
    }
    tokens.expectSymbol('=', `after ${token.text}`);
    assignments.push({ name: token.text, value: parseExpression(tokens), offset: token.offset });
    if (assignments.length > MAX_VARIABLES) throw tokens.fail(`more than ${MAX_VARIABLES} variables`, token.offset);
  } while (tokens.takeSymbol(','));
  return assignments;
}

function parseFrom(tokens: TokenStream): { filter: string; offset: number } | undefined {
  if (!tokens.takeWord('FROM')) return undefined;
  const token = tokens.peek();
  if (token.kind !== 'string' || token.quote !== "'") {
    throw tokens.unexpected('a topic filter in single quotes after FROM');
  }
  tokens.take();
  return { filter: token.text, offset: token.offset };
}

function expectedAfter(from: object | undefined, where: Expression | undefined): string {
  if (where !== undefined) return 'an operator or the end';
  return from === undefined ? "',', AS, FROM, WHERE or the end" : 'WHERE or the end';
}
