import type { DescribeLogGroupsResponse, ListTagsForResourceResponse } from '@aws-sdk/client-cloudwatch-logs';
import type { ResourceProvider } from '../../local-cloud/src/core/resources.ts';
import { createCloudwatchLogsPlugin } from '../../local-cloud/src/services/cloudwatch-logs/plugin.ts';
import { ADMINISTRATOR, createTestCloud, testScope } from '../../local-cloud/src/testing/context.ts';

/** Expected values: CloudWatch Logs API reference; CloudFormation template reference, "AWS::Logs::LogGroup". */

function setUp() {
  const cloud = createTestCloud();
  const plugin = cloud.use(createCloudwatchLogsPlugin);
  const provider = (type: string) => plugin.resources?.find((one) => one.type === type) as ResourceProvider;
  return {
    cloud,
    provider,
    call: <O>(operation: string, input: object) =>
      cloud.api.call<O>(ADMINISTRATOR, 'cloudwatch-logs', operation, input),
  };
}

let { cloud, call, provider } = setUp();
beforeEach(async () => {
  await cloud.close();
  ({ cloud, call, provider } = setUp());
});
afterAll(() => cloud.close());

test('a group exists once', async () => {
  await call('CreateLogGroup', { logGroupName: 'a' });
  await expect(call('CreateLogGroup', { logGroupName: 'a' })).rejects.toMatchObject({
    code: 'ResourceAlreadyExistsException',
    message: 'The specified log group already exists',
  });
  await call('DeleteLogGroup', { logGroupName: 'a' });
  await expect(call('DeleteLogGroup', { logGroupName: 'a' })).rejects.toMatchObject({
    code: 'ResourceNotFoundException',
  });
});

test.each(['', 'a b', 'ä', 'x'.repeat(513)])('the group name %j is refused', async (logGroupName) => {
  await expect(call('CreateLogGroup', { logGroupName })).rejects.toMatchObject({ code: 'InvalidParameterException' });
});

test('a deleted group takes its events along', async () => {
  const target = { logGroupName: 'a', logStreamName: 's' };
  const fill = async () => {
    await call('CreateLogGroup', { logGroupName: 'a' });
    await call('CreateLogStream', target);
  };
  await fill();
  await call('PutLogEvents', { ...target, logEvents: [{ timestamp: cloud.clock.now(), message: 'x' }] });
  await call('DeleteLogGroup', { logGroupName: 'a' });
  await fill();
  expect(await call('GetLogEvents', target)).toMatchObject({ events: [] });
});

test('only the documented retention periods are taken', async () => {
  await call('CreateLogGroup', { logGroupName: 'a' });
  await expect(call('PutRetentionPolicy', { logGroupName: 'a', retentionInDays: 2 })).rejects.toMatchObject({
    code: 'InvalidParameterException',
  });
  await call('PutRetentionPolicy', { logGroupName: 'a', retentionInDays: 7 });
  const answer = await call<DescribeLogGroupsResponse>('DescribeLogGroups', {});
  expect(answer.logGroups?.[0]).toMatchObject({
    logGroupName: 'a',
    retentionInDays: 7,
    arn: 'arn:aws:logs:us-east-1:123456789012:log-group:a:*',
    logGroupArn: 'arn:aws:logs:us-east-1:123456789012:log-group:a',
    logGroupClass: 'STANDARD',
  });
});

test('groups are listed by prefix, in pages', async () => {
  for (const logGroupName of ['/x/1', '/x/2', '/x/3', '/y/1']) await call('CreateLogGroup', { logGroupName });
  const first = await call<DescribeLogGroupsResponse>('DescribeLogGroups', { logGroupNamePrefix: '/x', limit: 2 });
  const second = await call<DescribeLogGroupsResponse>('DescribeLogGroups', {
    logGroupNamePrefix: '/x',
    nextToken: first.nextToken,
  });
  expect([first, second].map((page) => page.logGroups?.map((group) => group.logGroupName))).toEqual([
    ['/x/1', '/x/2'],
    ['/x/3'],
  ]);
  expect(second.nextToken).toBeUndefined();
});

test('encryption by a KMS key is refused, not ignored', async () => {
  await expect(call('CreateLogGroup', { logGroupName: 'a', kmsKeyId: 'arn:aws:kms:::key/1' })).rejects.toMatchObject({
    code: 'NotImplemented',
  });
});

/** Resources as CloudWatch Logs words them in its own AccessDeniedException, e.g. "logs:CreateLogGroup on resource: …:log-group:<name>:log-stream:". */
test('permissions are asked for on the ARNs that log-group:<name>:* covers', async () => {
  await call('CreateLogGroup', { logGroupName: '/a' });
  await call('CreateLogStream', { logGroupName: '/a', logStreamName: 's' });
  await call('PutLogEvents', {
    logGroupName: '/a',
    logStreamName: 's',
    logEvents: [{ timestamp: cloud.clock.now(), message: 'x' }],
  });
  await call('FilterLogEvents', { logGroupIdentifier: 'arn:aws:logs:us-east-1:123456789012:log-group:/a' });
  const group = 'arn:aws:logs:us-east-1:123456789012:log-group:/a:log-stream:';
  expect(cloud.asked).toEqual([
    { action: 'logs:CreateLogGroup', resource: group },
    { action: 'logs:CreateLogStream', resource: `${group}s` },
    { action: 'logs:PutLogEvents', resource: `${group}s` },
    { action: 'logs:FilterLogEvents', resource: group },
  ]);
});

test('CloudFormation creates, changes and deletes a group with tags and retention', async () => {
  const groups = provider('AWS::Logs::LogGroup');
  const before = { RetentionInDays: 30, Tags: [{ Key: 'stage', Value: 'dev' }] };
  const state = await groups.create(before, testScope('Logs'));
  expect(state).toEqual({
    physicalId: 'test-stack-Logs-ABCDEFGHIJKL',
    attributes: { Arn: 'arn:aws:logs:us-east-1:123456789012:log-group:test-stack-Logs-ABCDEFGHIJKL:*' },
  });
  await groups.update({ RetentionInDays: 90 }, before, state, testScope('Logs'));
  const described = await call<DescribeLogGroupsResponse>('DescribeLogGroups', {});
  expect(described.logGroups?.[0]?.retentionInDays).toBe(90);
  const tags = await call<ListTagsForResourceResponse>('ListTagsForResource', {
    resourceArn: described.logGroups?.[0]?.logGroupArn,
  });
  expect(tags.tags).toEqual({});
  const stream = await provider('AWS::Logs::LogStream').create({ LogGroupName: state.physicalId }, testScope('Stream'));
  expect(stream.physicalId).toBe('test-stack-Stream-ABCDEFGHIJKL');
  await groups.delete(state, {}, testScope('Logs'));
  expect(await call('DescribeLogGroups', {})).toMatchObject({ logGroups: [] });
});
