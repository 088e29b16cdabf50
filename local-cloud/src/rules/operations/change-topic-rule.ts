import type { DeleteTopicRuleRequest, DisableTopicRuleRequest, EnableTopicRuleRequest } from '@aws-sdk/client-iot';
import type { Operation } from '../../core/api.ts';
import type { TopicRules } from '../topic-rules.ts';

/** DeleteTopicRule, EnableTopicRule and DisableTopicRule. */
export function changeTopicRule(
  rules: TopicRules,
): readonly Operation<DeleteTopicRuleRequest | EnableTopicRuleRequest | DisableTopicRuleRequest, object>[] {
  const operation = (
    name: string,
    change: (ruleName: string | undefined) => Promise<void>,
  ): Operation<DeleteTopicRuleRequest, object> => ({
    name,
    authorize: (input) => [{ action: `iot:${name}`, resource: rules.arn(input.ruleName ?? '') }],
    async handle(input) {
      await change(input.ruleName);
      return {};
    },
  });
  return [
    operation('DeleteTopicRule', (name) => rules.delete(name)),
    operation('EnableTopicRule', (name) => rules.setDisabled(name, false)),
    operation('DisableTopicRule', (name) => rules.setDisabled(name, true)),
  ];
}
