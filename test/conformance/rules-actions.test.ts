// source: iot-rule-actions and the page of each action; rule-error-handling

import { AwsError } from '../../local-cloud/src/core/errors.ts';
import {
  createRulesCloud,
  publish,
  QUEUE,
  ROLE,
  type RulesCloud,
} from '../../local-cloud/src/rules/testing/rules-cloud.ts';

/** Expectations: AWS IoT developer guide, the page of each action, "Error handling (error action)". */

let cloud: RulesCloud;
beforeEach(() => {
  cloud = createRulesCloud();
});
afterEach(() => cloud.close());

const PAYLOAD = { id: 7, temperature: 21.5, tags: ['a'] };

async function run(action: object, payload: unknown = PAYLOAD, sql = "SELECT * FROM 'site/+/data'"): Promise<void> {
  await cloud.createRule('rule1', { sql, actions: [action] });
  await cloud.rules.accept(publish('site/north/data', payload));
}

async function only(action: object, payload?: unknown, sql?: string): Promise<RulesCloud['calls'][number]> {
  await run(action, payload, sql);
  await cloud.reached(1);
  expect(cloud.calls).toHaveLength(1);
  return cloud.calls[0] as RulesCloud['calls'][number];
}

test('SQS: one SendMessage of the output, made by a session of the role', async () => {
  const call = await only({ sqs: { roleArn: ROLE, queueUrl: QUEUE } });
  expect(call.input).toEqual({ QueueUrl: QUEUE, MessageBody: JSON.stringify(PAYLOAD) });
  expect(call.principal).toMatchObject({ kind: 'assumed-role', roleArn: ROLE });
});

test('SQS: useBase64 encodes the message, and the queue URL takes templates', async () => {
  const queueUrl = 'https://sqs.us-east-1.amazonaws.com/123456789012/$' + '{topic(2)}';
  const call = await only({ sqs: { roleArn: ROLE, queueUrl, useBase64: true } });
  expect(call.input.QueueUrl).toBe('https://sqs.us-east-1.amazonaws.com/123456789012/north');
  expect(Buffer.from(call.input.MessageBody, 'base64').toString()).toBe(JSON.stringify(PAYLOAD));
});

test('Lambda: an asynchronous invocation by the service itself, with rule and account as source', async () => {
  const functionArn = 'arn:aws:lambda:us-east-1:123456789012:function:f';
  const call = await only({ lambda: { functionArn } });
  expect(call.input).toMatchObject({ FunctionName: functionArn, InvocationType: 'Event' });
  expect(JSON.parse(call.input.Payload)).toEqual(PAYLOAD);
  expect(call.principal).toEqual({
    kind: 'service',
    service: 'iot.amazonaws.com',
    sourceArn: 'arn:aws:iot:us-east-1:123456789012:rule/rule1',
    sourceAccount: '123456789012',
  });
});

test('S3: an object per message, key from a template, canned ACL', async () => {
  const key = '$' + "{replace(topic(), '/', '-') + '-' + id}.json";
  const call = await only({ s3: { roleArn: ROLE, bucketName: 'b', key, cannedAcl: 'public-read' } });
  expect(call.input).toMatchObject({ Bucket: 'b', Key: 'site-north-data-7.json', ACL: 'public-read' });
});

test('S3: a payload that is no JSON is stored byte for byte', async () => {
  const bytes = Buffer.from([0xff, 0xfe, 0x00, 0x01]);
  const call = await only({ s3: { roleArn: ROLE, bucketName: 'b', key: 'k' } }, bytes);
  expect(Buffer.compare(call.input.Body, bytes)).toBe(0);
});

test('Firehose: one record, followed by the separator', async () => {
  const call = await only({ firehose: { roleArn: ROLE, deliveryStreamName: 's', separator: '\n' } });
  expect(call.operation).toBe('PutRecord');
  expect(call.input.DeliveryStreamName).toBe('s');
  expect(String(call.input.Record.Data)).toBe(`${JSON.stringify(PAYLOAD)}\n`);
});

