import type { Evaluation } from '../evaluation.ts';
import { outputBytes } from '../output-bytes.ts';
import type { Template } from '../sql/template.ts';
import { toJson } from '../values/json.ts';
import { RawPayload, type SqlValue } from '../values/value.ts';

/** One message for the actions of one rule. */
export class ActionWork {
  /** What the SELECT gave, or the error document for an error action. */
  readonly output: SqlValue;
  readonly evaluation: Evaluation;
  readonly #variables: readonly SqlValue[];
  #bytes: Buffer | undefined;
  #text: string | undefined;

  constructor(output: SqlValue, evaluation: Evaluation, variables: readonly SqlValue[] = evaluation.variables) {
    this.output = output;
    this.evaluation = evaluation;
    this.#variables = variables;
  }

  /** The same message with another output. */
  with(output: SqlValue): ActionWork {
    return new ActionWork(output, this.evaluation, this.#variables);
  }

  render(template: Template): string {
    this.evaluation.variables = this.#variables;
    return template.render(this.evaluation);
  }

  get bytes(): Buffer {
    this.#bytes ??= outputBytes(this.output);
    return this.#bytes;
  }

  /** The output as text: JSON, or a payload that is none. */
  get text(): string {
    this.#text ??= this.output instanceof RawPayload ? this.output.bytes.toString('utf8') : toJson(this.output);
    return this.#text;
  }
}
