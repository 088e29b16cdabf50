import type { Action, GetTopicRuleRequest, GetTopicRuleResponse } from '@aws-sdk/client-iot';
import type { Operation } from '../../core/api.ts';
import { showAction } from '../rule-payload.ts';
import type { TopicRules } from '../topic-rules.ts';

export function getTopicRule(rules: TopicRules): Operation<GetTopicRuleRequest, GetTopicRuleResponse> {
  return {
    name: 'GetTopicRule',
    authorize: (input) => [{ action: 'iot:GetTopicRule', resource: rules.arn(input.ruleName ?? '') }],
    handle(input) {
      const { definition, arn } = rules.get(input.ruleName);
      const { errorAction, description } = definition;
      return {
        ruleArn: arn,
        rule: {
          ruleName: definition.ruleName,
          sql: definition.sql,
          ...(description === undefined ? {} : { description }),
          createdAt: new Date(definition.createdAt),
          actions: definition.actions.map((action) => showAction(action) as Action),
          ruleDisabled: definition.disabled,
          awsIotSqlVersion: definition.sqlVersion,
          ...(errorAction === undefined ? {} : { errorAction: showAction(errorAction) as Action }),
        },
      };
    },
  };
}
