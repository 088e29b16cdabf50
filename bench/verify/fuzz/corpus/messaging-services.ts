import * as cloudwatch from '@aws-sdk/client-cloudwatch';
import * as kinesis from '@aws-sdk/client-kinesis';
import * as sfn from '@aws-sdk/client-sfn';
import * as sns from '@aws-sdk/client-sns';
import type { Capture, CorpusRequest } from './capture.ts';

const NAME = 'verify';

/** Requests of the services that carry notifications, metrics, streams and state machines; creations first. */
export async function messagingServiceRequests(
  capture: Capture,
  references: { readonly roleArn: string; readonly accountId: string; readonly region: string },
): Promise<CorpusRequest[]> {
  const { accountId, region, roleArn } = references;
  const { settings } = capture;
  const TopicArn = `arn:aws:sns:${region}:${accountId}:${NAME}`;
  const stateMachineArn = `arn:aws:states:${region}:${accountId}:stateMachine:${NAME}`;
  return [
    ...(await capture.requests('sns', new sns.SNSClient(settings), [
      new sns.CreateTopicCommand({ Name: NAME, Attributes: { DisplayName: 'd' }, Tags: [{ Key: 'a', Value: 'b' }] }),
      new sns.SubscribeCommand({
        TopicArn,
        Protocol: 'sqs',
        Endpoint: `arn:aws:sqs:${region}:${accountId}:${NAME}`,
        Attributes: { RawMessageDelivery: 'true', FilterPolicy: '{"a":["b",{"numeric":[">",1]}]}' },
        ReturnSubscriptionArn: true,
      }),
      new sns.PublishCommand({
        TopicArn,
        Message: '{"default":"x","sqs":"y"}',
        MessageStructure: 'json',
        Subject: 's',
        MessageAttributes: { a: { DataType: 'String', StringValue: 'b' } },
      }),
      new sns.PublishBatchCommand({ TopicArn, PublishBatchRequestEntries: [{ Id: '1', Message: 'm' }] }),
      new sns.GetTopicAttributesCommand({ TopicArn }),
      new sns.SetTopicAttributesCommand({ TopicArn, AttributeName: 'DisplayName', AttributeValue: 'e' }),
      new sns.ListSubscriptionsByTopicCommand({ TopicArn }),
      new sns.ListTopicsCommand({}),
    ])),
    ...(await capture.requests('monitoring', new cloudwatch.CloudWatchClient(settings), [
      new cloudwatch.PutMetricDataCommand({
        Namespace: NAME,
        MetricData: [
          { MetricName: 'm', Value: 1, Unit: 'Count', Dimensions: [{ Name: 'a', Value: 'b' }] },
          { MetricName: 'm', Values: [1, 2], Counts: [1, 3], Timestamp: new Date() },
          { MetricName: 'm', StatisticValues: { SampleCount: 2, Sum: 3, Minimum: 1, Maximum: 2 } },
        ],
      }),
      new cloudwatch.GetMetricStatisticsCommand({
        Namespace: NAME,
        MetricName: 'm',
        StartTime: new Date(Date.now() - 3_600_000),
        EndTime: new Date(),
        Period: 60,
        Statistics: ['Sum', 'Average'],
      }),
      new cloudwatch.GetMetricDataCommand({
        StartTime: new Date(Date.now() - 3_600_000),
        EndTime: new Date(),
        MetricDataQueries: [
          { Id: 'a', MetricStat: { Metric: { Namespace: NAME, MetricName: 'm' }, Period: 60, Stat: 'p99' } },
          { Id: 'e', Expression: 'IF(a > 1, a * 2, FILL(a, 0)) / (1 - 1)' },
        ],
      }),
      new cloudwatch.PutMetricAlarmCommand({
        AlarmName: NAME,
        Namespace: NAME,
        MetricName: 'm',
        Statistic: 'Sum',
        Period: 60,
        EvaluationPeriods: 2,
        DatapointsToAlarm: 1,
        Threshold: 1,
        ComparisonOperator: 'GreaterThanThreshold',
        TreatMissingData: 'notBreaching',
      }),
      new cloudwatch.SetAlarmStateCommand({ AlarmName: NAME, StateValue: 'ALARM', StateReason: 'r' }),
      new cloudwatch.DescribeAlarmsCommand({ AlarmNamePrefix: 'v' }),
      new cloudwatch.ListMetricsCommand({ Namespace: NAME, Dimensions: [{ Name: 'a' }] }),
      new cloudwatch.PutDashboardCommand({ DashboardName: NAME, DashboardBody: '{"widgets":[]}' }),
    ])),
    ...(await capture.requests('kinesis', new kinesis.KinesisClient(settings), [
      new kinesis.CreateStreamCommand({ StreamName: NAME, ShardCount: 1 }),
      new kinesis.PutRecordCommand({ StreamName: NAME, PartitionKey: 'k', Data: Buffer.from('d') }),
      new kinesis.PutRecordsCommand({ StreamName: NAME, Records: [{ PartitionKey: 'k', Data: Buffer.from('d') }] }),
      new kinesis.GetShardIteratorCommand({
        StreamName: NAME,
        ShardId: 'shardId-000000000000',
        ShardIteratorType: 'TRIM_HORIZON',
      }),
      new kinesis.GetRecordsCommand({ ShardIterator: 'AAAAAAAAAAE', Limit: 5 }),
      new kinesis.ListShardsCommand({ StreamName: NAME }),
      new kinesis.DescribeStreamSummaryCommand({ StreamName: NAME }),
    ])),
    ...(await capture.requests('states', new sfn.SFNClient({ ...settings, disableHostPrefix: true }), [
      new sfn.CreateStateMachineCommand({
        name: NAME,
        roleArn,
        definition: JSON.stringify({
          StartAt: 'A',
          States: {
            A: { Type: 'Pass', Result: { a: 1 }, Next: 'B' },
            B: { Type: 'Choice', Choices: [{ Variable: '$.a', NumericEquals: 1, Next: 'C' }], Default: 'C' },
            C: { Type: 'Succeed' },
          },
        }),
      }),
      new sfn.StartExecutionCommand({ stateMachineArn, input: '{"a":1}' }),
      new sfn.DescribeStateMachineCommand({ stateMachineArn }),
      new sfn.ListExecutionsCommand({ stateMachineArn, maxResults: 5 }),
    ])),
  ];
}
