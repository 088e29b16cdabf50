// source: the page of each rule action

import { AwsError } from '../../local-cloud/src/core/errors.ts';
import {
  createRulesCloud,
  publish,
  QUEUE,
  ROLE,
  type RulesCloud,
  template,
} from '../../local-cloud/src/rules/testing/rules-cloud.ts';

let cloud: RulesCloud;
beforeEach(() => {
  cloud = createRulesCloud();
});
afterEach(() => cloud.close());

const PAYLOAD = { id: 7, temperature: 21.5 };

async function run(action: object, payload: unknown = PAYLOAD, sql = "SELECT * FROM 'site/+/data'"): Promise<void> {
  await cloud.createRule('rule1', { sql, actions: [action], errorAction: { sqs: { roleArn: ROLE, queueUrl: QUEUE } } });
  await cloud.rules.accept(publish('site/north/data', payload));
}

type Call = RulesCloud['calls'][number];

async function only(action: object, payload?: unknown, sql?: string): Promise<Call> {
  await run(action, payload, sql);
  await cloud.reached(1);
  expect(cloud.calls).toHaveLength(1);
  return cloud.calls[0] as Call;
}

/** The document that the error action got. */
async function failure(calls = 1): Promise<{ failures: { failedAction: string; errorMessage: string }[] }> {
  await cloud.reached(calls);
  return JSON.parse(cloud.calls.at(-1)?.input.MessageBody);
}

async function refusal(action: object): Promise<AwsError> {
  const topicRulePayload = { sql: "SELECT * FROM 'a'", actions: [action], awsIotSqlVersion: '2016-03-23' };
  const error = await cloud
    .admin('CreateTopicRule', { ruleName: 'r', topicRulePayload })
    .catch((thrown: unknown) => thrown);
  expect(error).toBeInstanceOf(AwsError);
  return error as AwsError;
}

const TOPIC_PREFIX = 'arn:aws:sns:us-east-1:123456789012:';

// source: sns-rule-action
test('SNS: one Publish of the output to the topic that a template names, by a session of the role', async () => {
  const call = await only({ sns: { roleArn: ROLE, targetArn: TOPIC_PREFIX + template('topic(2)') } });
  expect(call.input).toEqual({ TopicArn: `${TOPIC_PREFIX}north`, Message: JSON.stringify(PAYLOAD) });
  expect(call.principal).toMatchObject({ kind: 'assumed-role', roleArn: ROLE });
});

// source: sns-rule-action
test('SNS: messageFormat JSON has the message read as a JSON structure', async () => {
  const payload = { default: 'hello' };
  const call = await only({ sns: { roleArn: ROLE, targetArn: `${TOPIC_PREFIX}t`, messageFormat: 'JSON' } }, payload);
  expect(call.input).toEqual({
    TopicArn: `${TOPIC_PREFIX}t`,
    Message: JSON.stringify(payload),
    MessageStructure: 'json',
  });
});

// source: sns-rule-action
test('SNS: a FIFO topic is refused', async () => {
  expect((await refusal({ sns: { roleArn: ROLE, targetArn: `${TOPIC_PREFIX}t.fifo` } })).message).toContain('FIFO');
});

// source: kinesis-rule-action
test('Kinesis: one PutRecord with stream and partition key from templates', async () => {
  const call = await only({
    kinesis: { roleArn: ROLE, streamName: '$' + '{topic(1)}', partitionKey: '$' + '{timestamp() - timestamp()}' },
  });
  expect(call.input).toEqual({ StreamName: 'site', PartitionKey: '0', Data: Buffer.from(JSON.stringify(PAYLOAD)) });
});

// source: cloudwatch-metrics-rule-action
test('CloudWatch metric: one datum, its timestamp read as seconds', async () => {
  const call = await only({
    cloudwatchMetric: {
      roleArn: ROLE,
      metricName: '$' + '{topic()}',
      metricNamespace: 'IotNamespace',
      metricUnit: 'Count',
      metricValue: '$' + '{temperature}',
      metricTimestamp: '1456821314',
    },
  });
  expect(call.input).toEqual({
    Namespace: 'IotNamespace',
    MetricData: [
      { MetricName: 'site/north/data', Value: 21.5, Unit: 'Count', Timestamp: new Date('2016-03-01T08:35:14.000Z') },
    ],
  });
});

