import type { CreateTopicResponse, GetTopicAttributesResponse, ListTopicsResponse } from '@aws-sdk/client-sns';
import type { Principal } from '../../local-cloud/src/core/iam/principal.ts';
import { createIamPlugin } from '../../local-cloud/src/services/iam/plugin.ts';
import { createSnsPlugin } from '../../local-cloud/src/services/sns/plugin.ts';
import { ADMINISTRATOR, createTestCloud, type TestCloud, testScope } from '../../local-cloud/src/testing/context.ts';

const ARN = 'arn:aws:sns:us-east-1:123456789012:orders';
const ALARMS: Principal = {
  kind: 'service',
  service: 'cloudwatch.amazonaws.com',
  sourceAccount: '123456789012',
};

let cloud: TestCloud<import('../../local-cloud/src/core/clock.ts').ManualClock>;
const sns = <O = object>(operation: string, input: object, principal: Principal = ADMINISTRATOR) =>
  cloud.api.call<O>(principal, 'sns', operation, input);
const attributes = async () =>
  (await sns<GetTopicAttributesResponse>('GetTopicAttributes', { TopicArn: ARN })).Attributes ?? {};

beforeEach(() => {
  cloud = createTestCloud();
  cloud.use(createSnsPlugin);
});
afterEach(() => cloud.close());

// source: CreateTopic
describe('CreateTopic', () => {
  test('answers the same topic again, and refuses one of other attributes', async () => {
    const Attributes = { DisplayName: 'Orders' };
    expect(await sns<CreateTopicResponse>('CreateTopic', { Name: 'orders', Attributes })).toEqual({ TopicArn: ARN });
    expect(await sns('CreateTopic', { Name: 'orders', Attributes })).toEqual({ TopicArn: ARN });
    await expect(sns('CreateTopic', { Name: 'orders', Attributes: { DisplayName: 'Other' } })).rejects.toMatchObject({
      code: 'InvalidParameterException',
      message: expect.stringContaining('Topic already exists with different attributes'),
    });
  });

  test.each(['', 'with space', 'a'.repeat(257), 'ünder'])('refuses the name "%s"', async (Name) => {
    await expect(sns('CreateTopic', { Name })).rejects.toMatchObject({ code: 'InvalidParameterException' });
  });

  test('refuses an attribute that AWS does not know', async () => {
    await expect(sns('CreateTopic', { Name: 'orders', Attributes: { Color: 'red' } })).rejects.toMatchObject({
      code: 'InvalidParameterException',
    });
  });
});

// assumed: FIFO topics, keys and archives are not built; refusing them by name keeps their users from wrong results
test.each([
  [{ Name: 'orders.fifo', Attributes: { FifoTopic: 'true' } }],
  [{ Name: 'orders', Attributes: { KmsMasterKeyId: 'alias/aws/sns' } }],
  [{ Name: 'orders', Attributes: { TracingConfig: 'Active' } }],
])('a topic with features that are not built is refused loudly: %j', async (input) => {
  await expect(sns('CreateTopic', input)).rejects.toMatchObject({ code: 'NotImplemented', statusCode: 501 });
});

// source: GetTopicAttributes
test('GetTopicAttributes answers the default policy and the default delivery policy', async () => {
  await sns('CreateTopic', { Name: 'orders' });
  const { Policy = '', EffectiveDeliveryPolicy = '', ...rest } = await attributes();
  expect(rest).toEqual({
    TopicArn: ARN,
    Owner: '123456789012',
    DisplayName: '',
    SubscriptionsConfirmed: '0',
    SubscriptionsPending: '0',
    SubscriptionsDeleted: '0',
  });
  expect(JSON.parse(Policy)).toMatchObject({
    Id: '__default_policy_ID',
    Statement: [{ Principal: { AWS: '*' }, Condition: { StringEquals: { 'AWS:SourceOwner': '123456789012' } } }],
  });
  expect(JSON.parse(EffectiveDeliveryPolicy)).toMatchObject({
    http: { defaultHealthyRetryPolicy: { minDelayTarget: 20, maxDelayTarget: 20, numRetries: 3 } },
  });
});

// source: SetTopicAttributes
test('SetTopicAttributes checks policies before it stores them', async () => {
  await sns('CreateTopic', { Name: 'orders' });
  const set = (AttributeName: string, AttributeValue: string) =>
    sns('SetTopicAttributes', { TopicArn: ARN, AttributeName, AttributeValue });
  await expect(set('Policy', '{')).rejects.toMatchObject({ message: expect.stringContaining('Policy Error') });
  const foreign = { Statement: [{ Effect: 'Allow', Principal: '*', Action: 'sqs:SendMessage', Resource: ARN }] };
  await expect(set('Policy', JSON.stringify(foreign))).rejects.toMatchObject({
    message: 'Invalid parameter: Policy statement action out of service scope!',
  });
  await expect(
    set('DeliveryPolicy', '{"http":{"defaultHealthyRetryPolicy":{"numRetries":101}}}'),
  ).rejects.toMatchObject({ message: expect.stringContaining('numRetries must be at most 100') });
  await set('DisplayName', 'Orders');
  expect(await attributes()).toMatchObject({ DisplayName: 'Orders' });
});

