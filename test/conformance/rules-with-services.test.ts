// source: the page of each rule action

import type { GetMetricStatisticsCommandOutput } from '@aws-sdk/client-cloudwatch';
import type { GetLogEventsResponse } from '@aws-sdk/client-cloudwatch-logs';
import type { ServiceName } from '../../local-cloud/src/core/api.ts';
import { systemClock } from '../../local-cloud/src/core/clock.ts';
import type { MqttMessage } from '../../local-cloud/src/core/mqtt.ts';
import { createRulesPlugin } from '../../local-cloud/src/rules/index.ts';
import { publish } from '../../local-cloud/src/rules/testing/rules-cloud.ts';
import { createCloudwatchPlugin } from '../../local-cloud/src/services/cloudwatch/plugin.ts';
import { createCloudwatchLogsPlugin } from '../../local-cloud/src/services/cloudwatch-logs/plugin.ts';
import { createDynamodbPlugin } from '../../local-cloud/src/services/dynamodb/plugin.ts';
import { createIamPlugin } from '../../local-cloud/src/services/iam/plugin.ts';
import { createIotDataPlanePlugin } from '../../local-cloud/src/services/iot-data-plane/plugin.ts';
import { createSecretsManagerPlugin } from '../../local-cloud/src/services/secrets-manager/plugin.ts';
import { createSnsPlugin } from '../../local-cloud/src/services/sns/plugin.ts';
import { createSqsPlugin } from '../../local-cloud/src/services/sqs/plugin.ts';
import { ADMINISTRATOR, createTestCloud, type TestCloud } from '../../local-cloud/src/testing/context.ts';

/** Rules with the local cloud's own services and IAM: what they say to each other is understood. */

const ROLE = 'arn:aws:iam::123456789012:role/rule';
let cloud: TestCloud<typeof systemClock>;
let logged: { message: string; fields: unknown }[];

beforeEach(async () => {
  cloud = createTestCloud({ clock: systemClock });
  logged = [];
  Object.assign(cloud, { log: (_level: string, message: string, fields: unknown) => logged.push({ message, fields }) });
  cloud.ports.provide('endpoints', {
    apiUrl: 'https://localhost:4566',
    mqttHost: 'localhost',
    mqttPort: 8883,
    caFile: '/none',
  });
  cloud.ports.provide('broker', {
    publish: async (_message: MqttMessage) => {},
    reply() {},
    disconnect() {},
    connectedClients: () => [],
    onPresence: () => {},
  });
  cloud.use(createIamPlugin);
});
afterEach(() => cloud.close());

const call = <O = object>(service: ServiceName, operation: string, input: object): Promise<O> =>
  cloud.api.call<O>(ADMINISTRATOR, service, operation, input);

async function role(actions: readonly string[]): Promise<void> {
  const Statement = [{ Effect: 'Allow', Principal: { Service: 'iot.amazonaws.com' }, Action: 'sts:AssumeRole' }];
  const AssumeRolePolicyDocument = JSON.stringify({ Version: '2012-10-17', Statement });
  await call('iam', 'CreateRole', { RoleName: 'rule', AssumeRolePolicyDocument });
  const PolicyDocument = JSON.stringify({
    Version: '2012-10-17',
    Statement: [{ Effect: 'Allow', Action: actions, Resource: '*' }],
  });
  await call('iam', 'PutRolePolicy', { RoleName: 'rule', PolicyName: 'p', PolicyDocument });
}

async function run(sql: string, action: object, payload: object = { x: 1.5 }): Promise<void> {
  const topicRulePayload = { sql, actions: [action], awsIotSqlVersion: '2016-03-23' };
  await call('iot', 'CreateTopicRule', { ruleName: 'rule1', topicRulePayload });
  await cloud.ports.get('rules').accept(publish('a/b', payload));
}

