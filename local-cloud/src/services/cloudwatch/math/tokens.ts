import { validationError } from '../errors.ts';

export interface Token {
  readonly kind: 'number' | 'name' | 'operator' | 'end';
  readonly text: string;
}

const TOKEN = /\s*(?:(\d+(?:\.\d*)?(?:[eE][+-]?\d+)?|\.\d+)|([A-Za-z]\w*)|(<=|>=|==|!=|&&|\|\||[-+*/^(),<>]))/y;

/** @throws AwsError `ValidationError` */
export function tokensOf(expression: string): Token[] {
  const tokens: Token[] = [];
  TOKEN.lastIndex = 0;
  let at = 0;
  const text = expression.trimEnd();
  while (at < text.length) {
    TOKEN.lastIndex = at;
    const match = TOKEN.exec(text);
    if (match === null)
      throw validationError(`Error in expression '${expression}': unexpected '${text.slice(at).trim()[0]}'`);
    at = TOKEN.lastIndex;
    const [, number, name, operator] = match;
    if (number !== undefined) tokens.push({ kind: 'number', text: number });
    else if (name !== undefined) tokens.push({ kind: 'name', text: name });
    else tokens.push({ kind: 'operator', text: operator as string });
  }
  tokens.push({ kind: 'end', text: '' });
  return tokens;
}
