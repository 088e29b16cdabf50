import type { TopicRulePayload } from '@aws-sdk/client-iot';
import { AwsError, messageOf } from '../core/errors.ts';
import type { CloudContext } from '../core/plugin.ts';
import type { ResourceTags } from '../core/resource-tags.ts';
import type { RuleDestinations } from './destinations/rule-destinations.ts';
import { allActions, type CompiledRule, compileRule, rolesOf, ruleArn } from './engine/compiled-rule.ts';
import type { RuleDefinition } from './engine/rule-definition.ts';
import type { RuleDirectory } from './engine/rule-directory.ts';
import { MAX_RULES_PER_ACCOUNT } from './limits.ts';
import { readPayload, requireRuleName } from './rule-payload.ts';

type TopicRulesContext = CloudContext & { readonly destinations: RuleDestinations };

/** Topic rules as API and CloudFormation manage them. */
export class TopicRules {
  readonly #context: TopicRulesContext;
  readonly #directory: RuleDirectory;

  constructor(context: TopicRulesContext, directory: RuleDirectory) {
    this.#context = context;
    this.#directory = directory;
  }

  /** For the tag operations of AWS IoT. */
  readonly tags: ResourceTags = {
    get: (resourceArn) => {
      const rule = this.#byArn(resourceArn);
      return rule === undefined ? undefined : (rule.definition.tags ?? {});
    },
    set: async (resourceArn, tags) => {
      const rule = this.#byArn(resourceArn);
      if (rule === undefined) throw new AwsError('ResourceNotFoundException', `${resourceArn} does not exist`, 404);
      this.#directory.put({ ...rule, definition: { ...rule.definition, tags } });
      await this.#context.store.durable();
    },
  };

  #byArn(resourceArn: string): CompiledRule | undefined {
    const name = resourceArn.split(':rule/')[1];
    const rule = name === undefined ? undefined : this.#directory.get(name);
    return rule?.arn === resourceArn ? rule : undefined;
  }

  arn(ruleName: string): string {
    return ruleArn(this.#context, ruleName);
  }

  /** @throws AwsError InvalidRequestException, SqlParseException, ResourceAlreadyExistsException, NotImplemented */
  async create(
    name: string | undefined,
    payload: TopicRulePayload | undefined,
    tags?: Readonly<Record<string, string>>,
  ): Promise<CompiledRule> {
    const ruleName = requireRuleName(name);
    if (this.#directory.has(ruleName)) {
      throw new AwsError('ResourceAlreadyExistsException', `Rule named '${ruleName}' already exists`, 409, {
        fields: { resourceId: ruleName, resourceArn: this.arn(ruleName) },
      });
    }
    if ([...this.#directory.all()].length >= MAX_RULES_PER_ACCOUNT) {
      throw new AwsError(
        'LimitExceededException',
        `At most ${MAX_RULES_PER_ACCOUNT} rules are allowed per account`,
        410,
      );
    }
    const definition = readPayload(ruleName, payload, this.#context.clock.now());
    return this.#put(tags === undefined ? definition : { ...definition, tags });
  }

  /** Replaces all of a rule but its tags and the time of its creation. */
  async replace(
    name: string | undefined,
    payload: TopicRulePayload | undefined,
    tags?: Readonly<Record<string, string>>,
  ): Promise<CompiledRule> {
    const { definition: previous } = this.get(name);
    const definition = readPayload(previous.ruleName, payload, previous.createdAt);
    const kept = tags ?? previous.tags;
    return this.#put(kept === undefined ? definition : { ...definition, tags: kept });
  }

  async setDisabled(name: string | undefined, disabled: boolean): Promise<void> {
    const rule = this.get(name);
    this.#directory.put({ ...rule, definition: { ...rule.definition, disabled } });
    await this.#context.store.durable();
  }

  async delete(name: string | undefined): Promise<void> {
    this.#directory.delete(this.get(name).definition.ruleName);
    await this.#context.store.durable();
  }

  has(ruleName: string): boolean {
    return this.#directory.has(ruleName);
  }

  /** @throws AwsError UnauthorizedException, which is AWS's answer for a rule that does not exist */
  get(name: string | undefined): CompiledRule {
    const ruleName = requireRuleName(name);
    const rule = this.#directory.get(ruleName);
    if (rule !== undefined) return rule;
    throw new AwsError('UnauthorizedException', `Access to topic rule '${ruleName}' was denied`, 401);
  }

  /** In order of name. */
  list(): CompiledRule[] {
    return [...this.#directory.all()].sort((a, b) => (a.definition.ruleName < b.definition.ruleName ? -1 : 1));
  }

  async #put(definition: RuleDefinition): Promise<CompiledRule> {
    const rule = compileRule(definition, this.#context);
    this.#assumeRoles(rule);
    for (const { confirmationUrl } of allActions(rule)) {
      if (confirmationUrl !== undefined) await this.#context.destinations.ensure(confirmationUrl);
    }
    this.#directory.put(rule);
    await this.#context.store.durable();
    return rule;
  }

  /** AWS takes on each role when the rule is made, even a disabled one. */
  #assumeRoles(rule: CompiledRule): void {
    for (const roleArn of rolesOf(rule)) {
      try {
        rule.sessions.get(roleArn);
      } catch (error) {
        const reason = `iot.amazonaws.com is unable to perform: sts:AssumeRole on resource: ${roleArn}`;
        throw new AwsError('InvalidRequestException', `${reason} (${messageOf(error)})`, 400, { cause: error });
      }
    }
  }
}