async function eventually<T>(read: () => Promise<T | undefined>): Promise<T> {
  const end = Date.now() + 10_000;
  for (;;) {
    const value = await read();
    if (value !== undefined) return value;
    if (Date.now() > end) throw new Error(`nothing came: ${JSON.stringify(logged)}`);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

async function queue(): Promise<string> {
  const sqs = cloud.use(createSqsPlugin);
  await sqs.start?.();
  const { QueueUrl } = await call<{ QueueUrl: string }>('sqs', 'CreateQueue', { QueueName: 'q' });
  return QueueUrl;
}

const receive = (QueueUrl: string): Promise<string> =>
  eventually(async () => {
    const { Messages } = await call<{ Messages?: { Body: string }[] }>('sqs', 'ReceiveMessage', { QueueUrl });
    return Messages?.[0]?.Body;
  });

// source: sns-rule-action
test('an SNS action reaches a queue that is subscribed to the topic', async () => {
  const QueueUrl = await queue();
  const sns = cloud.use(createSnsPlugin);
  cloud.ports.provide('frontDoor', { route() {} } as never);
  await sns.start?.();
  cloud.use(createRulesPlugin);
  await role(['sns:Publish']);
  const { TopicArn } = await call<{ TopicArn: string }>('sns', 'CreateTopic', { Name: 't' });
  const Endpoint = 'arn:aws:sqs:us-east-1:123456789012:q';
  const Policy = JSON.stringify({
    Version: '2012-10-17',
    Statement: [
      { Effect: 'Allow', Principal: { Service: 'sns.amazonaws.com' }, Action: 'sqs:SendMessage', Resource: Endpoint },
    ],
  });
  await call('sqs', 'SetQueueAttributes', { QueueUrl, Attributes: { Policy } });
  await call('sns', 'Subscribe', { TopicArn, Protocol: 'sqs', Endpoint, Attributes: { RawMessageDelivery: 'true' } });
  await run("SELECT * FROM 'a/b'", { sns: { roleArn: ROLE, targetArn: TopicArn } });
  expect(await receive(QueueUrl)).toBe('{"x":1.5}');
});

// source: cloudwatch-metrics-rule-action
test('a CloudWatch metric action is found in the statistics of the metric', async () => {
  cloud.use(createCloudwatchPlugin);
  cloud.use(createRulesPlugin);
  await role(['cloudwatch:PutMetricData']);
  await run("SELECT * FROM 'a/b'", {
    cloudwatchMetric: {
      roleArn: ROLE,
      metricName: 'm',
      metricNamespace: 'n',
      metricUnit: 'Count',
      metricValue: '$' + '{x}',
    },
  });
  const now = Date.now();
  const datapoint = await eventually(async () => {
    const { Datapoints } = await call<GetMetricStatisticsCommandOutput>('cloudwatch', 'GetMetricStatistics', {
      Namespace: 'n',
      MetricName: 'm',
      StartTime: new Date(now - 120_000),
      EndTime: new Date(now + 120_000),
      Period: 60,
      Statistics: ['Sum'],
    });
    return Datapoints?.[0];
  });
  expect(datapoint.Sum).toBe(1.5);
});

// assumed: cloudwatch-logs-rule-action does not name the log stream; here it bears the name of the rule
test('a CloudWatch Logs action is found in a stream named after its rule', async () => {
  cloud.use(createCloudwatchLogsPlugin);
  cloud.use(createRulesPlugin);
  await role(['logs:CreateLogStream', 'logs:DescribeLogStreams', 'logs:PutLogEvents']);
  await call('cloudwatch-logs', 'CreateLogGroup', { logGroupName: 'g' });
  await run("SELECT * FROM 'a/b'", { cloudwatchLogs: { roleArn: ROLE, logGroupName: 'g' } });
  const event = await eventually(async () => {
    const input = { logGroupName: 'g', logStreamName: 'rule1', startFromHead: true };
    const { events } = await call<GetLogEventsResponse>('cloudwatch-logs', 'GetLogEvents', input).catch(() => ({
      events: [],
    }));
    return events?.[0];
  });
  expect(event.message).toBe('{"x":1.5}');
});

// source: iot-sql-functions (get_thing_shadow, get_dynamodb, get_secret)
test('functions read real shadows, items and secrets as the role that they name', async () => {
  const QueueUrl = await queue();
  cloud.use(createIotDataPlanePlugin);
  const dynamodb = cloud.use(createDynamodbPlugin);
  await dynamodb.start?.();
  cloud.use(createSecretsManagerPlugin);
  cloud.use(createRulesPlugin);
  await role([
    'sqs:SendMessage',
    'iot:GetThingShadow',
    'dynamodb:GetItem',
    'secretsmanager:GetSecretValue',
    'secretsmanager:DescribeSecret',
  ]);
  const payload = Buffer.from(JSON.stringify({ state: { reported: { alarm: 'ON' } } }));
  await call('iot-data-plane', 'UpdateThingShadow', { thingName: 't', payload });
  await call('dynamodb', 'CreateTable', {
    TableName: 'devices',
    AttributeDefinitions: [{ AttributeName: 'id', AttributeType: 'S' }],
    KeySchema: [{ AttributeName: 'id', KeyType: 'HASH' }],
    BillingMode: 'PAY_PER_REQUEST',
  });
  const Item = { id: { S: 't' }, place: { S: 'hall 3' } };
  await eventually(() => call('dynamodb', 'PutItem', { TableName: 'devices', Item }).catch(() => undefined));
  await call('secrets-manager', 'CreateSecret', { Name: 's', SecretString: '{"key":"k1"}' });
  await run(
    `SELECT get_dynamodb('devices', 'id', thing, '${ROLE}').place AS place, ` +
      `get_secret('s', 'SecretString', 'key', '${ROLE}') AS secret FROM 'a/b' ` +
      `WHERE get_thing_shadow(thing, '${ROLE}').state.reported.alarm = 'ON'`,
    { sqs: { roleArn: ROLE, queueUrl: QueueUrl } },
    { thing: 't' },
  );
  expect(JSON.parse(await receive(QueueUrl))).toEqual({ place: 'hall 3', secret: 'k1' });
});

// assumed: what a function that fails means for the rule is not documented; it ends, and the log says why
test('a function whose role lacks the permission ends the rule for the message, and the log says why', async () => {
  const QueueUrl = await queue();
  cloud.use(createIotDataPlanePlugin);
  cloud.use(createRulesPlugin);
  await role(['sqs:SendMessage']);
  await run(`SELECT get_thing_shadow('t', '${ROLE}') AS s FROM 'a/b'`, { sqs: { roleArn: ROLE, queueUrl: QueueUrl } });
  const { fields } = await eventually(async () =>
    logged.find(({ message }) => message === 'rule could not be evaluated'),
  );
  expect(JSON.stringify(fields)).toContain('is not authorized to perform: iot:GetThingShadow');
});

const sumOf = (MetricName: string, dimensions: Record<string, string>): Promise<number> =>
  eventually(async () => {
    const { Datapoints } = await call<GetMetricStatisticsCommandOutput>('cloudwatch', 'GetMetricStatistics', {
      Namespace: 'AWS/IoT',
      MetricName,
      Dimensions: Object.entries(dimensions).map(([Name, Value]) => ({ Name, Value })),
      StartTime: new Date(Date.now() - 120_000),
      EndTime: new Date(Date.now() + 120_000),
      Period: 60,
      Statistics: ['Sum'],
    });
    return Datapoints?.[0]?.Sum;
  });

// source: metrics_dimensions (rule metrics, rule action metrics)
test('the rules engine counts matches, executed rules, actions and error actions in CloudWatch', async () => {
  cloud.use(createCloudwatchPlugin);
  cloud.use(createRulesPlugin);
  await role(['sqs:SendMessage']);
  const action = { sqs: { roleArn: ROLE, queueUrl: 'https://sqs.us-east-1.amazonaws.com/123456789012/none' } };
  await run("SELECT * FROM 'a/b'", action);
  await cloud.ports.get('rules').accept(publish('$aws/rules/missing/x', {}));
  expect(await sumOf('TopicMatch', { RuleName: 'rule1' })).toBe(1);
  expect(await sumOf('RulesExecuted', {})).toBe(1);
  expect(await sumOf('RuleNotFound', { RuleName: 'missing' })).toBe(1);
});

// assumed: metrics_dimensions does not list the values of ActionType; here the members of Action in the API
test('the metric of a failed action has the type of the action as the API names it', async () => {
  cloud.use(createCloudwatchPlugin);
  cloud.use(createRulesPlugin);
  await role(['sqs:SendMessage']);
  const queueUrl = 'https://sqs.us-east-1.amazonaws.com/123456789012/none';
  await run("SELECT * FROM 'a/b'", { sqs: { roleArn: ROLE, queueUrl } });
  expect(await sumOf('Failure', { RuleName: 'rule1', ActionType: 'sqs' })).toBe(1);
});