test('Firehose: batchMode makes a record of each element of an array', async () => {
  const call = await only(
    { firehose: { roleArn: ROLE, deliveryStreamName: 's', batchMode: true, separator: ',' } },
    { list: [{ a: 1 }, { a: 2 }] },
    "SELECT VALUE list FROM 'site/+/data'",
  );
  expect(call.operation).toBe('PutRecordBatch');
  expect(call.input.Records.map(({ Data }: { Data: Buffer }) => String(Data))).toEqual(['{"a":1},', '{"a":2},']);
});

test('Timestream: one record per attribute, typed as its value reads, never multi-measure', async () => {
  // values of the page's own example
  const payload = {
    boolean_value: true,
    integer_value: 123456789012,
    double_value: 123.456789012,
    string_value: 'String value',
    array_of_integers: [23, 36, 56, 72],
    complex_value: { simple_element: 42, array_of_integers: [23, 36, 56, 72] },
    absent: null,
  };
  await run(
    {
      timestream: {
        roleArn: ROLE,
        databaseName: 'record_devices',
        tableName: 'devices_metrics',
        dimensions: [
          { name: 'device_id', value: '$' + '{clientId()}' },
          { name: 'device_firmware_sku', value: 'My Static Metadata' },
        ],
        timestamp: {
          value: '$' + "{time_to_epoch('2020-08-26 22:42:16', 'yyyy-MM-dd HH:mm:ss')}",
          unit: 'MILLISECONDS',
        },
      },
    },
    payload,
  );
  await cloud.reached(2);
  expect(cloud.calls.map(({ operation }) => operation)).toEqual(['DescribeEndpoints', 'WriteRecords']);
  expect(cloud.calls[1]?.input).toEqual({
    DatabaseName: 'record_devices',
    TableName: 'devices_metrics',
    CommonAttributes: {
      Dimensions: [
        { Name: 'device_id', Value: 'pump-1', DimensionValueType: 'VARCHAR' },
        { Name: 'device_firmware_sku', Value: 'My Static Metadata', DimensionValueType: 'VARCHAR' },
      ],
      Time: '1598481736000',
      TimeUnit: 'MILLISECONDS',
    },
    Records: [
      { MeasureName: 'boolean_value', MeasureValue: 'true', MeasureValueType: 'BOOLEAN' },
      { MeasureName: 'integer_value', MeasureValue: '123456789012', MeasureValueType: 'BIGINT' },
      { MeasureName: 'double_value', MeasureValue: '123.456789012', MeasureValueType: 'DOUBLE' },
      { MeasureName: 'string_value', MeasureValue: 'String value', MeasureValueType: 'VARCHAR' },
      { MeasureName: 'array_of_integers', MeasureValue: '[23,36,56,72]', MeasureValueType: 'VARCHAR' },
      {
        MeasureName: 'complex_value',
        MeasureValue: '{"simple_element":42,"array_of_integers":[23,36,56,72]}',
        MeasureValueType: 'VARCHAR',
      },
    ],
  });
});

test.each([
  ['2016-03-23', 'BIGINT', '10'],
  ['2015-10-08', 'DOUBLE', '10.0'],
])('Timestream: 10.0 under SQL %s is written as %s', async (awsIotSqlVersion, type, value) => {
  const timestream = {
    roleArn: ROLE,
    databaseName: 'd',
    tableName: 't',
    dimensions: [{ name: 'x', value: 'y' }],
  };
  await cloud.createRule('rule1', { sql: "SELECT v FROM 'a'", awsIotSqlVersion, actions: [{ timestream }] });
  await cloud.rules.accept(publish('a', Buffer.from('{"v": 10.0}')));
  await cloud.reached(2);
  expect(cloud.calls[1]?.input.Records).toEqual([{ MeasureName: 'v', MeasureValue: value, MeasureValueType: type }]);
});

