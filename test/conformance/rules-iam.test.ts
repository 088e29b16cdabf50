// source: iot-create-role, pass-role, rule-error-handling

import { createRulesPlugin } from '../../local-cloud/src/rules/index.ts';
import { publish } from '../../local-cloud/src/rules/testing/rules-cloud.ts';
import { createIamPlugin } from '../../local-cloud/src/services/iam/plugin.ts';
import { createSqsPlugin } from '../../local-cloud/src/services/sqs/plugin.ts';
import { ADMINISTRATOR, createTestCloud } from '../../local-cloud/src/testing/context.ts';

/** Rules with the real IAM and SQS of the local cloud. */

const ACCOUNT = '123456789012';

async function cloudWithQueues(trusted: string) {
  const cloud = createTestCloud();
  cloud.use(createIamPlugin);
  const sqs = cloud.use(createSqsPlugin);
  cloud.use(createRulesPlugin);
  cloud.ports.provide('endpoints', {
    apiUrl: 'https://localhost:4566',
    mqttHost: 'localhost',
    mqttPort: 8883,
    caFile: '/none',
  });
  await sqs.start?.();
  const call = <O>(service: 'iam' | 'sqs' | 'iot', operation: string, input: object): Promise<O> =>
    cloud.api.call<O>(ADMINISTRATOR, service, operation, input);
  const { QueueUrl: allowed } = await call<{ QueueUrl: string }>('sqs', 'CreateQueue', { QueueName: 'allowed' });
  const { QueueUrl: forbidden } = await call<{ QueueUrl: string }>('sqs', 'CreateQueue', { QueueName: 'forbidden' });
  await call('iam', 'CreateRole', {
    RoleName: 'rule',
    AssumeRolePolicyDocument: JSON.stringify({
      Version: '2012-10-17',
      Statement: [{ Effect: 'Allow', Principal: { Service: trusted }, Action: 'sts:AssumeRole' }],
    }),
  });
  await call('iam', 'PutRolePolicy', {
    RoleName: 'rule',
    PolicyName: 'send',
    PolicyDocument: JSON.stringify({
      Version: '2012-10-17',
      Statement: [{ Effect: 'Allow', Action: 'sqs:SendMessage', Resource: `arn:aws:sqs:us-east-1:${ACCOUNT}:allowed` }],
    }),
  });
  const roleArn = `arn:aws:iam::${ACCOUNT}:role/rule`;
  const createRule = (queueUrl: string): Promise<object> =>
    call('iot', 'CreateTopicRule', {
      ruleName: 'rule1',
      topicRulePayload: {
        sql: "SELECT * FROM 'a'",
        actions: [{ sqs: { roleArn, queueUrl } }],
        errorAction: { sqs: { roleArn, queueUrl: allowed } },
      },
    });
  const receive = async (): Promise<Record<string, unknown>> => {
    const deadline = Date.now() + 5000;
    while (Date.now() < deadline) {
      const { Messages } = await call<{ Messages?: { Body: string }[] }>('sqs', 'ReceiveMessage', {
        QueueUrl: allowed,
      });
      const [message] = Messages ?? [];
      if (message !== undefined) return JSON.parse(message.Body) as Record<string, unknown>;
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
    throw new Error('nothing came');
  };
  return { cloud, allowed, forbidden, createRule, receive };
}

test('an action that its role allows reaches the queue', async () => {
  const { cloud, allowed, createRule, receive } = await cloudWithQueues('iot.amazonaws.com');
  await createRule(allowed);
  await cloud.ports.get('rules').accept(publish('a', { id: 1 }));
  expect(await receive()).toEqual({ id: 1 });
  await cloud.close();
});

test('an action that its role does not allow leads to an error document naming role, action and resource', async () => {
  const { cloud, forbidden, createRule, receive } = await cloudWithQueues('iot.amazonaws.com');
  await createRule(forbidden);
  await cloud.ports.get('rules').accept(publish('a', { id: 2 }));
  const { failures } = (await receive()) as { failures: { failedAction: string; errorMessage: string }[] };
  expect(failures).toHaveLength(1);
  const [{ failedAction, errorMessage } = { failedAction: '', errorMessage: '' }] = failures;
  expect(failedAction).toBe('SqsAction');
  expect(errorMessage).toContain('AccessDenied');
  expect(errorMessage).toMatch(/assumed-role\/rule\/\w{8} is not authorized to perform: sqs:SendMessage/i);
  expect(errorMessage).toContain(`arn:aws:sqs:us-east-1:${ACCOUNT}:forbidden`);
  await cloud.close();
});

test('a role that does not trust AWS IoT refuses the rule when it is made', async () => {
  const { cloud, allowed, createRule } = await cloudWithQueues('lambda.amazonaws.com');
  await expect(createRule(allowed)).rejects.toMatchObject({
    code: 'InvalidRequestException',
    message: expect.stringContaining('unable to perform: sts:AssumeRole'),
  });
  await cloud.close();
});
