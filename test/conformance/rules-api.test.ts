// source: API reference: CreateTopicRule, GetTopicRule, ReplaceTopicRule, ListTopicRules, EnableTopicRule, DisableTopicRule, DeleteTopicRule; iot-sql-reference

import type { GetTopicRuleResponse, ListTopicRulesResponse } from '@aws-sdk/client-iot';
import { AwsError } from '../../local-cloud/src/core/errors.ts';
import {
  createRulesCloud,
  publish,
  QUEUE,
  ROLE,
  type RulesCloud,
} from '../../local-cloud/src/rules/testing/rules-cloud.ts';
import { testScope } from '../../local-cloud/src/testing/context.ts';

/** Names, statuses and bounds: AWS IoT API reference, CreateTopicRule and its neighbours. */

let cloud: RulesCloud;
beforeEach(() => {
  cloud = createRulesCloud();
});
afterEach(() => cloud.close());

const SQS = { sqs: { roleArn: ROLE, queueUrl: QUEUE } };
const VALID = { sql: "SELECT * FROM 'a/b'", actions: [SQS], awsIotSqlVersion: '2016-03-23' };

async function refusal(topicRulePayload: object, ruleName = 'rule1'): Promise<AwsError> {
  const error = await cloud.admin('CreateTopicRule', { ruleName, topicRulePayload }).catch((thrown: unknown) => thrown);
  expect(error).toBeInstanceOf(AwsError);
  return error as AwsError;
}

describe('API', () => {
  test('GetTopicRule gives back what CreateTopicRule took', async () => {
    const payload = {
      ...VALID,
      description: 'd',
      errorAction: { republish: { roleArn: ROLE, topic: 'errors', qos: 1 } },
    };
    await cloud.admin('CreateTopicRule', { ruleName: 'rule1', topicRulePayload: payload });
    const answer = await cloud.admin<GetTopicRuleResponse>('GetTopicRule', { ruleName: 'rule1' });
    expect(answer).toEqual({
      ruleArn: 'arn:aws:iot:us-east-1:123456789012:rule/rule1',
      rule: { ...payload, ruleName: 'rule1', ruleDisabled: false, createdAt: new Date(cloud.clock.now()) },
    });
  });

  test('a rule without a version runs as 2015-10-08', async () => {
    await cloud.admin('CreateTopicRule', { ruleName: 'r', topicRulePayload: { sql: VALID.sql, actions: [] } });
    const { rule } = await cloud.admin<GetTopicRuleResponse>('GetTopicRule', { ruleName: 'r' });
    expect(rule?.awsIotSqlVersion).toBe('2015-10-08');
  });

  test('ListTopicRules pages in order of name and filters by topic and state', async () => {
    for (const name of ['c', 'a', 'b']) await cloud.createRule(name, { ...VALID, sql: `SELECT * FROM 'x/${name}'` });
    await cloud.admin('DisableTopicRule', { ruleName: 'b' });
    const list = (input: object): Promise<ListTopicRulesResponse> => cloud.admin('ListTopicRules', input);
    const names = ({ rules }: ListTopicRulesResponse): unknown[] => (rules ?? []).map(({ ruleName }) => ruleName);
    const first = await list({ maxResults: 2 });
    expect(names(first)).toEqual(['a', 'b']);
    expect(names(await list({ maxResults: 2, nextToken: first.nextToken }))).toEqual(['c']);
    expect(names(await list({ topic: 'x/c' }))).toEqual(['c']);
    expect(names(await list({ ruleDisabled: true }))).toEqual(['b']);
    expect(first.rules?.[0]).toMatchObject({ topicPattern: 'x/a', ruleDisabled: false });
  });

  test('rules are there again after a restart', async () => {
    await cloud.createRule('rule1', VALID);
    await cloud.store.durable();
    const again = createRulesCloud({ directory: cloud.dataDirectory });
    await again.rules.accept(publish('a/b', { x: 1 }));
    await again.reached(1);
    await again.close();
  });

  test('a second rule of a name is refused with 409', async () => {
    await cloud.createRule('rule1', VALID);
    expect(await refusal(VALID)).toMatchObject({ code: 'ResourceAlreadyExistsException', statusCode: 409 });
  });

  test.each(['GetTopicRule', 'DeleteTopicRule', 'EnableTopicRule', 'DisableTopicRule'])(
    '%s of an unknown rule answers as AWS does, with 401',
    async (operation) => {
      await expect(cloud.admin(operation, { ruleName: 'none' })).rejects.toMatchObject({
        code: 'UnauthorizedException',
        statusCode: 401,
      });
    },
  );

  test('the caller needs iot:CreateTopicRule on the rule and iam:PassRole on each role', async () => {
    await cloud.createRule('rule1', {
      ...VALID,
      errorAction: { s3: { roleArn: `${ROLE}2`, bucketName: 'b', key: 'k' } },
    });
    const conditions = { 'iam:PassedToService': 'iot.amazonaws.com' };
    expect(cloud.asked).toEqual([
      { action: 'iot:CreateTopicRule', resource: 'arn:aws:iot:us-east-1:123456789012:rule/rule1' },
      { action: 'iam:PassRole', resource: ROLE, conditions },
      { action: 'iam:PassRole', resource: `${ROLE}2`, conditions },
    ]);
  });

  test('a role that AWS IoT cannot assume refuses the rule, even a disabled one', async () => {
    const authorizer = cloud.ports.get('authorizer');
    cloud.ports.provide('authorizer', {
      ...authorizer,
      assumeRole() {
        throw new AwsError('AccessDenied', 'no trust', 403);
      },
    });
    const error = await refusal({ ...VALID, ruleDisabled: true });
    expect(error.code).toBe('InvalidRequestException');
    expect(error.message).toContain(`iot.amazonaws.com is unable to perform: sts:AssumeRole on resource: ${ROLE}`);
  });
});

