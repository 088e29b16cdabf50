import type { Evaluation } from '../evaluation.ts';
import type { CompiledStatement } from '../sql/compile-statement.ts';
import type { Template } from '../sql/template.ts';
import { toJson } from '../values/json.ts';
import { RawPayload, type SqlValue } from '../values/value.ts';

/** One message for the actions of one rule. */
export class ActionWork {
  readonly evaluation: Evaluation;
  readonly #variables: readonly SqlValue[];
  readonly #statement: CompiledStatement | undefined;
  #output: SqlValue;
  #text: string | undefined;
  #bytes: Buffer | undefined;

  private constructor(
    evaluation: Evaluation,
    variables: readonly SqlValue[],
    statement: CompiledStatement | undefined,
    output: SqlValue,
    text: string | undefined,
  ) {
    this.evaluation = evaluation;
    this.#variables = variables;
    this.#statement = statement;
    this.#output = output;
    this.#text = text;
  }

  /**
   * Forms the output of a rule whose WHERE is true. `asText` writes its JSON without building it, where the statement
   * can: for rules none of whose actions asks for {@link output}.
   *
   * @throws SelectionError
   */
  static select(statement: CompiledStatement, evaluation: Evaluation, asText: boolean): ActionWork {
    const { variables } = evaluation;
    const text = asText ? statement.text?.(evaluation) : undefined;
    if (text !== undefined) return new ActionWork(evaluation, variables, statement, undefined, text);
    return new ActionWork(evaluation, variables, undefined, statement.select(evaluation), undefined);
  }

  /** The same message with another output. */
  with(output: SqlValue): ActionWork {
    return new ActionWork(this.evaluation, this.#variables, undefined, output, undefined);
  }

  render(template: Template): string {
    this.evaluation.externals?.enter(template);
    return this.#render(template);
  }

  /**
   * Asks the services that templates need; {@link render} then has their answers.
   *
   * @throws ExternalFunctionError
   */
  async settle(templates: readonly Template[]): Promise<void> {
    for (const template of templates) await this.evaluation.externals?.settle(template, () => this.#render(template));
  }

  #render(template: Template): string {
    this.evaluation.variables = this.#variables;
    return template.render(this.evaluation);
  }

  /** What the SELECT gave, or the error document for an error action. */
  get output(): SqlValue {
    if (this.#statement !== undefined) throw new Error('an action that reads the output must say so (readsOutput)');
    return this.#output;
  }

  /** The output is a payload that is no JSON, as it came. */
  get isRaw(): boolean {
    return this.#output instanceof RawPayload;
  }

  /** What is sent: JSON, or the bytes of a payload that is none. */
  get bytes(): Buffer {
    this.#bytes ??= this.#output instanceof RawPayload ? this.#output.bytes : Buffer.from(this.text);
    return this.#bytes;
  }

  get text(): string {
    this.#text ??= this.#output instanceof RawPayload ? this.#output.bytes.toString('utf8') : toJson(this.#output);
    return this.#text;
  }
}
