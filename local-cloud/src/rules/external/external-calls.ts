import type { Entropy } from '../../core/entropy.ts';
import { messageOf } from '../../core/errors.ts';
import type { SqlValue } from '../values/value.ts';
import { type ExternalCall, ExternalFunctionError, type ExternalServices } from './external-call.ts';

/** Calls that one message may make in one statement or template. No figure of AWS's is known; it ends runaway queries. */
const MAX_CALLS = 100;

/** Thrown out of an evaluation whose next step is an answer that is not there yet. */
class Awaiting extends Error {
  override readonly name = 'Awaiting';
  readonly settled: Promise<void>;

  constructor(settled: Promise<void>) {
    super('the answer of a service is not there yet');
    this.settled = settled;
  }
}

type Answer = { readonly value: SqlValue } | { readonly failure: unknown };

/** What one statement or template has learnt for one message. */
interface Run {
  /** By place of the call, in order of its evaluation. */
  readonly answers: Map<object, Answer[]>;
  readonly drawn: Buffer[];
  calls: number;
}

/**
 * Answers of services for one rule and message. An evaluation is synchronous: it is broken off at the first call without
 * an answer and begins anew when that is there.
 *
 * INVARIANT: each attempt takes the same way up to the new call, because answers and random bytes are given again in the
 * order of the first attempt; so every attempt learns one answer more, and no call is made twice.
 */
export class ExternalCalls {
  readonly #services: ExternalServices;
  readonly #source: Entropy;
  readonly #runs = new Map<object, Run>();
  #run: Run = newRun();
  #positions = new Map<object, number>();
  #drawn = 0;
  #dynamoDbCalls = 0;

  constructor(services: ExternalServices, source: Entropy) {
    this.#services = services;
    this.#source = source;
  }

  /** Randomness of the message's evaluation. */
  readonly entropy: Entropy = {
    bytes: (length) => {
      const known = this.#run.drawn[this.#drawn];
      const bytes = known ?? this.#source.bytes(length);
      if (known === undefined) this.#run.drawn.push(bytes);
      this.#drawn++;
      return bytes;
    },
  };

  /** Begins an attempt at a statement or template. */
  enter(program: object): void {
    let run = this.#runs.get(program);
    if (run === undefined) {
      run = newRun();
      this.#runs.set(program, run);
    }
    this.#run = run;
    this.#positions = new Map();
    this.#drawn = 0;
    this.#dynamoDbCalls = 0;
  }

  /** Value of the call at `site`, or breaks the attempt off until it is there. */
  take(site: object, call: ExternalCall): SqlValue {
    // "Calling get_dynamodb() multiple times in a single SQL statement causes the rule to terminate" (get_dynamodb)
    if (call.name === 'get_dynamodb' && ++this.#dynamoDbCalls > 1) {
      throw new ExternalFunctionError(call.name, 'can be called once per SQL statement');
    }
    const run = this.#run;
    const position = this.#positions.get(site) ?? 0;
    this.#positions.set(site, position + 1);
    let answers = run.answers.get(site);
    if (answers === undefined) {
      answers = [];
      run.answers.set(site, answers);
    }
    const answer = answers[position];
    if (answer === undefined) throw new Awaiting(this.#ask(call, run, answers));
    if ('failure' in answer) throw answer.failure;
    return answer.value;
  }

  /** Evaluates until every answer is there. */
  async settle<T>(program: object, evaluate: () => T): Promise<T> {
    for (;;) {
      this.enter(program);
      try {
        return evaluate();
      } catch (error) {
        if (!(error instanceof Awaiting)) throw error;
        await error.settled;
      }
    }
  }

  async #ask(call: ExternalCall, run: Run, answers: Answer[]): Promise<void> {
    if (++run.calls > MAX_CALLS) {
      answers.push({ failure: new ExternalFunctionError(call.name, `more than ${MAX_CALLS} calls for one message`) });
      return;
    }
    try {
      answers.push({ value: await this.#services.call(call) });
    } catch (error) {
      const failure =
        error instanceof ExternalFunctionError
          ? error
          : new ExternalFunctionError(call.name, messageOf(error), { cause: error });
      answers.push({ failure });
    }
  }
}

function newRun(): Run {
  return { answers: new Map(), drawn: [], calls: 0 };
}
