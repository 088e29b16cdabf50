import * as iot from '@aws-sdk/client-iot';
import type { PluginFactory } from '../core/plugin.ts';
import { enableRoute } from './destinations/enable-route.ts';
import { ENABLE_PATH, RuleDestinations } from './destinations/rule-destinations.ts';
import { RuleDirectory } from './engine/rule-directory.ts';
import { RuleEngine } from './engine/rule-engine.ts';
import { changeTopicRule } from './operations/change-topic-rule.ts';
import { createTopicRule, replaceTopicRule } from './operations/create-topic-rule.ts';
import { getTopicRule } from './operations/get-topic-rule.ts';
import { listTopicRules } from './operations/list-topic-rules.ts';
import { topicRuleDestinationOperations } from './operations/topic-rule-destinations.ts';
import { topicRuleResource } from './resources/topic-rule.ts';
import { topicRuleDestinationResource } from './resources/topic-rule-destination.ts';
import { TopicRules } from './topic-rules.ts';

/** The rules engine of AWS IoT: topic rules, their API and the port `rules` that the broker hands messages to. */
export const createRulesPlugin: PluginFactory = (context) => {
  const destinations = new RuleDestinations(context);
  const directory = new RuleDirectory({ ...context, destinations });
  const rules = new TopicRules({ ...context, destinations }, directory);
  const engine = new RuleEngine(context, directory);
  context.ports.provide('rules', engine);
  context.ports.provide('ruleTags', rules.tags);
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
          ...topicRuleDestinationOperations(destinations, context.account),
        ],
      },
    ],
    resources: [topicRuleResource(rules), topicRuleDestinationResource(destinations)],
    async start() {
      context.ports.get('frontDoor').route(ENABLE_PATH, enableRoute(destinations));
      engine.resume();
    },
    async stop() {
      await engine.stop();
    },
  };
};