describe('refusals', () => {
  test.each([
    ['no-hyphens', 'ruleName'],
    ['x'.repeat(129), 'ruleName'],
  ])('rule name %s', async (name, place) => {
    const error = await refusal(VALID, name);
    expect([error.code, error.message]).toEqual(['InvalidRequestException', expect.stringContaining(place)]);
  });

  test('more than ten actions', async () => {
    const error = await refusal({ ...VALID, actions: Array.from({ length: 11 }, () => SQS) });
    expect(error).toMatchObject({ code: 'InvalidRequestException', message: expect.stringContaining('11') });
  });

  test.each([
    [{ ...VALID, awsIotSqlVersion: '2020-01-01' }, "'2020-01-01'"],
    [{ ...VALID, actions: [{}] }, 'topicRulePayload.actions[0]'],
    [{ ...VALID, actions: [{ ...SQS, lambda: { functionArn: 'x' } }] }, 'topicRulePayload.actions[0]'],
    [{ ...VALID, actions: [{ sqs: { roleArn: ROLE } }] }, 'topicRulePayload.actions[0].sqs.queueUrl'],
    [{ ...VALID, actions: [{ sqs: { roleArn: 'role', queueUrl: QUEUE } }] }, 'actions[0].sqs.roleArn'],
    [{ ...VALID, actions: [{ sqs: { roleArn: ROLE, queueUrl: `${QUEUE}.fifo` } }] }, 'FIFO'],
    [{ ...VALID, actions: [{ sqs: { roleArn: ROLE, queueUrl: QUEUE, delay: 1 } }] }, 'delay'],
    [{ ...VALID, actions: [{ firehose: { roleArn: ROLE, deliveryStreamName: 's', separator: '|' } }] }, 'separator'],
    [{ ...VALID, actions: [{ republish: { roleArn: ROLE, topic: '$aws/things/x' } }] }, '$$'],
    [{ ...VALID, errorAction: { s3: { roleArn: ROLE, bucketName: 'b' } } }, 'topicRulePayload.errorAction.s3.key'],
  ])('payload %#: names the value or place', async (payload, part) => {
    const error = await refusal(payload);
    expect([error.code, error.message]).toEqual(['InvalidRequestException', expect.stringContaining(part)]);
  });

  test.each([
    'elasticsearch',
    'influxDB',
    'iotAnalytics',
    'iotEvents',
    'iotSiteWise',
    'kafka',
    'location',
    'openSearch',
    'salesforce',
  ])('action %s is refused by name', async (kind) => {
    const error = await refusal({ ...VALID, actions: [SQS, { [kind]: { roleArn: ROLE } }] });
    expect(error).toMatchObject({ code: 'NotImplemented', statusCode: 501 });
    expect(error.message).toContain(`'${kind}' (topicRulePayload.actions[1])`);
  });

  test.each([
    ["SELECT * FROM 'a' WHERE get_thing_shadow('t', 'r').state = 1", 'get_thing_shadow', 47],
    ["SELECT get_dynamodb('t', 'k', id, role).x AS x FROM 'a'", 'get_dynamodb', 35],
    ["SELECT get_secret('s', 'Text', 'r') AS x FROM 'a'", 'get_secret', 24],
    ["SELECT get_registry_data('ListThings', 't', 'r') AS x FROM 'a'", 'get_registry_data', 26],
    ["SELECT machinelearning_predict('m', 'r', *) AS x FROM 'a'", 'machinelearning_predict', 8],
    ["SELECT bitnot(13) AS x FROM 'a'", 'bitnot', 8],
    ["SELECT VALUE decode(*, 'proto', 'bucket', 'key', 'file', 'Message') FROM 'a'", 'Protobuf', 24],
    ["SELECT nosuch(13) AS x FROM 'a'", 'nosuch', 8],
  ])('%s: the function is refused by name and place', async (sql, name, column) => {
    const error = await refusal({ ...VALID, sql });
    expect(error).toMatchObject({ code: 'SqlParseException', statusCode: 400 });
    expect(error.message).toContain(name);
    expect(error.message).toContain(`line 1, column ${column}`);
  });

  test.each([
    ['SELECT * FROM a', "expected a topic filter in single quotes after FROM but found 'a' at line 1, column 15"],
    [
      'SELECT * FROM "a"',
      "expected a topic filter in single quotes after FROM but found string 'a' at line 1, column 15",
    ],
    ["SELECT a,\n  FROM 'a'", "expected an expression but found 'FROM' at line 2, column 3"],
    ["SELECT a b FROM 'a'", "expected ',', AS, FROM, WHERE or the end but found 'b' at line 1, column 10"],
    ["SELECT (a FROM 'a'", "expected ')' to close the parenthesis but found 'FROM' at line 1, column 11"],
    ["SELECT 'a FROM x", "string without closing ' at line 1, column 8"],
    ["SELECT * FROM 'a' WHERE a != 1", "unexpected character '!' ('not equal' is written <>) at line 1, column 27"],
    ["SELECT a[0] AS x FROM 'a'", 'elements are read with get(array, index) at line 1, column 9'],
    ["SELECT * FROM 'a/#/b'", "'#' anywhere but as the whole last level"],
    ["SELECT * FROM '$aws/rules/x/y'", 'a Basic Ingest topic'],
    ["SELECT upper(a) FROM 'a'", 'needs a name (AS …)'],
    ["SELECT CASE a END AS x FROM 'a'", "expected WHEN: a CASE has at least one but found 'END' at line 1, column 15"],
    ['UPDATE x', "expected SELECT at the start but found 'UPDATE' at line 1, column 1"],
    ['', 'topicRulePayload.sql must not be empty'],
    ["SELECT regexp_matches(a, 'a++') AS x FROM 'a'", "possessive quantifier '++'"],
    ["SELECT parse_time('qq', 0) AS x FROM 'a'", "pattern letter 'q'"],
    ["SELECT encode(a, 'hex') AS x FROM 'a'", "literal string 'base64' at line 1, column 18"],
    ["SELECT @x AS x FROM 'a'", 'variable @x is not set'],
  ])('%s', async (sql, message) => {
    const error = await refusal({ ...VALID, sql });
    expect(error.message).toContain(message);
  });

  test.each([
    '[1] AS x',
    "{'a': 1} AS x",
    '(SELECT VALUE a FROM b) AS x',
    "encode(*, 'base64') AS x",
    "length('a') AS x",
  ])('SQL 2015-10-08 does not have %s', async (item) => {
    const error = await refusal({ ...VALID, sql: `SELECT ${item} FROM 'a'`, awsIotSqlVersion: '2015-10-08' });
    expect(error.code).toBe('SqlParseException');
    expect(error.message).toContain('2016-03-23');
  });

  test('a template with a syntax error names its field and place', async () => {
    const error = await refusal({
      ...VALID,
      actions: [{ s3: { roleArn: ROLE, bucketName: 'b', key: '$' + '{topic(}' } }],
    });
    expect(error.code).toBe('SqlParseException');
    expect(error.message).toContain('topicRulePayload.actions[0].s3.key: expected an expression');
  });

  test('an expression nested without end is refused, not followed', async () => {
    const sql = `SELECT ${'('.repeat(20_000)}a${')'.repeat(20_000)} AS x FROM 'a'`;
    expect((await refusal({ ...VALID, sql })).message).toContain('nested deeper');
  });
});