// source: ListTopics
test('ListTopics pages by 100 and stays right while topics go', async () => {
  for (let index = 0; index < 150; index++) await sns('CreateTopic', { Name: `t${String(index).padStart(3, '0')}` });
  const first = await sns<ListTopicsResponse>('ListTopics', {});
  expect(first.Topics).toHaveLength(100);
  await sns('DeleteTopic', { TopicArn: first.Topics?.[99]?.TopicArn });
  const second = await sns<ListTopicsResponse>('ListTopics', { NextToken: first.NextToken });
  expect(second.Topics).toHaveLength(50);
  expect(second.NextToken).toBeUndefined();
});

// source: DeleteTopic
test('DeleteTopic takes the subscriptions along, and deleting again is no error', async () => {
  await sns('CreateTopic', { Name: 'orders' });
  await sns('Subscribe', { TopicArn: ARN, Protocol: 'sqs', Endpoint: 'arn:aws:sqs:us-east-1:123456789012:q' });
  await sns('DeleteTopic', { TopicArn: ARN });
  await sns('DeleteTopic', { TopicArn: ARN });
  expect(await sns('ListSubscriptions', {})).toMatchObject({ Subscriptions: [] });
  await expect(sns('Publish', { TopicArn: ARN, Message: 'x' })).rejects.toMatchObject({ code: 'NotFoundException' });
});

// source: TagResource
test('tags are stored, replaced and removed', async () => {
  await sns('CreateTopic', { Name: 'orders', Tags: [{ Key: 'stage', Value: 'dev' }] });
  await sns('TagResource', {
    ResourceArn: ARN,
    Tags: [
      { Key: 'stage', Value: 'prod' },
      { Key: 'team', Value: 'iot' },
    ],
  });
  await sns('UntagResource', { ResourceArn: ARN, TagKeys: ['team'] });
  expect(await sns('ListTagsForResource', { ResourceArn: ARN })).toEqual({ Tags: [{ Key: 'stage', Value: 'prod' }] });
});

test('topics and subscriptions are there again after a restart', async () => {
  await sns('CreateTopic', { Name: 'orders', Attributes: { DisplayName: 'Orders' } });
  await sns('Subscribe', { TopicArn: ARN, Protocol: 'sqs', Endpoint: 'arn:aws:sqs:us-east-1:123456789012:q' });
  const again = createTestCloud({ directory: cloud.dataDirectory });
  again.use(createSnsPlugin);
  const { Attributes } = await again.api.call<GetTopicAttributesResponse>(ADMINISTRATOR, 'sns', 'GetTopicAttributes', {
    TopicArn: ARN,
  });
  expect(Attributes).toMatchObject({ DisplayName: 'Orders', SubscriptionsConfirmed: '1' });
  await again.close();
});

// source: developer guide, "Example cases for Amazon SNS access control"
describe('the policy of a topic, with real IAM', () => {
  const publish = (principal: Principal) => sns('Publish', { TopicArn: ARN, Message: 'x' }, principal);

  beforeEach(async () => {
    cloud.use(createIamPlugin);
    await sns('CreateTopic', { Name: 'orders' });
  });

  test('lets services that act for the account publish by default, and no others', async () => {
    await expect(publish(ALARMS)).resolves.toHaveProperty('MessageId');
    await expect(publish({ ...ALARMS, sourceAccount: '999999999999' } as Principal)).rejects.toMatchObject({
      code: 'AccessDeniedException',
    });
  });

  test('replaces the default when it is set', async () => {
    const provider = createSnsPluginResource('AWS::SNS::TopicPolicy');
    const PolicyDocument = {
      Statement: {
        Effect: 'Allow',
        Principal: { Service: 'iot.amazonaws.com' },
        Action: 'sns:Publish',
        Resource: ARN,
      },
    };
    const state = await provider.create({ PolicyDocument, Topics: [ARN] }, testScope());
    await expect(publish({ kind: 'service', service: 'iot.amazonaws.com' })).resolves.toHaveProperty('MessageId');
    await expect(publish(ALARMS)).rejects.toMatchObject({ code: 'AccessDeniedException' });
    await provider.delete(state, { PolicyDocument, Topics: [ARN] }, testScope());
    await expect(publish(ALARMS)).resolves.toHaveProperty('MessageId');
  });
});

function createSnsPluginResource(type: string) {
  const provider = cloud.use(createSnsPlugin).resources?.find((one) => one.type === type);
  if (provider === undefined) throw new Error(`no provider of ${type}`);
  return provider;
}
