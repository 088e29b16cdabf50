import type { CreateTopicRuleRequest, ReplaceTopicRuleRequest, TopicRulePayload } from '@aws-sdk/client-iot';
import type { Operation } from '../../core/api.ts';
import type { Permission } from '../../core/iam/authorizer.ts';
import { passedRoles } from '../roles-passed.ts';
import type { TopicRules } from '../topic-rules.ts';

export function createTopicRule(rules: TopicRules): Operation<CreateTopicRuleRequest, object> {
  return {
    name: 'CreateTopicRule',
    authorize: (input) => [
      { action: 'iot:CreateTopicRule', resource: rules.arn(input.ruleName ?? '') },
      ...passRole(input.topicRulePayload),
    ],
    async handle(input) {
      await rules.create(input.ruleName, input.topicRulePayload, readTags(input.tags));
      return {};
    },
  };
}

export function replaceTopicRule(rules: TopicRules): Operation<ReplaceTopicRuleRequest, object> {
  return {
    name: 'ReplaceTopicRule',
    authorize: (input) => [
      { action: 'iot:ReplaceTopicRule', resource: rules.arn(input.ruleName ?? '') },
      ...passRole(input.topicRulePayload),
    ],
    async handle(input) {
      await rules.replace(input.ruleName, input.topicRulePayload);
      return {};
    },
  };
}

/** "Pass role permissions": the caller hands the roles of the actions to AWS IoT. */
function passRole(payload: TopicRulePayload | undefined): Permission[] {
  return passedRoles(payload).map((resource) => ({
    action: 'iam:PassRole',
    resource,
    conditions: { 'iam:PassedToService': 'iot.amazonaws.com' },
  }));
}

/** `key1=value1&key2=value2` */
function readTags(tags: string | undefined): Record<string, string> | undefined {
  return tags === undefined ? undefined : Object.fromEntries(new URLSearchParams(tags));
}
