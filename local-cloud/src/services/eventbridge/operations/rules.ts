import type {
  DeleteRuleRequest,
  DescribeRuleRequest,
  DescribeRuleResponse,
  DisableRuleRequest,
  ListRulesRequest,
  ListRulesResponse,
  ListTargetsByRuleRequest,
  ListTargetsByRuleResponse,
  PutRuleRequest,
  PutRuleResponse,
  PutTargetsRequest,
  PutTargetsResponse,
  RemoveTargetsRequest,
  RemoveTargetsResponse,
  TestEventPatternRequest,
  TestEventPatternResponse,
} from '@aws-sdk/client-eventbridge';
import type { Operation } from '../../../core/api.ts';
import { AwsError } from '../../../core/errors.ts';
import { validation } from '../errors.ts';
import type { EventBridge } from '../event-bridge.ts';
import { compilePattern } from '../event-pattern.ts';
import { MAX_TARGETS_PER_RULE } from '../limits.ts';
import { page } from '../page.ts';
import { readRule, readTarget, wireTarget } from '../read-rule.ts';
import type { RuleRecord, TargetRecord } from '../records.ts';

export function ruleOperations(bridge: EventBridge): Operation[] {
  const on = (action: string, bus: string | undefined, name: string | undefined) => ({
    action: `events:${action}`,
    resource: bridge.ruleArn(bus, name),
  });
  const passRole = (roleArn: string | undefined) =>
    roleArn === undefined
      ? []
      : [{ action: 'iam:PassRole', resource: roleArn, conditions: { 'iam:PassedToService': 'events.amazonaws.com' } }];

  const put: Operation<PutRuleRequest, PutRuleResponse> = {
    name: 'PutRule',
    authorize: ({ EventBusName, Name, RoleArn }) => [on('PutRule', EventBusName, Name), ...passRole(RoleArn)],
    async handle(input) {
      const rule = readRule(bridge, input);
      await bridge.putRule(rule);
      return { RuleArn: bridge.ruleArn(rule.bus, rule.name) };
    },
  };

  const describe: Operation<DescribeRuleRequest, DescribeRuleResponse> = {
    name: 'DescribeRule',
    authorize: ({ EventBusName, Name }) => [on('DescribeRule', EventBusName, Name)],
    handle: ({ EventBusName, Name }) => wireRule(bridge, bridge.rule(EventBusName, Name)),
  };

  const list: Operation<ListRulesRequest, ListRulesResponse> = {
    name: 'ListRules',
    authorize: ({ EventBusName }) => [on('ListRules', EventBusName, '*')],
    handle(input) {
      const { name } = bridge.bus(input.EventBusName);
      const found = bridge.rules(name).filter((rule) => rule.name.startsWith(input.NamePrefix ?? ''));
      const { members, NextToken } = page(found, input);
      return { Rules: members.map((rule) => wireRule(bridge, rule)), NextToken };
    },
  };

  const switching = (
    name: 'EnableRule' | 'DisableRule',
    state: RuleRecord['state'],
  ): Operation<DisableRuleRequest, object> => ({
    name,
    authorize: ({ EventBusName, Name }) => [on(name, EventBusName, Name)],
    async handle({ EventBusName, Name }) {
      const rule = bridge.rule(EventBusName, Name);
      const scheduledFrom = rule.state === state ? rule.scheduledFrom : bridge.context.clock.now();
      await bridge.putRule({ ...rule, state, scheduledFrom });
      return {};
    },
  });

  const remove: Operation<DeleteRuleRequest, object> = {
    name: 'DeleteRule',
    authorize: ({ EventBusName, Name }) => [on('DeleteRule', EventBusName, Name)],
    async handle({ EventBusName, Name }) {
      bridge.bus(EventBusName);
      const rule = bridge.findRule(EventBusName, Name);
      if (rule === undefined) return {};
      if (rule.targets.length > 0) throw validation("Rule can't be deleted since it has targets.");
      await bridge.deleteRule(rule);
      return {};
    },
  };

  const putTargets: Operation<PutTargetsRequest, PutTargetsResponse> = {
    name: 'PutTargets',
    authorize: ({ EventBusName, Rule, Targets }) => [
      on('PutTargets', EventBusName, Rule),
      ...(Targets ?? []).flatMap(({ RoleArn }) => passRole(RoleArn)),
    ],
    async handle({ EventBusName, Rule, Targets = [] }) {
      await addTargets(bridge, bridge.rule(EventBusName, Rule), Targets.map(readTarget));
      return { FailedEntryCount: 0, FailedEntries: [] };
    },
  };

  const removeTargets: Operation<RemoveTargetsRequest, RemoveTargetsResponse> = {
    name: 'RemoveTargets',
    authorize: ({ EventBusName, Rule }) => [on('RemoveTargets', EventBusName, Rule)],
    async handle({ EventBusName, Ids = [], Rule }) {
      const rule = bridge.rule(EventBusName, Rule);
      await bridge.putRule({ ...rule, targets: rule.targets.filter(({ id }) => !Ids.includes(id)) });
      const missing = Ids.filter((Id) => !rule.targets.some(({ id }) => id === Id));
      return {
        FailedEntryCount: missing.length,
        FailedEntries: missing.map((TargetId) => ({
          TargetId,
          ErrorCode: 'ResourceNotFoundException',
          ErrorMessage: `Rule ${Rule} does not have a target with the Id ${TargetId}.`,
        })),
      };
    },
  };

  const listTargets: Operation<ListTargetsByRuleRequest, ListTargetsByRuleResponse> = {
    name: 'ListTargetsByRule',
    authorize: ({ EventBusName, Rule }) => [on('ListTargetsByRule', EventBusName, Rule)],
    handle(input) {
      const { members, NextToken } = page(bridge.rule(input.EventBusName, input.Rule).targets, input);
      return { Targets: members.map(wireTarget), NextToken };
    },
  };

  const test: Operation<TestEventPatternRequest, TestEventPatternResponse> = {
    name: 'TestEventPattern',
    authorize: () => [{ action: 'events:TestEventPattern', resource: '*' }],
    handle({ Event = '', EventPattern = '' }) {
      const matches = compilePattern(EventPattern);
      try {
        return { Result: matches(JSON.parse(Event)) };
      } catch {
        throw validation('Parameter Event is not valid.');
      }
    },
  };

  return [
    put,
    describe,
    list,
    switching('EnableRule', 'ENABLED'),
    switching('DisableRule', 'DISABLED'),
    remove,
    putTargets,
    removeTargets,
    listTargets,
    test,
  ];
}

/** Targets with known ids are replaced. @throws AwsError `LimitExceededException` */
export async function addTargets(bridge: EventBridge, rule: RuleRecord, added: readonly TargetRecord[]): Promise<void> {
  const kept = rule.targets.filter(({ id }) => !added.some((target) => target.id === id));
  const targets = [...kept, ...added];
  if (targets.length > MAX_TARGETS_PER_RULE) {
    throw new AwsError('LimitExceededException', 'The requested resource exceeds the maximum number allowed.');
  }
  await bridge.putRule({ ...rule, targets });
}

function wireRule(bridge: EventBridge, rule: RuleRecord): DescribeRuleResponse {
  return {
    Name: rule.name,
    Arn: bridge.ruleArn(rule.bus, rule.name),
    EventPattern: rule.pattern,
    ScheduleExpression: rule.schedule,
    State: rule.state,
    Description: rule.description,
    RoleArn: rule.roleArn,
    EventBusName: rule.bus,
  };
}
