import { NotImplementedError } from '../../../core/errors.ts';
import { validationError } from '../errors.ts';
import { FUNCTIONS, type MathValue, zip } from './functions.ts';
import { type Token, tokensOf } from './tokens.ts';

export interface MathScope {
  /** A time series, `undefined` for a name that no query has. */
  lookUp(id: string): MathValue | undefined;
  /** Period of the answer in seconds. */
  readonly period: number;
  /** Datapoints of every series. */
  readonly count: number;
}

export interface Expression {
  /** Ids of the queries that it reads. */
  readonly ids: readonly string[];
  evaluate(scope: MathScope): MathValue;
}

type Node = (scope: MathScope) => MathValue;

/** From weakest to strongest (user guide, "Using metric math", "Operator precedence"); `^` and signs bind stronger. */
const LEVELS: readonly (readonly string[])[] = [
  ['OR', '||'],
  ['AND', '&&'],
  ['==', '!=', '<', '<=', '>', '>='],
  ['+', '-'],
  ['*', '/'],
];

const OPERATORS: Readonly<Record<string, (a: number, b: number) => number | undefined>> = {
  OR: (a, b) => Number(a !== 0 || b !== 0),
  AND: (a, b) => Number(a !== 0 && b !== 0),
  '==': (a, b) => Number(a === b),
  '!=': (a, b) => Number(a !== b),
  '<': (a, b) => Number(a < b),
  '<=': (a, b) => Number(a <= b),
  '>': (a, b) => Number(a > b),
  '>=': (a, b) => Number(a >= b),
  '+': (a, b) => a + b,
  '-': (a, b) => a - b,
  '*': (a, b) => a * b,
  // "Division by zero": the datapoint is left out.
  '/': (a, b) => (b === 0 ? undefined : a / b),
  '^': (a, b) => a ** b,
};

/**
 * Metric math: arithmetic, comparisons, AND and OR, and the functions of `functions.ts`.
 * @throws AwsError `ValidationError`; `NotImplemented` naming a function that is not built
 */
export function parseExpression(text: string): Expression {
  if (/^\s*SELECT\b/i.test(text)) throw new NotImplementedError('CloudWatch Metrics Insights queries');
  const parser = new Parser(text);
  const evaluate = parser.whole();
  return { ids: [...parser.ids], evaluate };
}

class Parser {
  readonly ids = new Set<string>();
  readonly #text: string;
  readonly #tokens: readonly Token[];
  #at = 0;

  constructor(text: string) {
    this.#text = text;
    this.#tokens = tokensOf(text);
  }

  whole(): Node {
    const node = this.#level(0);
    if (this.#next.kind !== 'end') throw this.#unexpected();
    return node;
  }

  get #next(): Token {
    return this.#tokens[this.#at] as Token;
  }

  #level(level: number): Node {
    const operators = LEVELS[level];
    if (operators === undefined) return this.#signed();
    let left = this.#level(level + 1);
    while (this.#next.kind !== 'number' && operators.includes(this.#next.text)) {
      const operator = this.#take().text.replace('||', 'OR').replace('&&', 'AND');
      left = binary(OPERATORS[operator] as (a: number, b: number) => number, left, this.#level(level + 1));
    }
    return left;
  }

  #signed(): Node {
    if (this.#next.text === '-') {
      this.#take();
      return binary(
        (a, b) => a - b,
        () => 0,
        this.#signed(),
      );
    }
    if (this.#next.text === '+') {
      this.#take();
      return this.#signed();
    }
    const base = this.#atom();
    if (this.#next.text !== '^') return base;
    this.#take();
    return binary((a, b) => a ** b, base, this.#signed());
  }

  #atom(): Node {
    const token = this.#take();
    if (token.kind === 'number') {
      const value = Number(token.text);
      return () => value;
    }
    if (token.text === '(') {
      const inner = this.#level(0);
      this.#expect(')');
      return inner;
    }
    if (token.kind !== 'name') {
      this.#at--;
      throw this.#unexpected();
    }
    return this.#next.text === '(' ? this.#call(token.text) : this.#series(token.text);
  }

  #call(name: string): Node {
    const define = FUNCTIONS[name.toUpperCase()];
    if (define === undefined) throw new NotImplementedError(`the metric math function ${name}`);
    this.#expect('(');
    const nodes: Node[] = [];
    const words: (string | undefined)[] = [];
    while (this.#next.text !== ')') {
      if (nodes.length > 0) this.#expect(',');
      const word =
        this.#next.kind === 'name' && /^(REPEAT|LINEAR)$/.test(this.#next.text) ? this.#take().text : undefined;
      words.push(word);
      nodes.push(word === undefined ? this.#level(0) : () => 0);
    }
    this.#expect(')');
    const [least, most] = define.arity;
    if (nodes.length < least || nodes.length > most) {
      throw validationError(
        `Error in expression '${this.#text}': ${name} takes ${least === most ? least : `${least} to ${most}`} arguments`,
      );
    }
    return (scope) =>
      define.apply(
        nodes.map((node) => node(scope)),
        { period: scope.period, count: scope.count, words },
      );
  }

  #series(id: string): Node {
    if (!/^[a-z]/.test(id)) throw validationError(`Error in expression '${this.#text}': ${id} is no id of a query`);
    this.ids.add(id);
    return (scope) => {
      const value = scope.lookUp(id);
      if (value === undefined) throw validationError(`Unknown id '${id}' in expression '${this.#text}'`);
      return value;
    };
  }

  #take(): Token {
    return this.#tokens[this.#at++] as Token;
  }

  #expect(text: string): void {
    if (this.#next.text !== text) throw this.#unexpected();
    this.#at++;
  }

  #unexpected() {
    const { kind, text } = this.#next;
    return validationError(`Error in expression '${this.#text}': unexpected ${kind === 'end' ? 'end' : `'${text}'`}`);
  }
}

function binary(operator: (a: number, b: number) => number | undefined, left: Node, right: Node): Node {
  return (scope) => zip(left(scope), right(scope), operator);
}