test('Republish: publishes to the rendered topic with its headers, as the role is allowed to', async () => {
  await run({
    republish: {
      roleArn: ROLE,
      topic: '$' + '{topic()}/republish',
      qos: 1,
      headers: {
        contentType: 'application/json',
        payloadFormatIndicator: 'UTF8_DATA',
        correlationData: Buffer.from('c').toString('base64'),
        messageExpiry: '60',
        userProperties: [{ key: 'from', value: '$' + '{clientid()}' }],
      },
    },
  });
  await cloud.stop();
  expect(cloud.published).toEqual([
    expect.objectContaining({
      topic: 'site/north/data/republish',
      qos: 1,
      payload: Buffer.from(JSON.stringify(PAYLOAD)),
      properties: {
        contentType: 'application/json',
        payloadFormatIndicator: true,
        correlationData: Buffer.from('c'),
        messageExpiryInterval: 60,
        userProperties: { from: 'pump-1' },
      },
    }),
  ]);
  expect(cloud.asked).toContainEqual({
    action: 'iot:Publish',
    resource: 'arn:aws:iot:us-east-1:123456789012:topic/site/north/data/republish',
  });
});

test('DynamoDB: keys from templates, the output as a map', async () => {
  const call = await only({
    dynamoDB: {
      roleArn: ROLE,
      tableName: 't',
      hashKeyField: 'key',
      hashKeyValue: '$' + '{topic()}',
      rangeKeyField: 'id',
      rangeKeyValue: '$' + '{id}',
      rangeKeyType: 'NUMBER',
    },
  });
  expect(call.input).toEqual({
    TableName: 't',
    Item: {
      key: { S: 'site/north/data' },
      id: { N: '7' },
      payload: { M: { id: { N: '7' }, temperature: { N: '21.5' }, tags: { L: [{ S: 'a' }] } } },
    },
  });
});

test('DynamoDBv2: each attribute in a column of its own', async () => {
  const call = await only({ dynamoDBv2: { roleArn: ROLE, putItem: { tableName: 't' } } });
  expect(call.input).toEqual({
    TableName: 't',
    Item: { id: { N: '7' }, temperature: { N: '21.5' }, tags: { L: [{ S: 'a' }] } },
  });
});

const ERROR_ACTION = { s3: { roleArn: ROLE, bucketName: 'errors', key: 'k' } };

test('a denied action hands the error action one document with the AccessDenied message', async () => {
  cloud.denied.add('sqs:SendMessage');
  await cloud.createRule('rule1', {
    sql: "SELECT id FROM 'site/+/data'",
    actions: [{ sqs: { roleArn: ROLE, queueUrl: QUEUE } }, { lambda: { functionArn: 'arn:aws:lambda:x' } }],
    errorAction: ERROR_ACTION,
  });
  await cloud.rules.accept(publish('site/north/data', PAYLOAD));
  await cloud.reached(2);
  const put = cloud.calls.find(({ operation }) => operation === 'PutObject');
  expect(JSON.parse(put?.input.Body)).toEqual({
    ruleName: 'rule1',
    topic: 'site/north/data',
    cloudwatchTraceId: expect.stringMatching(/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/),
    clientId: 'pump-1',
    sourceIp: '192.0.2.7',
    base64OriginalPayload: Buffer.from(JSON.stringify(PAYLOAD)).toString('base64'),
    failures: [
      {
        failedAction: 'SqsAction',
        failedResource: QUEUE,
        errorMessage:
          'Failed to send message to SQS queue. The error received was not authorized to perform: sqs:SendMessage ' +
          '(Service: AmazonSQS; Status Code: 403; Error Code: AccessDeniedException). ' +
          `Message arrived on: site/north/data, Action: sqs, Queue: ${QUEUE}`,
      },
    ],
  });
  await cloud.stop();
  expect(cloud.meter.get('rules.actionFailures')).toBe(1);
  expect(cloud.meter.get('rules.errorActions')).toBe(1);
  expect(cloud.meter.get('rules.matched')).toBe(1);
});

