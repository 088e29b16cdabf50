import { type Entropy, uuid } from '../core/entropy.ts';
import { ActionWork } from './actions/action-work.ts';
import { OFFLINE } from './evaluate-rule.ts';
import { Evaluation, type RuleInput } from './evaluation.ts';
import { compileStatement } from './sql/compile-statement.ts';
import type { SqlVersion } from './values/value.ts';

export interface PreparedRuleOptions {
  readonly sql: string;
  readonly sqlVersion: SqlVersion;
  readonly accountId: string;
  readonly entropy: Entropy;
}

/** A message for a rule that is known to be meant. */
export interface PreparedMessage {
  readonly topic: string;
  readonly payload: Buffer;
  readonly clientId?: string;
  readonly principal?: string;
  readonly sourceIp?: string;
  readonly timestamp: number;
  readonly traceId?: string;
}

/**
 * Compiles a rule's SQL once, for many messages. The function gives the text that actions would send, Undefined when
 * WHERE is not true; FROM is not looked at.
 *
 * @throws SqlError
 */
export function prepareRule(options: PreparedRuleOptions): (message: PreparedMessage) => string | undefined {
  const statement = compileStatement(options.sql, options.sqlVersion, OFFLINE);
  return (message) => {
    const evaluation = new Evaluation(new PreparedInput(message, options));
    statement.begin(evaluation);
    return statement.passes(evaluation) ? ActionWork.select(statement, evaluation, true).text : undefined;
  };
}

/** A class, so that no function is made per message. */
class PreparedInput implements RuleInput {
  readonly topic: string;
  readonly payload: Buffer;
  readonly clientId: string | undefined;
  readonly principal: string | undefined;
  readonly sourceIp: string | undefined;
  readonly properties = undefined;
  readonly accountId: string;
  readonly timestamp: number;
  readonly entropy: Entropy;
  #traceId: string | undefined;

  constructor(message: PreparedMessage, options: PreparedRuleOptions) {
    this.topic = message.topic;
    this.payload = message.payload;
    this.clientId = message.clientId;
    this.principal = message.principal;
    this.sourceIp = message.sourceIp;
    this.accountId = options.accountId;
    this.timestamp = message.timestamp;
    this.entropy = options.entropy;
    this.#traceId = message.traceId;
  }

  traceId(): string {
    this.#traceId ??= uuid(this.entropy);
    return this.#traceId;
  }
}