// source: cloudwatch-metrics-rule-action
test('CloudWatch metric: without a timestamp the present second counts', async () => {
  const call = await only({
    cloudwatchMetric: { roleArn: ROLE, metricName: 'n', metricNamespace: 's', metricUnit: 'None', metricValue: '1' },
  });
  expect(call.input.MetricData[0].Timestamp).toEqual(new Date(cloud.clock.now()));
});

// source: rule-error-handling
test('CloudWatch metric: a value that is no number goes to the error action', async () => {
  await run({
    cloudwatchMetric: {
      roleArn: ROLE,
      metricName: 'n',
      metricNamespace: 's',
      metricUnit: 'None',
      metricValue: '$' + '{missing}',
    },
  });
  const { failures } = await failure();
  expect(failures[0]).toMatchObject({ failedAction: 'CloudwatchMetricAction' });
  expect(failures[0]?.errorMessage).toContain('metricValue is not a number');
});

// source: cloudwatch-alarms-rule-action
test('CloudWatch alarm: the state, its reason and the alarm come from templates', async () => {
  const call = await only(
    {
      cloudwatchAlarm: {
        roleArn: ROLE,
        alarmName: '$' + '{alarm}',
        stateReason: 'Temperature $' + '{word}.',
        stateValue: '$' + '{state}',
      },
    },
    { alarm: 'IotAlarm', word: 'stabilized', state: 'OK' },
  );
  expect(call.input).toEqual({ AlarmName: 'IotAlarm', StateReason: 'Temperature stabilized.', StateValue: 'OK' });
});

// source: cloudwatch-alarms-rule-action
test('CloudWatch alarm: a fixed state outside OK, ALARM and INSUFFICIENT_DATA is refused', async () => {
  const action = { cloudwatchAlarm: { roleArn: ROLE, alarmName: 'a', stateReason: 'r', stateValue: 'BAD' } };
  expect((await refusal(action)).message).toContain("'BAD'");
});

// source: cloudwatch-logs-rule-action
test('CloudWatch Logs: looks for the stream, makes it once, and puts an event per message', async () => {
  await run({ cloudwatchLogs: { roleArn: ROLE, logGroupName: 'IotLogs' } });
  await cloud.reached(3);
  await cloud.rules.accept(publish('site/north/data', { id: 8 }));
  await cloud.reached(4);
  expect(cloud.calls.map(({ operation }) => operation)).toEqual([
    'DescribeLogStreams',
    'CreateLogStream',
    'PutLogEvents',
    'PutLogEvents',
  ]);
  expect(cloud.calls[2]?.input).toMatchObject({
    logGroupName: 'IotLogs',
    logEvents: [{ timestamp: cloud.clock.now(), message: JSON.stringify(PAYLOAD) }],
  });
});

// source: API_CloudwatchLogsAction
test('CloudWatch Logs: batchMode puts the events of an array', async () => {
  await run(
    { cloudwatchLogs: { roleArn: ROLE, logGroupName: 'IotLogs', batchMode: true } },
    {
      events: [
        { timestamp: 1673520692879, message: 'second' },
        { timestamp: 1673520691093, message: 'first' },
      ],
    },
    "SELECT VALUE events FROM 'site/+/data'",
  );
  await cloud.reached(3);
  expect(cloud.calls[2]?.input.logEvents).toEqual([
    { timestamp: 1673520691093, message: 'first' },
    { timestamp: 1673520692879, message: 'second' },
  ]);
});

// source: stepfunctions-rule-action
test('Step Functions: starts an execution named by prefix and UUID with the output as its input', async () => {
  const call = await only({
    stepFunctions: { roleArn: ROLE, stateMachineName: 'myStateMachine', executionNamePrefix: '$' + '{topic(2)}-' },
  });
  expect(call.input).toEqual({
    stateMachineArn: 'arn:aws:states:us-east-1:123456789012:stateMachine:myStateMachine',
    input: JSON.stringify(PAYLOAD),
    name: expect.stringMatching(/^north-[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12}$/),
  });
});

// source: stepfunctions-rule-action
test('Step Functions: without a prefix Step Functions names the execution', async () => {
  const call = await only({ stepFunctions: { roleArn: ROLE, stateMachineName: 'm' } });
  expect(call.input).not.toHaveProperty('name');
});