test('the error document names the topic as published, Basic Ingest prefix and all', async () => {
  cloud.denied.add('sqs:SendMessage');
  await cloud.createRule('rule1', {
    sql: 'SELECT *',
    actions: [{ sqs: { roleArn: ROLE, queueUrl: QUEUE } }],
    errorAction: ERROR_ACTION,
  });
  await cloud.rules.accept(publish('$aws/rules/rule1/a/b', {}));
  await cloud.reached(1);
  expect(JSON.parse(cloud.calls[0]?.input.Body).topic).toBe('$aws/rules/rule1/a/b');
});

test('two failing actions of one message make one error document with both', async () => {
  cloud.denied.add('sqs:SendMessage');
  cloud.denied.add('lambda:InvokeFunction');
  await cloud.createRule('rule1', {
    sql: "SELECT * FROM 'a'",
    actions: [{ sqs: { roleArn: ROLE, queueUrl: QUEUE } }, { lambda: { functionArn: 'arn:aws:lambda:x' } }],
    errorAction: ERROR_ACTION,
  });
  await cloud.rules.accept(publish('a', {}));
  await cloud.reached(1);
  const failures = JSON.parse(cloud.calls[0]?.input.Body).failures as { failedAction: string }[];
  expect(failures.map(({ failedAction }) => failedAction)).toEqual(['SqsAction', 'LambdaAction']);
});

test('an action that fails for good without an error action is logged with rule, action and reason', async () => {
  cloud.answer('sqs.SendMessage', () => {
    throw new AwsError('AWS.SimpleQueueService.NonExistentQueue', 'The specified queue does not exist.', 400);
  });
  await run({ sqs: { roleArn: ROLE, queueUrl: QUEUE } });
  await cloud.stop();
  expect(cloud.logged).toEqual([
    {
      level: 'error',
      message: 'rule action failed',
      fields: expect.objectContaining({
        rule: 'rule1',
        failedAction: 'SqsAction',
        errorMessage: expect.stringContaining('The specified queue does not exist.'),
      }),
    },
  ]);
});

test('an intermittent error is tried three times in all, an error of the caller once', async () => {
  let attempts = 0;
  cloud.answer('s3.PutObject', () => {
    attempts++;
    throw new AwsError('SlowDown', 'Please reduce your request rate.', 503);
  });
  await run({ s3: { roleArn: ROLE, bucketName: 'b', key: 'k' } });
  for (let turn = 0; turn < 20; turn++)
    await (cloud.clock as unknown as { advance(ms: number): Promise<void> }).advance(100);
  await cloud.stop();
  expect(attempts).toBe(3);
  expect(cloud.logged.at(-1)?.fields?.errorMessage).toContain('Please reduce your request rate.');
});

test('an action whose template cannot be rendered fails like any other', async () => {
  const functionArn = '$' + "{parse_time('HH', 0, zone)}";
  await cloud.createRule('rule1', {
    sql: "SELECT * FROM 'a'",
    actions: [
      { lambda: { functionArn: `arn:aws:lambda:$\{parse_time(pattern, 0)}` } },
      { s3: { roleArn: ROLE, bucketName: 'b', key: functionArn } },
    ],
    errorAction: { sqs: { roleArn: ROLE, queueUrl: QUEUE } },
  });
  await cloud.rules.accept(publish('a', { pattern: 'qqq', zone: 'UTC' }));
  await cloud.reached(2);
  const sent = cloud.calls.find(({ operation }) => operation === 'SendMessage');
  expect(JSON.parse(sent?.input.MessageBody).failures).toEqual([
    expect.objectContaining({
      failedAction: 'LambdaAction',
      errorMessage: expect.stringContaining("pattern letter 'q'"),
    }),
  ]);
});

test('a role is assumed once and its session reused', async () => {
  await cloud.createRule('rule1', { sql: "SELECT * FROM 'a'", actions: [{ sqs: { roleArn: ROLE, queueUrl: QUEUE } }] });
  for (let index = 0; index < 3; index++) await cloud.rules.accept(publish('a', {}));
  await cloud.reached(3);
  expect(new Set(cloud.calls.map(({ principal }) => principal)).size).toBe(1);
});
