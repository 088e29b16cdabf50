// source: API reference: CreateTopicRule, ListTopicRules, CreateTopicRuleDestination and its neighbours

import {
  ConfirmTopicRuleDestinationCommand,
  CreateTopicRuleCommand,
  CreateTopicRuleDestinationCommand,
  DeleteTopicRuleDestinationCommand,
  GetTopicRuleCommand,
  GetTopicRuleDestinationCommand,
  IoTClient,
  ListTopicRuleDestinationsCommand,
  ListTopicRulesCommand,
  UpdateTopicRuleDestinationCommand,
} from '@aws-sdk/client-iot';
import { createRulesPlugin } from '../../local-cloud/src/rules/index.ts';
import { type HttpsCloud, startHttpsCloud } from '../../local-cloud/src/testing/https.ts';

let https: HttpsCloud;
let client: IoTClient;

beforeAll(async () => {
  https = await startHttpsCloud({ plugins: [createRulesPlugin] });
  client = new IoTClient(https.client());
});
afterAll(async () => {
  client.destroy();
  await https.close();
});

// source: API_CreateTopicRule, API_ListTopicRules
test('a rule is created, read and listed with the SDK, tags in their header', async () => {
  const topicRulePayload = {
    sql: "SELECT * FROM 'a/b'",
    awsIotSqlVersion: '2016-03-23',
    actions: [{ lambda: { functionArn: 'arn:aws:lambda:us-east-1:123456789012:function:f' } }],
  };
  await client.send(new CreateTopicRuleCommand({ ruleName: 'r', topicRulePayload, tags: 'k=v' }));
  const { rule } = await client.send(new GetTopicRuleCommand({ ruleName: 'r' }));
  expect(rule).toMatchObject({ ...topicRulePayload, ruleName: 'r', ruleDisabled: false });
  const { rules } = await client.send(new ListTopicRulesCommand({ topic: 'a/b' }));
  expect(rules).toEqual([expect.objectContaining({ ruleName: 'r', topicPattern: 'a/b', ruleDisabled: false })]);
  expect(https.cloud.ports.get('ruleTags').get(rules?.[0]?.ruleArn as string)).toEqual({ k: 'v' });
});

// source: API_GetTopicRuleDestination (its ARN, with slashes, stands in the path)
test('destinations are created, read, listed, changed and deleted with the SDK', async () => {
  const httpUrlConfiguration = { confirmationUrl: 'https://localhost:1/hook' };
  const { topicRuleDestination } = await client.send(
    new CreateTopicRuleDestinationCommand({ destinationConfiguration: { httpUrlConfiguration } }),
  );
  const arn = topicRuleDestination?.arn as string;
  const read = await client.send(new GetTopicRuleDestinationCommand({ arn }));
  expect(read.topicRuleDestination).toMatchObject({
    arn,
    status: 'IN_PROGRESS',
    createdAt: expect.any(Date),
    httpUrlProperties: httpUrlConfiguration,
  });
  const { destinationSummaries } = await client.send(new ListTopicRuleDestinationsCommand({}));
  expect(destinationSummaries).toEqual([expect.objectContaining({ arn, httpUrlSummary: httpUrlConfiguration })]);
  await expect(client.send(new UpdateTopicRuleDestinationCommand({ arn, status: 'ENABLED' }))).rejects.toMatchObject({
    name: 'InvalidRequestException',
  });
  await expect(
    client.send(new ConfirmTopicRuleDestinationCommand({ confirmationToken: 'not/a/token' })),
  ).rejects.toMatchObject({ name: 'InvalidRequestException' });
  await client.send(new DeleteTopicRuleDestinationCommand({ arn }));
  await expect(client.send(new GetTopicRuleDestinationCommand({ arn }))).rejects.toMatchObject({
    name: 'ResourceNotFoundException',
  });
});
