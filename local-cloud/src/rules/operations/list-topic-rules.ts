import type { ListTopicRulesRequest, ListTopicRulesResponse } from '@aws-sdk/client-iot';
import type { Operation } from '../../core/api.ts';
import { MAX_LIST_RESULTS } from '../limits.ts';
import { invalidRequest } from '../rule-payload.ts';
import type { TopicRules } from '../topic-rules.ts';

/** A page token is the name of the last rule of the page before, in base64url. */
export function listTopicRules(rules: TopicRules): Operation<ListTopicRulesRequest, ListTopicRulesResponse> {
  return {
    name: 'ListTopicRules',
    authorize: () => [{ action: 'iot:ListTopicRules', resource: '*' }],
    handle({ topic, ruleDisabled, maxResults = MAX_LIST_RESULTS, nextToken }) {
      if (maxResults < 1 || maxResults > MAX_LIST_RESULTS) {
        throw invalidRequest(`maxResults must be from 1 to ${MAX_LIST_RESULTS}`);
      }
      const after = nextToken === undefined ? '' : Buffer.from(nextToken, 'base64url').toString();
      const matching = rules.list().filter(({ definition, statement }) => {
        if (definition.ruleName <= after) return false;
        if (ruleDisabled !== undefined && definition.disabled !== ruleDisabled) return false;
        return topic === undefined || statement.topicFilter === topic;
      });
      const page = matching.slice(0, maxResults);
      const last = page.at(-1);
      return {
        rules: page.map(({ definition, arn, statement }) => ({
          ruleArn: arn,
          ruleName: definition.ruleName,
          ...(statement.topicFilter === undefined ? {} : { topicPattern: statement.topicFilter }),
          createdAt: new Date(definition.createdAt),
          ruleDisabled: definition.disabled,
        })),
        ...(matching.length > page.length && last !== undefined
          ? { nextToken: Buffer.from(last.definition.ruleName).toString('base64url') }
          : {}),
      };
    },
  };
}
