import type { ResourceProvider, ResourceState } from '../../../core/resources.ts';
import { MAX_TOPIC_NAME_LENGTH } from '../limits.ts';
import type { TopicRecord } from '../records.ts';
import type { SnsService } from '../sns-service.ts';
import { checkEndpoint, checkProtocol } from '../subscription-attributes.ts';
import { withTags } from '../tags.ts';

export interface TopicProperties {
  TopicName?: string;
  DisplayName?: string;
  DeliveryPolicy?: object;
  SignatureVersion?: string | number;
  TracingConfig?: string;
  Subscription?: { Endpoint: string; Protocol: string }[];
  Tags?: { Key: string; Value: string }[];
}

/** AWS::SNS::Topic. FIFO, KMS, archiving, data protection and delivery status logging are left out, and so refuse. */
export function topicResource(sns: SnsService): ResourceProvider<TopicProperties> {
  const { topics, subscriptions } = sns;
  return {
    type: 'AWS::SNS::Topic',
    replaceOn: ['TopicName'],
    properties: [
      'TopicName',
      'DisplayName',
      'DeliveryPolicy',
      'SignatureVersion',
      'TracingConfig',
      'Subscription',
      'Tags',
    ],
    async create(properties, scope) {
      const name = properties.TopicName ?? scope.generateName(MAX_TOPIC_NAME_LENGTH);
      const topic = await topics.create(name, attributesOf(properties, false), properties.Tags);
      for (const endpoint of properties.Subscription ?? []) await subscribe(topic, endpoint);
      return stateOf(topic);
    },
    async update(properties, previous, state) {
      const topic = topics.require(state.physicalId);
      await topics.setAttributes({ ...topic, tags: withTags({}, properties.Tags) }, attributesOf(properties, true));
      const kept = (properties.Subscription ?? []).map(keyOf);
      const before = (previous.Subscription ?? []).map(keyOf);
      for (const one of subscriptions.ofTopic(topic.arn)) {
        const key = keyOf({ Protocol: one.protocol, Endpoint: one.endpoint });
        if (before.includes(key) && !kept.includes(key)) await sns.unsubscribe(one);
      }
      for (const endpoint of properties.Subscription ?? []) await subscribe(topic, endpoint);
      return stateOf(topic);
    },
    async delete(state) {
      const topic = topics.find(state.physicalId);
      if (topic !== undefined) await sns.deleteTopic(topic);
    },
  };

  async function subscribe(topic: TopicRecord, { Protocol, Endpoint }: { Protocol: string; Endpoint: string }) {
    const protocol = checkProtocol(Protocol);
    await sns.subscribe(topic, { protocol, endpoint: checkEndpoint(protocol, Endpoint), attributes: {} });
  }
}

function keyOf({ Protocol, Endpoint }: { Protocol: string; Endpoint: string }): string {
  return `${Protocol} ${Endpoint}`;
}

function stateOf(topic: TopicRecord): ResourceState {
  return { physicalId: topic.arn, attributes: { TopicArn: topic.arn, TopicName: topic.name } };
}

/** On an update every attribute of a template: a property that is gone goes back to its default. */
function attributesOf(properties: TopicProperties, whole: boolean): Record<string, string> {
  const attributes: Record<string, string> = {};
  const set = (name: string, value: string | undefined, standard: string) => {
    if (value !== undefined || whole) attributes[name] = value ?? standard;
  };
  set('DisplayName', properties.DisplayName, '');
  set('SignatureVersion', properties.SignatureVersion?.toString(), '1');
  set('TracingConfig', properties.TracingConfig, 'PassThrough');
  set('DeliveryPolicy', properties.DeliveryPolicy && JSON.stringify(properties.DeliveryPolicy), '');
  return attributes;
}