describe('AWS::IoT::TopicRule', () => {
  const properties = (sql: string, more: object = {}): object => ({
    TopicRulePayload: {
      Sql: sql,
      AwsIotSqlVersion: '2016-03-23',
      RuleDisabled: 'false',
      Actions: [{ Sqs: { RoleArn: ROLE, QueueUrl: QUEUE, UseBase64: 'false' } }],
      ErrorAction: { S3: { RoleArn: ROLE, BucketName: 'b', Key: 'k' } },
      ...more,
    },
  });

  test('creates, updates in place and deletes; Ref is the name, Arn an attribute', async () => {
    const { provider } = cloud;
    const first = properties("SELECT 1 AS v FROM 'a'");
    const state = await provider.create({ RuleName: 'telemetry', ...first }, testScope());
    expect(state).toEqual({
      physicalId: 'telemetry',
      attributes: { Arn: 'arn:aws:iot:us-east-1:123456789012:rule/telemetry' },
    });
    await provider.update({ ...properties("SELECT 2 AS v FROM 'a'") }, first, state, testScope());
    await cloud.rules.accept(publish('a', {}));
    await cloud.reached(1);
    expect(cloud.calls[0]?.input.MessageBody).toBe('{"v":2}');
    await provider.delete(state, first, testScope());
    await expect(cloud.admin('GetTopicRule', { ruleName: 'telemetry' })).rejects.toThrow('was denied');
    await provider.delete(state, first, testScope());
  });

  test('a generated name has no hyphens', async () => {
    const state = await cloud.provider.create(properties("SELECT * FROM 'a'"), testScope('TelemetryRule'));
    expect(state.physicalId).toMatch(/^[a-zA-Z0-9_]+$/);
  });

  test('an unknown property of the payload is refused by name', async () => {
    await expect(cloud.provider.create(properties("SELECT * FROM 'a'", { Colour: 1 }), testScope())).rejects.toThrow(
      'Colour',
    );
  });

  test('a batched Firehose action reads as the API takes it', async () => {
    const Actions = [{ Firehose: { RoleArn: ROLE, DeliveryStreamName: 's', Separator: '\n', BatchMode: true } }];
    await cloud.provider.create({ RuleName: 'f', ...properties("SELECT * FROM 'a'", { Actions }) }, testScope());
    const { rule } = await cloud.admin<GetTopicRuleResponse>('GetTopicRule', { ruleName: 'f' });
    expect(rule?.actions).toEqual([
      { firehose: { roleArn: ROLE, deliveryStreamName: 's', separator: '\n', batchMode: true } },
    ]);
  });

  // source: CloudFormation template reference, AWS::IoT::TopicRule Action
  test('every kind of action that is built reads as CloudFormation writes it', async () => {
    const actions: Readonly<Record<string, object>> = {
      CloudwatchAlarm: { RoleArn: ROLE, AlarmName: 'a', StateReason: 'r', StateValue: 'OK' },
      CloudwatchLogs: { RoleArn: ROLE, LogGroupName: 'g', BatchMode: 'false' },
      CloudwatchMetric: { RoleArn: ROLE, MetricName: 'm', MetricNamespace: 'n', MetricUnit: 'None', MetricValue: '1' },
      DynamoDB: { RoleArn: ROLE, TableName: 't', HashKeyField: 'h', HashKeyValue: 'v' },
      DynamoDBv2: { RoleArn: ROLE, PutItem: { TableName: 't' } },
      Firehose: { RoleArn: ROLE, DeliveryStreamName: 's' },
      Http: {
        Url: 'https://example.com/a',
        ConfirmationUrl: 'https://example.com',
        Headers: [{ Key: 'k', Value: 'v' }],
        Auth: { Sigv4: { RoleArn: ROLE, ServiceName: 's', SigningRegion: 'us-east-1' } },
      },
      Kinesis: { RoleArn: ROLE, StreamName: 's', PartitionKey: 'k' },
      Lambda: { FunctionArn: 'arn:aws:lambda:us-east-1:123456789012:function:f' },
      Republish: { RoleArn: ROLE, Topic: 't', Qos: 1, Headers: { UserProperties: [{ Key: 'k', Value: 'v' }] } },
      S3: { RoleArn: ROLE, BucketName: 'b', Key: 'k', CannedAcl: 'private' },
      Sns: { RoleArn: ROLE, TargetArn: 'arn:aws:sns:us-east-1:123456789012:t', MessageFormat: 'RAW' },
      Sqs: { RoleArn: ROLE, QueueUrl: QUEUE, UseBase64: true },
      StepFunctions: { RoleArn: ROLE, StateMachineName: 'm', ExecutionNamePrefix: 'p' },
      Timestream: {
        RoleArn: ROLE,
        DatabaseName: 'd',
        TableName: 't',
        Dimensions: [{ Name: 'n', Value: 'v' }],
        Timestamp: { Value: '1', Unit: 'SECONDS' },
      },
    };
    for (const [kind, parameters] of Object.entries(actions)) {
      const RuleName = `rule_${kind}`;
      const Actions = [{ [kind]: parameters }];
      await cloud.provider.create({ RuleName, ...properties("SELECT * FROM 'a'", { Actions }) }, testScope());
      const { rule } = await cloud.admin<GetTopicRuleResponse>('GetTopicRule', { ruleName: RuleName });
      expect(Object.keys(rule?.actions?.[0] ?? {})).toEqual([kind.charAt(0).toLowerCase() + kind.slice(1)]);
    }
  });
});

// source: API_TagResource
test('the tags of a rule are kept for the tag operations of AWS IoT', async () => {
  await cloud.admin('CreateTopicRule', { ruleName: 'r', topicRulePayload: VALID, tags: 'a=1&b=2' });
  const tags = cloud.ports.get('ruleTags');
  const arn = 'arn:aws:iot:us-east-1:123456789012:rule/r';
  expect(tags.get(arn)).toEqual({ a: '1', b: '2' });
  await tags.set(arn, { c: '3' });
  expect(tags.get(arn)).toEqual({ c: '3' });
  expect(tags.get('arn:aws:iot:us-east-1:123456789012:rule/none')).toBeUndefined();
  expect(tags.get('arn:aws:iot:us-east-1:123456789012:thing/r')).toBeUndefined();
});
