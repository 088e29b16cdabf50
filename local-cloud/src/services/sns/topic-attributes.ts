import type { Account } from '../../core/account.ts';
import { AwsError, NotImplementedError } from '../../core/errors.ts';
import { validatePolicy } from '../../core/iam/compiled-policy.ts';
import type { PolicyDocument } from '../../core/iam/policy-document.ts';
import { readTopicDelivery } from './delivery-policy.ts';
import { invalidParameter } from './errors.ts';
import { MAX_DISPLAY_NAME_LENGTH } from './limits.ts';
import type { TopicAttribute } from './records.ts';

/** What a topic's owner may have done with it by default (API reference, GetTopicAttributes, `Policy`). */
const OWNER_ACTIONS = [
  'SNS:GetTopicAttributes',
  'SNS:SetTopicAttributes',
  'SNS:AddPermission',
  'SNS:RemovePermission',
  'SNS:DeleteTopic',
  'SNS:Subscribe',
  'SNS:ListSubscriptionsByTopic',
  'SNS:Publish',
];

/** Topic actions of the policy language (API reference, AddPermission; developer guide, "Amazon SNS API permissions"). */
const TOPIC_ACTIONS = new Set(
  [...OWNER_ACTIONS, 'SNS:Receive', 'SNS:GetDataProtectionPolicy', 'SNS:PutDataProtectionPolicy'].map((name) =>
    name.toLowerCase(),
  ),
);

/** Known to AWS, not built here. */
const REFUSED =
  /^(KmsMasterKeyId|ArchivePolicy|FifoThroughputScope|(HTTP|Firehose|Lambda|Application|SQS)(Success|Failure)Feedback\w+)$/;
const FIFO = ['FifoTopic', 'ContentBasedDeduplication'];

export function defaultTopicPolicy(account: Account, arn: string): PolicyDocument {
  return {
    Version: '2008-10-17',
    Id: '__default_policy_ID',
    Statement: [
      {
        Sid: '__default_statement_ID',
        Effect: 'Allow',
        Principal: { AWS: '*' },
        Action: OWNER_ACTIONS,
        Resource: arn,
        Condition: { StringEquals: { 'AWS:SourceOwner': account.accountId } },
      },
    ],
  };
}

/**
 * One attribute as CreateTopic and SetTopicAttributes take it; undefined puts it back to its default.
 * @throws AwsError `InvalidParameter`; `NotImplemented` for FIFO topics, KMS keys and delivery status logging
 */
export function checkTopicAttribute(name: string, value: string): [TopicAttribute, string | undefined] | undefined {
  switch (name) {
    case 'DisplayName':
      if (value.length > MAX_DISPLAY_NAME_LENGTH)
        throw invalidParameter('DisplayName Reason: Display name is too long');
      return [name, value];
    case 'Policy':
      return [name, value === '' ? undefined : policyText(value)];
    case 'DeliveryPolicy':
      readTopicDelivery(value);
      return [name, value === '' ? undefined : value];
    case 'SignatureVersion':
      if (value !== '1' && value !== '2') throw invalidParameter('SignatureVersion Reason: Invalid value');
      return [name, value];
    case 'TracingConfig':
      if (value === 'Active') throw new NotImplementedError('SNS TracingConfig Active');
      if (value !== 'PassThrough') throw invalidParameter('TracingConfig Reason: Invalid value');
      return [name, value];
  }
  if (name === 'FifoTopic' && value === 'false') return undefined;
  if (FIFO.includes(name)) throw new NotImplementedError(`SNS ${name} (FIFO topics)`);
  if (REFUSED.test(name)) {
    if (value === '' && name === 'KmsMasterKeyId') return undefined;
    throw new NotImplementedError(`SNS topic attribute ${name}`);
  }
  throw invalidParameter(`Attributes Reason: Unknown attribute ${name}`);
}

/** @throws AwsError `InvalidParameter`, "Policy Error" */
function policyText(text: string): string {
  let policy: unknown;
  try {
    policy = JSON.parse(text);
    validatePolicy(policy, 'resource');
  } catch (error) {
    throw invalidParameter(`Policy Error: ${error instanceof AwsError ? error.message : 'null'}`);
  }
  const statements = Array.isArray(policy.Statement) ? policy.Statement : [policy.Statement];
  for (const statement of statements) {
    for (const action of [statement.Action ?? statement.NotAction ?? []].flat()) {
      const known = action === '*' || /^sns:.*[*?]/i.test(action) || TOPIC_ACTIONS.has(action.toLowerCase());
      if (!known) throw invalidParameter('Policy statement action out of service scope!');
    }
  }
  return text;
}
