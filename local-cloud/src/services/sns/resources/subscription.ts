import { AwsError } from '../../../core/errors.ts';
import type { ResourceProvider, ResourceState } from '../../../core/resources.ts';
import type { SubscriptionRecord } from '../records.ts';
import type { SnsService } from '../sns-service.ts';
import { checkEndpoint, checkProtocol } from '../subscription-attributes.ts';

export interface SubscriptionProperties {
  TopicArn: string;
  Protocol: string;
  Endpoint?: string;
  Region?: string;
  DeliveryPolicy?: object;
  FilterPolicy?: object;
  FilterPolicyScope?: string;
  RawMessageDelivery?: boolean | string;
  RedrivePolicy?: object;
  SubscriptionRoleArn?: string;
}

/** AWS::SNS::Subscription. ReplayPolicy is left out, and so refuses. */
export function subscriptionResource(sns: SnsService): ResourceProvider<SubscriptionProperties> {
  const { topics, subscriptions, context } = sns;
  return {
    type: 'AWS::SNS::Subscription',
    replaceOn: ['TopicArn', 'Protocol', 'Endpoint'],
    properties: [
      'TopicArn',
      'Protocol',
      'Endpoint',
      'Region',
      'DeliveryPolicy',
      'FilterPolicy',
      'FilterPolicyScope',
      'RawMessageDelivery',
      'RedrivePolicy',
      'SubscriptionRoleArn',
    ],
    async create(properties) {
      if (properties.Region !== undefined && properties.Region !== context.account.region) {
        throw new AwsError('InvalidParameterException', `Invalid parameter: Region ${properties.Region}`);
      }
      const protocol = checkProtocol(properties.Protocol);
      const endpoint = checkEndpoint(protocol, properties.Endpoint);
      const topic = topics.require(properties.TopicArn);
      return stateOf(await sns.subscribe(topic, { protocol, endpoint, attributes: attributesOf(properties) }));
    },
    async update(properties, previous, state) {
      const subscription = subscriptions.require(state.physicalId);
      const gone = Object.keys(attributesOf(previous)).map((name) => [name, ''] as const);
      await subscriptions.setAttributes(subscription, { ...Object.fromEntries(gone), ...attributesOf(properties) });
      return state;
    },
    async delete(state) {
      const subscription = subscriptions.find(state.physicalId);
      if (subscription !== undefined) await sns.unsubscribe(subscription);
    },
  };
}

function stateOf(subscription: SubscriptionRecord): ResourceState {
  return { physicalId: subscription.arn, attributes: { Arn: subscription.arn } };
}

function attributesOf(properties: SubscriptionProperties): Record<string, string> {
  const attributes: Record<string, string> = {};
  for (const name of ['DeliveryPolicy', 'FilterPolicy', 'RedrivePolicy'] as const) {
    const value = properties[name];
    if (value !== undefined) attributes[name] = typeof value === 'string' ? value : JSON.stringify(value);
  }
  for (const name of ['FilterPolicyScope', 'RawMessageDelivery', 'SubscriptionRoleArn'] as const) {
    const value = properties[name];
    if (value !== undefined) attributes[name] = String(value);
  }
  return attributes;
}