// source: republish-rule-action
test('Republish: a reserved topic is written with two dollar signs', async () => {
  await run({ republish: { roleArn: ROLE, topic: '$$aws/things/$' + '{topic(2)}/shadow/update', qos: 1 } });
  while (cloud.published.length === 0) await new Promise((resolve) => setImmediate(resolve));
  expect(cloud.published[0]).toMatchObject({ topic: '$aws/things/north/shadow/update', qos: 1 });
  expect(cloud.asked).toContainEqual({
    action: 'iot:Publish',
    resource: 'arn:aws:iot:us-east-1:123456789012:topic/$aws/things/north/shadow/update',
  });
});

// source: republish-rule-action
test('Republish: job topics are refused, also when a template makes one', async () => {
  const action = { republish: { roleArn: ROLE, topic: '$$aws/things/t/jobs/get' } };
  expect((await refusal(action)).message).toContain('job topics');
  await run({ republish: { roleArn: ROLE, topic: '$$aws/things/$' + '{t}' } }, { t: 't/jobs/get' });
  expect((await failure()).failures[0]?.errorMessage).toContain('is not a topic that can be republished to');
});

// source: rule-error-handling
test('the error document of a service that is not there names the action and the answer 501', async () => {
  cloud.answer('kinesis.PutRecord', () => {
    throw new AwsError('NotImplemented', 'kinesis PutRecord is not implemented by the local cloud', 501);
  });
  await run({ kinesis: { roleArn: ROLE, streamName: 's', partitionKey: 'k' } });
  const document = await failure(2);
  expect(document).toMatchObject({
    ruleName: 'rule1',
    topic: 'site/north/data',
    clientId: 'pump-1',
    base64OriginalPayload: Buffer.from(JSON.stringify(PAYLOAD)).toString('base64'),
    failures: [{ failedAction: 'KinesisAction', failedResource: 's' }],
  });
  expect(document.failures[0]?.errorMessage).toBe(
    'Failed to put record to Kinesis. The error received was kinesis PutRecord is not implemented by the local cloud ' +
      '(Service: AmazonKinesis; Status Code: 501; Error Code: NotImplemented). ' +
      'Message arrived on: site/north/data, Action: kinesis, Stream: s, PartitionKey: k',
  );
  expect(cloud.logged).toContainEqual(
    expect.objectContaining({ message: 'rule action failed', fields: expect.objectContaining({ rule: 'rule1' }) }),
  );
});

// source: dynamodb-rule-action
describe('DynamoDB', () => {
  const action = (fields: object): object => ({
    dynamoDB: { roleArn: ROLE, tableName: 't', hashKeyField: 'h', hashKeyValue: template('id'), ...fields },
  });

  test('types of keys and the operation take templates', async () => {
    const fields = { hashKeyType: template('kind'), operation: template('does') };
    const call = await only(action(fields), { id: 7, kind: 'NUMBER', does: 'INSERT' });
    expect(call.input.Item.h).toEqual({ N: '7' });
  });

  test('an operation that is not built goes to the error action when a template gives it', async () => {
    await run(action({ operation: template('does') }), { id: 7, does: 'DELETE' });
    expect((await failure()).failures[0]?.errorMessage).toContain("operation 'DELETE'");
  });

  test('an unknown type of a key is refused', async () => {
    expect((await refusal(action({ hashKeyType: 'BLOB' }))).message).toContain("'BLOB'");
  });
});

// source: iot-rules
test('every rule that a message reaches gets it, however many there are', async () => {
  for (let index = 0; index < 5; index++) {
    const sql = `SELECT a.b AS b, ${index} AS n FROM 'many/${index % 2 === 0 ? '#' : '+'}' WHERE a.b > 1`;
    await cloud.createRule(`many${index}`, { sql, actions: [{ sqs: { roleArn: ROLE, queueUrl: QUEUE } }] });
  }
  await cloud.rules.accept(publish('many/x', { a: { b: 2 } }));
  await cloud.reached(5);
  const bodies = cloud.calls.map(({ input }) => JSON.parse(input.MessageBody));
  expect(bodies.sort((left, right) => left.n - right.n)).toEqual([0, 1, 2, 3, 4].map((n) => ({ b: 2, n })));
});
