import type { Evaluation } from '../evaluation.ts';
import type { Evaluate } from '../functions/sql-function.ts';

/** Expressions that know the JSON of their value without looking through it. */
const forms = new WeakMap<Evaluate, (evaluation: Evaluation) => string | undefined>();

/** Gives an expression a JSON form of its own, equal to that of its value. */
export function withJson(evaluate: Evaluate, json: (evaluation: Evaluation) => string | undefined): Evaluate {
  forms.set(evaluate, json);
  return evaluate;
}

export function jsonOf(evaluate: Evaluate): ((evaluation: Evaluation) => string | undefined) | undefined {
  return forms.get(evaluate);
}
