import type { Account } from '../../../core/account.ts';
import type { RequestContext } from '../../../core/iam/request-context.ts';
import type { ConnectFeatures, IotAction } from '../../../core/mqtt.ts';
import { iotArn } from '../arns.ts';
import type { IotPolicy } from './compile-iot-policy.ts';
import { type ConnectionFacts, connectionContext } from './connection-context.ts';

/** Answers that one connection keeps per action; a device uses few topics, a broad subscriber many. */
const MAX_KEPT_ANSWERS = 4096;

const RESOURCE_TYPES = {
  'iot:Connect': 'client',
  'iot:Publish': 'topic',
  'iot:RetainPublish': 'topic',
  'iot:Subscribe': 'topicfilter',
  'iot:Receive': 'topic',
} as const satisfies Record<IotAction, string>;

export type ArnPrefixes = Readonly<Record<IotAction, string>>;

/** What comes before a topic, filter or client id in the ARN of its resource, by action. */
export function arnPrefixes(account: Account): ArnPrefixes {
  const prefixes = Object.entries(RESOURCE_TYPES).map(([action, type]) => [action, iotArn(account, type, '')]);
  return Object.fromEntries(prefixes) as ArnPrefixes;
}

/**
 * The policies of one connection, resolved once and good until a change reaches it. Answers are kept where no policy asks
 * for the time.
 */
export class EvaluatedPolicies {
  readonly #prefixes: ArnPrefixes;
  readonly #policies: readonly IotPolicy[];
  readonly #facts: ConnectionFacts;
  readonly #context: RequestContext;
  /** Answers per action and resource; undefined where an answer may change by itself. */
  readonly #answers: Map<IotAction, Map<string, boolean>> | undefined;

  constructor(prefixes: ArnPrefixes, policies: readonly IotPolicy[], facts: ConnectionFacts) {
    this.#prefixes = prefixes;
    this.#policies = policies;
    this.#facts = facts;
    this.#context = connectionContext(facts, 'iot:Publish');
    this.#answers = policies.every((policy) => policy.timeless) ? new Map() : undefined;
  }

  isAllowed(action: IotAction, resource: string, features: ConnectFeatures | undefined): boolean {
    if (action === 'iot:Connect') {
      const context = connectionContext(this.#facts, action, features);
      return decide(this.#policies, 'iot:connect', this.#prefixes[action] + resource, context);
    }
    let allowed = this.#answers?.get(action)?.get(resource);
    if (allowed === undefined) {
      allowed = decide(this.#policies, action.toLowerCase(), this.#prefixes[action] + resource, this.#context);
      this.#keep(action, resource, allowed);
    }
    return allowed;
  }

  mayCall(action: string, resourceArn: string): boolean {
    return decide(this.#policies, action.toLowerCase(), resourceArn, this.#context);
  }

  #keep(action: IotAction, resource: string, allowed: boolean): void {
    if (this.#answers === undefined) return;
    let answers = this.#answers.get(action);
    if (answers === undefined) {
      answers = new Map();
      this.#answers.set(action, answers);
    }
    if (answers.size >= MAX_KEPT_ANSWERS) answers.clear();
    answers.set(resource, allowed);
  }
}

/** An explicit deny wins over any allow; what nothing allows is denied. `action` is in lower case. */
function decide(policies: readonly IotPolicy[], action: string, arn: string, context: RequestContext): boolean {
  let allowed = false;
  for (const { statements } of policies) {
    for (const statement of statements) {
      if (allowed && statement.effect === 'Allow') continue;
      if (!statement.matchesAction(action) || !statement.matchesResource(arn, context)) continue;
      if (statement.condition?.holds(context) === false) continue;
      if (statement.effect === 'Deny') return false;
      allowed = true;
    }
  }
  return allowed;
}
