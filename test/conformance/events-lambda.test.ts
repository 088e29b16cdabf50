import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { GetMetricStatisticsOutput } from '@aws-sdk/client-cloudwatch';
import { createCloudwatchPlugin } from '../../local-cloud/src/services/cloudwatch/plugin.ts';
import { createSnsPlugin } from '../../local-cloud/src/services/sns/plugin.ts';
import { ADMINISTRATOR } from '../../local-cloud/src/testing/context.ts';
import { LambdaCloud, until } from './lambda-cloud.ts';

// Real functions as subscribers of a topic, as actions of an alarm, and as sources of metrics.

const FUNCTION = 'arn:aws:lambda:us-east-1:123456789012:function:fn';
const TOPIC = 'arn:aws:sns:us-east-1:123456789012:orders';
const SOURCE = `exports.handler = async (event) => {
  if (event.fail) throw new Error('asked to');
  require('node:fs').appendFileSync(process.env.SEEN, JSON.stringify(event) + '\\n');
};`;

let lambda: LambdaCloud;
const call = <O = object>(service: 'sns' | 'cloudwatch', operation: string, input: object) =>
  lambda.cloud.api.call<O>(ADMINISTRATOR, service, operation, input);
/** Events that the function has written down, once there are any. */
async function seen(): Promise<unknown[]> {
  const file = join(lambda.directory, 'seen');
  await until(async () => {
    // Slowly: the function's own time limits run on this clock, too, while its process takes real time.
    await lambda.clock.advance(20);
    return existsSync(file) && readFileSync(file, 'utf8').endsWith('\n');
  });
  const lines = readFileSync(file, 'utf8').trim().split('\n');
  return lines.map((line) => JSON.parse(line) as unknown);
}

beforeEach(async () => {
  lambda = new LambdaCloud();
  lambda.cloud.ports.provide('frontDoor', { route: () => {}, upgrade: () => {}, serve: () => {} });
  const plugins = [lambda.cloud.use(createCloudwatchPlugin), lambda.cloud.use(createSnsPlugin)];
  await lambda.start();
  for (const plugin of plugins) await plugin.start?.();
  const SEEN = join(lambda.directory, 'seen');
  await lambda.function(SOURCE, { Timeout: 900, Environment: { Variables: { SEEN } } });
});
afterEach(() => lambda.close());

// source: Lambda developer guide, "Invoking Lambda functions with Amazon SNS notifications"
test('a function that is subscribed to a topic is invoked with its record', async () => {
  await call('sns', 'CreateTopic', { Name: 'orders' });
  const { SubscriptionArn } = await call<{ SubscriptionArn: string }>('sns', 'Subscribe', {
    TopicArn: TOPIC,
    Protocol: 'lambda',
    Endpoint: FUNCTION,
  });
  const MessageAttributes = { store: { DataType: 'String', StringValue: 'north' } };
  await call('sns', 'Publish', { TopicArn: TOPIC, Message: 'paid', MessageAttributes });
  expect(await seen()).toEqual([
    {
      Records: [
        {
          EventSource: 'aws:sns',
          EventVersion: '1.0',
          EventSubscriptionArn: SubscriptionArn,
          Sns: expect.objectContaining({
            Type: 'Notification',
            TopicArn: TOPIC,
            Subject: null,
            Message: 'paid',
            MessageAttributes: { store: { Type: 'String', Value: 'north' } },
            SigningCertUrl: expect.stringContaining('/_sns/'),
            UnsubscribeUrl: expect.stringContaining('Unsubscribe'),
          }),
        },
      ],
    },
  ]);
});

// source: CloudWatch user guide, "Invoke a Lambda function from an alarm"; Lambda developer guide, "Types of metrics"
test('errors of a function reach its metric, and an alarm on it invokes its action', async () => {
  await call('cloudwatch', 'PutMetricAlarm', {
    AlarmName: 'errors',
    Namespace: 'AWS/Lambda',
    MetricName: 'Errors',
    Dimensions: [{ Name: 'FunctionName', Value: 'fn' }],
    Statistic: 'Sum',
    Period: 60,
    EvaluationPeriods: 1,
    Threshold: 0,
    ComparisonOperator: 'GreaterThanThreshold',
    AlarmActions: [FUNCTION],
  });
  const start = lambda.clock.now();
  expect((await lambda.invoke({ fail: true })).response.FunctionError).toBe('Unhandled');
  const { Datapoints } = await call<GetMetricStatisticsOutput>('cloudwatch', 'GetMetricStatistics', {
    Namespace: 'AWS/Lambda',
    MetricName: 'Errors',
    Dimensions: [{ Name: 'FunctionName', Value: 'fn' }],
    StartTime: new Date(start),
    EndTime: new Date(start + 60_000),
    Period: 60,
    Statistics: ['Sum', 'SampleCount'],
  });
  expect(Datapoints).toMatchObject([{ Sum: 1, SampleCount: 1, Unit: 'Count' }]);
  await lambda.clock.advance(60_000);
  expect(await seen()).toMatchObject([
    {
      source: 'aws.cloudwatch',
      alarmArn: 'arn:aws:cloudwatch:us-east-1:123456789012:alarm:errors',
      alarmData: {
        alarmName: 'errors',
        state: { value: 'ALARM' },
        previousState: { value: 'INSUFFICIENT_DATA' },
        configuration: { metrics: [{ metricStat: { metric: { name: 'Errors' }, stat: 'Sum' } }] },
      },
    },
  ]);
});
