import type {
  AddPermissionInput,
  CreateTopicInput,
  CreateTopicResponse,
  DeleteTopicInput,
  GetTopicAttributesInput,
  GetTopicAttributesResponse,
  ListTopicsInput,
  ListTopicsResponse,
  RemovePermissionInput,
  SetTopicAttributesInput,
} from '@aws-sdk/client-sns';
import { arn } from '../../../core/account.ts';
import type { Operation } from '../../../core/api.ts';
import { NotImplementedError } from '../../../core/errors.ts';
import type { PolicyStatement } from '../../../core/iam/policy-document.ts';
import { effectiveTopicDelivery } from '../delivery-policy.ts';
import { invalidParameter } from '../errors.ts';
import { page } from '../page.ts';
import type { TopicRecord } from '../records.ts';
import type { SnsService } from '../sns-service.ts';

export function createTopic({ context, topics }: SnsService): Operation<CreateTopicInput, CreateTopicResponse> {
  return {
    name: 'CreateTopic',
    authorize: (input, call) =>
      topics.permissions('CreateTopic', arn(context.account, 'sns', input.Name ?? ''), call, {
        'aws:TagKeys': (input.Tags ?? []).map(({ Key }) => Key ?? ''),
        ...Object.fromEntries((input.Tags ?? []).map(({ Key, Value }) => [`aws:RequestTag/${Key}`, Value])),
      }),
    async handle(input) {
      if (input.DataProtectionPolicy !== undefined) throw new NotImplementedError('SNS DataProtectionPolicy');
      const topic = await topics.create(input.Name, input.Attributes ?? {}, input.Tags);
      return { TopicArn: topic.arn };
    },
  };
}

export function deleteTopic(sns: SnsService): Operation<DeleteTopicInput, object> {
  const { topics } = sns;
  return {
    name: 'DeleteTopic',
    authorize: (input, call) => topics.permissions('DeleteTopic', input.TopicArn, call),
    async handle(input) {
      const topic = topics.find(input.TopicArn);
      // Deleting what is not there is no error (API reference, DeleteTopic).
      if (topic !== undefined) await sns.deleteTopic(topic);
      else if (!input.TopicArn?.startsWith('arn:aws:sns:')) throw invalidParameter('TopicArn');
      return {};
    },
  };
}

export function getTopicAttributes({
  context,
  topics,
  subscriptions,
}: SnsService): Operation<GetTopicAttributesInput, GetTopicAttributesResponse> {
  return {
    name: 'GetTopicAttributes',
    authorize: (input, call) => topics.permissions('GetTopicAttributes', input.TopicArn, call),
    handle(input) {
      const topic = topics.require(input.TopicArn);
      const all = subscriptions.ofTopic(topic.arn);
      const pending = all.filter((one) => one.pending !== undefined).length;
      return {
        Attributes: {
          ...topic.attributes,
          TopicArn: topic.arn,
          Owner: context.account.accountId,
          DisplayName: topic.attributes.DisplayName ?? '',
          Policy: topic.attributes.Policy ?? JSON.stringify(topics.policy(topic)),
          EffectiveDeliveryPolicy: effectiveTopicDelivery(topic.attributes.DeliveryPolicy),
          SubscriptionsConfirmed: String(all.length - pending),
          SubscriptionsPending: String(pending),
          SubscriptionsDeleted: String(topic.deletedSubscriptions),
        },
      };
    },
  };
}

export function setTopicAttributes({ topics }: SnsService): Operation<SetTopicAttributesInput, object> {
  return {
    name: 'SetTopicAttributes',
    authorize: (input, call) => topics.permissions('SetTopicAttributes', input.TopicArn, call),
    async handle(input) {
      const topic = topics.require(input.TopicArn);
      if (input.AttributeName === 'FifoTopic') throw invalidParameter('AttributeName');
      await topics.setAttributes(topic, { [input.AttributeName ?? '']: input.AttributeValue ?? '' });
      return {};
    },
  };
}

export function listTopics({ topics }: SnsService): Operation<ListTopicsInput, ListTopicsResponse> {
  return {
    name: 'ListTopics',
    authorize: (_input, call) => topics.permissions('ListTopics', undefined, call),
    handle(input) {
      const { members, NextToken } = page(topics.all(), (topic) => topic.arn, input.NextToken);
      return { Topics: members.map((topic) => ({ TopicArn: topic.arn })), NextToken };
    },
  };
}

export function addPermission({ topics, context }: SnsService): Operation<AddPermissionInput, object> {
  return {
    name: 'AddPermission',
    authorize: (input, call) => topics.permissions('AddPermission', input.TopicArn, call),
    async handle(input) {
      const topic = topics.require(input.TopicArn);
      const statements = statementsOf(topics.policy(topic).Statement);
      if (statements.some((statement) => statement.Sid === input.Label))
        throw invalidParameter('Statement already exists');
      const accounts = input.AWSAccountId ?? [];
      if (accounts.length === 0 || accounts.some((account) => !/^\d{12}$/.test(account))) {
        throw invalidParameter('AWSAccountId');
      }
      const statement: PolicyStatement = {
        Sid: input.Label as string,
        Effect: 'Allow',
        Principal: { AWS: accounts.map((account) => `arn:${context.account.partition}:iam::${account}:root`) },
        Action: (input.ActionName ?? []).map((name) => `SNS:${name}`),
        Resource: topic.arn,
      };
      await writeStatements(topic, [...statements, statement]);
      return {};
    },
  };

  async function writeStatements(topic: TopicRecord, statements: PolicyStatement[]): Promise<void> {
    const policy = { ...topics.policy(topic), Statement: statements };
    await topics.setAttributes(topic, { Policy: JSON.stringify(policy) });
  }
}

export function removePermission({ topics }: SnsService): Operation<RemovePermissionInput, object> {
  return {
    name: 'RemovePermission',
    authorize: (input, call) => topics.permissions('RemovePermission', input.TopicArn, call),
    async handle(input) {
      const topic = topics.require(input.TopicArn);
      const policy = topics.policy(topic);
      const statements = statementsOf(policy.Statement).filter((statement) => statement.Sid !== input.Label);
      // A policy without any statement is none: the default one stands again.
      const text = statements.length === 0 ? '' : JSON.stringify({ ...policy, Statement: statements });
      await topics.setAttributes(topic, { Policy: text });
      return {};
    },
  };
}

function statementsOf(statement: PolicyStatement | PolicyStatement[]): PolicyStatement[] {
  return Array.isArray(statement) ? statement : [statement];
}
