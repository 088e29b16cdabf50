import * as iot from '@aws-sdk/client-iot';
import type { PluginFactory } from '../core/plugin.ts';
import { RuleDirectory } from './engine/rule-directory.ts';
import { RuleEngine } from './engine/rule-engine.ts';
import { changeTopicRule } from './operations/change-topic-rule.ts';
import { createTopicRule, replaceTopicRule } from './operations/create-topic-rule.ts';
import { getTopicRule } from './operations/get-topic-rule.ts';
import { listTopicRules } from './operations/list-topic-rules.ts';
import { topicRuleResource } from './resources/topic-rule.ts';
import { TopicRules } from './topic-rules.ts';

/** The rules engine of AWS IoT: topic rules, their API and the port `rules` that the broker hands messages to. */
export const createRulesPlugin: PluginFactory = (context) => {
  const directory = new RuleDirectory(context);
  const rules = new TopicRules(context, directory);
  const engine = new RuleEngine(context, directory);
  context.ports.provide('rules', engine);
  return {
    name: 'rules',
    apis: [
      {
        service: 'iot',
        signingName: 'iot',
        protocol: 'restJson1',
        schemas: iot,
        operations: [
          createTopicRule(rules),
          replaceTopicRule(rules),
          getTopicRule(rules),
          listTopicRules(rules),
          ...changeTopicRule(rules),
        ],
      },
    ],
    resources: [topicRuleResource(rules)],
    async start() {
      engine.resume();
    },
    async stop() {
      await engine.stop();
    },
  };
};
