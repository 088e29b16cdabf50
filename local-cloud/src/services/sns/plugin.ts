import * as schemas from '@aws-sdk/client-sns';
import type { Operation } from '../../core/api.ts';
import type { PluginFactory } from '../../core/plugin.ts';
import { publish, publishBatch } from './operations/publish.ts';
import {
  confirmSubscription,
  getSubscriptionAttributes,
  listSubscriptions,
  listSubscriptionsByTopic,
  setSubscriptionAttributes,
  subscribe,
  unsubscribe,
} from './operations/subscriptions.ts';
import { tagOperations } from './operations/tags.ts';
import {
  addPermission,
  createTopic,
  deleteTopic,
  getTopicAttributes,
  listTopics,
  removePermission,
  setTopicAttributes,
} from './operations/topics.ts';
import { subscriptionResource } from './resources/subscription.ts';
import { topicResource } from './resources/topic.ts';
import { topicInlinePolicyResource, topicPolicyResource } from './resources/topic-policy.ts';
import { SnsService } from './sns-service.ts';
import { serveUnsigned } from './unsigned-routes.ts';

/** Amazon SNS: standard topics. FIFO topics, mobile push, text messages, KMS keys and archives are refused by name. */
export const createSnsPlugin: PluginFactory = (context) => {
  const sns = new SnsService(context);
  const operations: readonly Operation[] = [
    createTopic(sns),
    deleteTopic(sns),
    getTopicAttributes(sns),
    setTopicAttributes(sns),
    listTopics(sns),
    addPermission(sns),
    removePermission(sns),
    subscribe(sns),
    confirmSubscription(sns),
    unsubscribe(sns),
    listSubscriptions(sns),
    listSubscriptionsByTopic(sns),
    getSubscriptionAttributes(sns),
    setSubscriptionAttributes(sns),
    publish(sns),
    publishBatch(sns),
    ...tagOperations(sns),
  ];
  return {
    name: 'sns',
    apis: [{ service: 'sns', signingName: 'sns', protocol: 'awsQuery', schemas, operations }],
    resources: [
      topicResource(sns),
      subscriptionResource(sns),
      topicPolicyResource(sns),
      topicInlinePolicyResource(sns),
    ],
    async start() {
      serveUnsigned(sns);
      sns.deliveries.start();
    },
    async stop() {
      await sns.deliveries.stop();
      await context.store.durable();
    },
  };
};
