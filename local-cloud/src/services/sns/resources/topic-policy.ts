import type { ResourceProvider } from '../../../core/resources.ts';
import type { SnsService } from '../sns-service.ts';

export interface TopicPolicyProperties {
  PolicyDocument: object;
  /** Topic ARNs. */
  Topics: string[];
}

/** AWS::SNS::TopicPolicy: one policy on each of its topics. */
export function topicPolicyResource({ topics }: SnsService): ResourceProvider<TopicPolicyProperties> {
  async function apply(policy: string, arns: readonly string[]): Promise<void> {
    for (const topicArn of arns) await topics.setAttributes(topics.require(topicArn), { Policy: policy });
  }
  /** A topic that went before its policy has taken the policy along. */
  async function remove(arns: readonly string[]): Promise<void> {
    await apply(
      '',
      arns.filter((topicArn) => topics.find(topicArn) !== undefined),
    );
  }
  return {
    type: 'AWS::SNS::TopicPolicy',
    replaceOn: [],
    properties: ['PolicyDocument', 'Topics'],
    async create(properties, scope) {
      await apply(JSON.stringify(properties.PolicyDocument), properties.Topics);
      const id = scope.generateName(80);
      return { physicalId: id, attributes: { Id: id } };
    },
    async update(properties, previous, state) {
      await apply(JSON.stringify(properties.PolicyDocument), properties.Topics);
      await remove(previous.Topics.filter((topicArn) => !properties.Topics.includes(topicArn)));
      return state;
    },
    async delete(_state, properties) {
      await remove(properties.Topics);
    },
  };
}

export interface TopicInlinePolicyProperties {
  PolicyDocument: object;
  TopicArn: string;
}

/** AWS::SNS::TopicInlinePolicy: the policy of one topic. */
export function topicInlinePolicyResource({ topics }: SnsService): ResourceProvider<TopicInlinePolicyProperties> {
  async function apply({ PolicyDocument, TopicArn }: TopicInlinePolicyProperties): Promise<void> {
    await topics.setAttributes(topics.require(TopicArn), { Policy: JSON.stringify(PolicyDocument) });
  }
  return {
    type: 'AWS::SNS::TopicInlinePolicy',
    replaceOn: ['TopicArn'],
    properties: ['PolicyDocument', 'TopicArn'],
    async create(properties) {
      await apply(properties);
      return { physicalId: properties.TopicArn, attributes: {} };
    },
    async update(properties, _previous, state) {
      await apply(properties);
      return state;
    },
    async delete(_state, { TopicArn }) {
      const topic = topics.find(TopicArn);
      if (topic !== undefined) await topics.setAttributes(topic, { Policy: '' });
    },
  };
}
