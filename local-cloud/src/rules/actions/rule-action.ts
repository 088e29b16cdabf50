import type { Account } from '../../core/account.ts';
import type { ApiDispatcher } from '../../core/api.ts';
import type { Clock } from '../../core/clock.ts';
import type { Entropy } from '../../core/entropy.ts';
import type { AssumedRole } from '../../core/iam/principal.ts';
import type { PortRegistry } from '../../core/plugin.ts';
import type { RuleDestinations } from '../destinations/rule-destinations.ts';
import type { Template } from '../sql/template.ts';
import type { SqlVersion } from '../values/value.ts';
import type { ActionWork } from './action-work.ts';

/** What a compiled action may use. */
export interface ActionSite {
  readonly account: Account;
  readonly api: ApiDispatcher;
  readonly clock: Clock;
  readonly entropy: Entropy;
  readonly destinations: RuleDestinations;
  readonly ports: PortRegistry;
  readonly ruleName: string;
  readonly sqlVersion: SqlVersion;
  readonly ruleArn: string;
  /**
   * Compiles a field with substitution templates; `field` is its name for messages.
   * @throws AwsError SqlParseException
   */
  template(field: string, text: string): Template;
  /** Refuses the rule for one of the action's fields. */
  refuse(field: string, problem: string): Error;
  /** Session of the action's role; assumed when first needed, then kept for a while. */
  role(roleArn: string): AssumedRole;
}

/** An action of a rule, ready to run. */
export interface RuleAction {
  /** `failedAction` of the error document ("Error handling"). */
  readonly failedAction: string;
  readonly roleArn: string | undefined;
  /** HTTP: the destination that must be there for it; made with the rule when it is missing. */
  readonly confirmationUrl?: string | undefined;
  /** `run` reads `work.output`, not only its text or bytes. */
  readonly readsOutput: boolean;
  /** @throws AwsError of the target service */
  run(work: ActionWork): Promise<void>;
  /** `failedResource` of the error document. */
  resource(work: ActionWork): string;
  /** What the error message says of the action's target: `Action: s3, Bucket: b, Key: "k"`. */
  describe(work: ActionWork): string;
  /** First sentence of the error message: `Failed to put S3 object.` */
  readonly complaint: string;
}

/** An action with the templates of its fields that ask services, which are settled before it runs. */
export interface PreparedAction extends RuleAction {
  /** Name in the API: `sqs` */
  readonly kind: string;
  readonly asks: readonly Template[];
  /** Roles of the action and of its templates. */
  readonly roles: readonly string[];
}

/** One kind of action of AWS IoT ("AWS IoT rule actions"). */
export interface ActionKind {
  /** Name in the API: `sqs` */
  readonly kind: string;
  /** @throws AwsError InvalidRequestException naming the field, SqlParseException for a template */
  compile(parameters: Readonly<Record<string, unknown>>, site: ActionSite): RuleAction;
}
