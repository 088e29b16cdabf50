import type {
  ConfirmSubscriptionInput,
  ConfirmSubscriptionResponse,
  GetSubscriptionAttributesInput,
  GetSubscriptionAttributesResponse,
  ListSubscriptionsByTopicInput,
  ListSubscriptionsByTopicResponse,
  ListSubscriptionsInput,
  ListSubscriptionsResponse,
  SetSubscriptionAttributesInput,
  SubscribeInput,
  SubscribeResponse,
  Subscription,
  UnsubscribeInput,
} from '@aws-sdk/client-sns';
import type { ApiCall, Operation } from '../../../core/api.ts';
import type { Permission } from '../../../core/iam/authorizer.ts';
import { effectiveSubscriptionDelivery } from '../delivery-policy.ts';
import { invalidParameter } from '../errors.ts';
import { page } from '../page.ts';
import type { SubscriptionRecord } from '../records.ts';
import type { SnsService } from '../sns-service.ts';
import { checkEndpoint, checkProtocol } from '../subscription-attributes.ts';

export function subscribe(sns: SnsService): Operation<SubscribeInput, SubscribeResponse> {
  const { topics } = sns;
  return {
    name: 'Subscribe',
    authorize: (input, call) =>
      topics.permissions('Subscribe', input.TopicArn, call, {
        'sns:Protocol': input.Protocol,
        'sns:Endpoint': input.Endpoint,
      }),
    async handle(input) {
      const topic = topics.require(input.TopicArn);
      const protocol = checkProtocol(input.Protocol);
      const endpoint = checkEndpoint(protocol, input.Endpoint);
      const subscription = await sns.subscribe(topic, { protocol, endpoint, attributes: input.Attributes ?? {} });
      const known = subscription.pending === undefined || input.ReturnSubscriptionArn === true;
      return { SubscriptionArn: known ? subscription.arn : 'pending confirmation' };
    },
  };
}

export function confirmSubscription({
  topics,
  subscriptions,
}: SnsService): Operation<ConfirmSubscriptionInput, ConfirmSubscriptionResponse> {
  return {
    name: 'ConfirmSubscription',
    authorize: (input, call) => topics.permissions('ConfirmSubscription', input.TopicArn, call),
    async handle(input) {
      const topic = topics.require(input.TopicArn);
      const authenticate = input.AuthenticateOnUnsubscribe;
      if (authenticate !== undefined && authenticate !== 'true' && authenticate !== 'false') {
        throw invalidParameter('AuthenticateOnUnsubscribe');
      }
      const subscription = await subscriptions.confirm(topic.arn, input.Token, authenticate === 'true');
      return { SubscriptionArn: subscription.arn };
    },
  };
}

export function unsubscribe(sns: SnsService): Operation<UnsubscribeInput, object> {
  const { subscriptions } = sns;
  return {
    name: 'Unsubscribe',
    authorize: (input, call) => ofSubscription(sns, 'Unsubscribe', input.SubscriptionArn, call),
    async handle(input) {
      const subscription = subscriptions.find(input.SubscriptionArn);
      // As with topics, what is gone can be deleted again.
      if (subscription !== undefined) await sns.unsubscribe(subscription);
      else if (!input.SubscriptionArn?.startsWith('arn:aws:sns:')) throw invalidParameter('SubscriptionArn');
      return {};
    },
  };
}

export function listSubscriptions({
  topics,
  subscriptions,
}: SnsService): Operation<ListSubscriptionsInput, ListSubscriptionsResponse> {
  return {
    name: 'ListSubscriptions',
    authorize: (_input, call) => topics.permissions('ListSubscriptions', undefined, call),
    handle(input) {
      const { members, NextToken } = page(subscriptions.all(), (one) => one.arn, input.NextToken);
      return { Subscriptions: members.map(summaryOf), NextToken };
    },
  };
}

export function listSubscriptionsByTopic({
  topics,
  subscriptions,
}: SnsService): Operation<ListSubscriptionsByTopicInput, ListSubscriptionsByTopicResponse> {
  return {
    name: 'ListSubscriptionsByTopic',
    authorize: (input, call) => topics.permissions('ListSubscriptionsByTopic', input.TopicArn, call),
    handle(input) {
      const topic = topics.require(input.TopicArn);
      const { members, NextToken } = page(subscriptions.ofTopic(topic.arn), (one) => one.arn, input.NextToken);
      return { Subscriptions: members.map(summaryOf), NextToken };
    },
  };
}

export function getSubscriptionAttributes(
  sns: SnsService,
): Operation<GetSubscriptionAttributesInput, GetSubscriptionAttributesResponse> {
  const { topics, subscriptions } = sns;
  return {
    name: 'GetSubscriptionAttributes',
    authorize: (input, call) => ofSubscription(sns, 'GetSubscriptionAttributes', input.SubscriptionArn, call),
    handle(input) {
      const one = subscriptions.require(input.SubscriptionArn);
      const topicPolicy = topics.find(one.topicArn)?.attributes.DeliveryPolicy;
      return {
        Attributes: {
          SubscriptionArn: one.arn,
          TopicArn: one.topicArn,
          Protocol: one.protocol,
          Endpoint: one.endpoint,
          Owner: one.owner,
          RawMessageDelivery: 'false',
          ...(one.attributes.FilterPolicy === undefined ? {} : { FilterPolicyScope: 'MessageAttributes' }),
          ...one.attributes,
          PendingConfirmation: String(one.pending !== undefined),
          ConfirmationWasAuthenticated: String(one.confirmationWasAuthenticated),
          ...(one.protocol.startsWith('http')
            ? { EffectiveDeliveryPolicy: effectiveSubscriptionDelivery(one.attributes.DeliveryPolicy, topicPolicy) }
            : {}),
        },
      };
    },
  };
}

export function setSubscriptionAttributes(sns: SnsService): Operation<SetSubscriptionAttributesInput, object> {
  const { subscriptions } = sns;
  return {
    name: 'SetSubscriptionAttributes',
    authorize: (input, call) => ofSubscription(sns, 'SetSubscriptionAttributes', input.SubscriptionArn, call),
    async handle(input) {
      const subscription = subscriptions.require(input.SubscriptionArn);
      await subscriptions.setAttributes(subscription, { [input.AttributeName ?? '']: input.AttributeValue ?? '' });
      return {};
    },
  };
}

/** Operations on a subscription are judged against its topic (service authorization reference, "Amazon SNS"). */
function ofSubscription(
  { topics }: SnsService,
  action: string,
  subscriptionArn: string | undefined,
  call: ApiCall,
): readonly Permission[] {
  const topicArn = subscriptionArn?.split(':').slice(0, 6).join(':');
  return topics.permissions(action, topicArn, call);
}

function summaryOf(one: SubscriptionRecord): Subscription {
  return {
    SubscriptionArn: one.pending === undefined ? one.arn : 'PendingConfirmation',
    Owner: one.owner,
    Protocol: one.protocol,
    Endpoint: one.endpoint,
    TopicArn: one.topicArn,
  };
}
