import * as logs from '@aws-sdk/client-cloudwatch-logs';
import * as dynamodb from '@aws-sdk/client-dynamodb';
import * as firehose from '@aws-sdk/client-firehose';
import * as s3 from '@aws-sdk/client-s3';
import * as secrets from '@aws-sdk/client-secrets-manager';
import * as sqs from '@aws-sdk/client-sqs';
import * as query from '@aws-sdk/client-timestream-query';
import * as write from '@aws-sdk/client-timestream-write';
import type { Capture, CorpusRequest } from './capture.ts';

/** Names of what these requests make and use; nothing of the platform is named. */
const NAME = 'verify';
const GONE = 'verify-gone';

/** Requests of the services that hold data, creations first. */
export async function dataServiceRequests(
  capture: Capture,
  queuePrefix: string,
  roleArn: string,
): Promise<CorpusRequest[]> {
  const { settings } = capture;
  const QueueUrl = `${queuePrefix}/${NAME}`;
  return [
    ...(await capture.requests('sqs', new sqs.SQSClient({ ...settings, md5: false, useQueueUrlAsEndpoint: false }), [
      new sqs.CreateQueueCommand({ QueueName: NAME, Attributes: { VisibilityTimeout: '5', DelaySeconds: '0' } }),
      new sqs.SendMessageCommand({
        QueueUrl,
        MessageBody: 'hello',
        MessageAttributes: {
          kind: { DataType: 'String', StringValue: 'x' },
          n: { DataType: 'Number', StringValue: '1' },
        },
      }),
      new sqs.SendMessageBatchCommand({
        QueueUrl,
        Entries: [
          { Id: 'a', MessageBody: '1' },
          { Id: 'b', MessageBody: '2', DelaySeconds: 1 },
        ],
      }),
      new sqs.ReceiveMessageCommand({ QueueUrl, MaxNumberOfMessages: 10, WaitTimeSeconds: 0, AttributeNames: ['All'] }),
      new sqs.DeleteMessageCommand({ QueueUrl, ReceiptHandle: 'AQEBwJnKyrHigUMZj6rYigCgxlaS3SLy0a' }),
      new sqs.ChangeMessageVisibilityCommand({ QueueUrl, ReceiptHandle: 'AQEBwJnKyrHigUMZj6', VisibilityTimeout: 10 }),
      new sqs.GetQueueAttributesCommand({ QueueUrl, AttributeNames: ['All'] }),
      new sqs.SetQueueAttributesCommand({ QueueUrl, Attributes: { MessageRetentionPeriod: '3600' } }),
      new sqs.GetQueueUrlCommand({ QueueName: NAME }),
      new sqs.ListQueuesCommand({ QueueNamePrefix: 'ver', MaxResults: 10 }),
      new sqs.TagQueueCommand({ QueueUrl, Tags: { a: 'b' } }),
      new sqs.DeleteQueueCommand({ QueueUrl: `${queuePrefix}/${GONE}` }),
    ])),
    ...(await dynamodbRequests(capture)),
    ...(await capture.requests('secretsmanager', new secrets.SecretsManagerClient(settings), [
      new secrets.CreateSecretCommand({ Name: NAME, SecretString: 'v', ClientRequestToken: token(1) }),
      new secrets.PutSecretValueCommand({ SecretId: NAME, SecretString: 'v2', ClientRequestToken: token(2) }),
      new secrets.PutSecretValueCommand({
        SecretId: NAME,
        SecretBinary: Buffer.from('v3'),
        ClientRequestToken: token(3),
      }),
      new secrets.GetSecretValueCommand({ SecretId: NAME, VersionStage: 'AWSCURRENT' }),
      new secrets.DescribeSecretCommand({ SecretId: NAME }),
      new secrets.UpdateSecretCommand({ SecretId: NAME, Description: 'd', ClientRequestToken: token(4) }),
      new secrets.ListSecretsCommand({ MaxResults: 5, Filters: [{ Key: 'name', Values: ['ver'] }] }),
      new secrets.TagResourceCommand({ SecretId: NAME, Tags: [{ Key: 'a', Value: 'b' }] }),
      new secrets.GetRandomPasswordCommand({ PasswordLength: 20, ExcludeCharacters: 'abc' }),
      new secrets.PutResourcePolicyCommand({ SecretId: NAME, ResourcePolicy: policy('secretsmanager:GetSecretValue') }),
      new secrets.DeleteSecretCommand({ SecretId: GONE, RecoveryWindowInDays: 7 }),
    ])),
    ...(await capture.requests(
      's3',
      new s3.S3Client({ ...settings, forcePathStyle: true, requestChecksumCalculation: 'WHEN_REQUIRED' }),
      [
        new s3.CreateBucketCommand({ Bucket: NAME }),
        new s3.PutObjectCommand({
          Bucket: NAME,
          Key: 'a/b c.txt',
          Body: 'text',
          ContentType: 'text/plain',
          Metadata: { a: 'b' },
        }),
        new s3.GetObjectCommand({ Bucket: NAME, Key: 'a/b c.txt', Range: 'bytes=0-2' }),
        new s3.HeadObjectCommand({ Bucket: NAME, Key: 'a/b c.txt' }),
        new s3.ListObjectsV2Command({ Bucket: NAME, Prefix: 'a/', Delimiter: '/', MaxKeys: 10 }),
        new s3.CopyObjectCommand({ Bucket: NAME, Key: 'copy', CopySource: `${NAME}/a/b%20c.txt` }),
        new s3.PutObjectTaggingCommand({ Bucket: NAME, Key: 'copy', Tagging: { TagSet: [{ Key: 'a', Value: 'b' }] } }),
        new s3.DeleteObjectsCommand({ Bucket: NAME, Delete: { Objects: [{ Key: 'x' }, { Key: 'y' }] } }),
        new s3.CreateMultipartUploadCommand({ Bucket: NAME, Key: 'big' }),
        new s3.UploadPartCommand({ Bucket: NAME, Key: 'big', UploadId: 'none', PartNumber: 1, Body: 'part' }),
        new s3.CompleteMultipartUploadCommand({
          Bucket: NAME,
          Key: 'big',
          UploadId: 'none',
          MultipartUpload: { Parts: [{ ETag: '"x"', PartNumber: 1 }] },
        }),
        new s3.GetBucketLocationCommand({ Bucket: NAME }),
        new s3.DeleteObjectCommand({ Bucket: NAME, Key: 'copy' }),
      ],
    )),
    ...(await timestreamRequests(capture)),
    ...(await capture.requests('logs', new logs.CloudWatchLogsClient(settings), [
      new logs.CreateLogGroupCommand({ logGroupName: NAME }),
      new logs.CreateLogStreamCommand({ logGroupName: NAME, logStreamName: 's' }),
      new logs.PutLogEventsCommand({
        logGroupName: NAME,
        logStreamName: 's',
        logEvents: [{ timestamp: Date.now(), message: '{"a":1}' }],
      }),
      new logs.FilterLogEventsCommand({ logGroupName: NAME, filterPattern: 'a 1', limit: 10 }),
      new logs.FilterLogEventsCommand({ logGroupName: NAME, filterPattern: '?ERROR ?WARN -"x y"' }),
      new logs.GetLogEventsCommand({ logGroupName: NAME, logStreamName: 's', startFromHead: true }),
      new logs.DescribeLogGroupsCommand({ logGroupNamePrefix: 'v', limit: 5 }),
      new logs.PutRetentionPolicyCommand({ logGroupName: NAME, retentionInDays: 7 }),
    ])),
    ...(await capture.requests('firehose', new firehose.FirehoseClient(settings), [
      new firehose.CreateDeliveryStreamCommand({
        DeliveryStreamName: NAME,
        DeliveryStreamType: 'DirectPut',
        ExtendedS3DestinationConfiguration: {
          RoleARN: roleArn,
          BucketARN: `arn:aws:s3:::${NAME}`,
          Prefix: 'lines/',
          BufferingHints: { IntervalInSeconds: 60, SizeInMBs: 5 },
        },
      }),
      new firehose.ListDeliveryStreamsCommand({ Limit: 5 }),
      new firehose.DescribeDeliveryStreamCommand({ DeliveryStreamName: NAME }),
      new firehose.PutRecordCommand({ DeliveryStreamName: NAME, Record: { Data: Buffer.from('line\n') } }),
      new firehose.PutRecordBatchCommand({ DeliveryStreamName: NAME, Records: [{ Data: Buffer.from('line\n') }] }),
    ])),
  ];
}

function dynamodbRequests(capture: Capture): Promise<CorpusRequest[]> {
  const key = { id: { S: 'a' }, n: { N: '1' } };
  return capture.requests('dynamodb', new dynamodb.DynamoDBClient(capture.settings), [
    new dynamodb.CreateTableCommand({
      TableName: NAME,
      AttributeDefinitions: [
        { AttributeName: 'id', AttributeType: 'S' },
        { AttributeName: 'n', AttributeType: 'N' },
      ],
      KeySchema: [
        { AttributeName: 'id', KeyType: 'HASH' },
        { AttributeName: 'n', KeyType: 'RANGE' },
      ],
      BillingMode: 'PAY_PER_REQUEST',
    }),
    new dynamodb.PutItemCommand({
      TableName: NAME,
      Item: { ...key, entries: { L: [{ BOOL: true }, { NULL: true }] }, doc: { M: { a: { B: Buffer.from('x') } } } },
      ConditionExpression: 'attribute_not_exists(#v) OR #v < :v',
      ExpressionAttributeNames: { '#v': 'version' },
      ExpressionAttributeValues: { ':v': { N: '5' } },
    }),
    new dynamodb.GetItemCommand({ TableName: NAME, Key: key, ProjectionExpression: 'id, doc.a, entries[0]' }),
    new dynamodb.UpdateItemCommand({
      TableName: NAME,
      Key: key,
      UpdateExpression:
        'SET #c = if_not_exists(#c, :zero) + :one, labels = list_append(:l, :l) REMOVE gone ADD amount :one',
      ExpressionAttributeNames: { '#c': 'count' },
      ExpressionAttributeValues: { ':zero': { N: '0' }, ':one': { N: '1' }, ':l': { L: [{ S: 'x' }] } },
      ReturnValues: 'ALL_NEW',
    }),
    new dynamodb.QueryCommand({
      TableName: NAME,
      KeyConditionExpression: 'id = :id AND n BETWEEN :a AND :b',
      FilterExpression: 'contains(#t, :x) OR size(entries) > :a',
      ExpressionAttributeNames: { '#t': 'labels' },
      ExpressionAttributeValues: { ':id': { S: 'a' }, ':a': { N: '0' }, ':b': { N: '9' }, ':x': { S: 'x' } },
      Limit: 5,
    }),
    new dynamodb.ScanCommand({ TableName: NAME, Limit: 5, Segment: 0, TotalSegments: 2 }),
    new dynamodb.BatchWriteItemCommand({
      RequestItems: {
        [NAME]: [{ PutRequest: { Item: key } }, { DeleteRequest: { Key: { id: { S: 'z' }, n: { N: '2' } } } }],
      },
    }),
    new dynamodb.TransactWriteItemsCommand({
      TransactItems: [
        { Put: { TableName: NAME, Item: { id: { S: 't' }, n: { N: '3' } } } },
        { Delete: { TableName: NAME, Key: { id: { S: 'u' }, n: { N: '3' } } } },
      ],
    }),
    new dynamodb.DescribeTableCommand({ TableName: NAME }),
    new dynamodb.ListTablesCommand({ Limit: 3 }),
    new dynamodb.DeleteItemCommand({ TableName: NAME, Key: key, ReturnValues: 'ALL_OLD' }),
    new dynamodb.UpdateTimeToLiveCommand({
      TableName: NAME,
      TimeToLiveSpecification: { AttributeName: 'ttl', Enabled: true },
    }),
  ]);
}

async function timestreamRequests(capture: Capture): Promise<CorpusRequest[]> {
  const { settings } = capture;
  const table = { DatabaseName: NAME, TableName: NAME };
  const time = String(Date.now());
  const sql = (QueryString: string) => new query.QueryCommand({ QueryString });
  return [
    ...(await capture.requests('timestream', new write.TimestreamWriteClient(settings), [
      new write.CreateDatabaseCommand({ DatabaseName: NAME }),
      new write.CreateTableCommand({
        ...table,
        RetentionProperties: { MemoryStoreRetentionPeriodInHours: 12, MagneticStoreRetentionPeriodInDays: 7 },
      }),
      new write.WriteRecordsCommand({
        ...table,
        CommonAttributes: {
          Dimensions: [{ Name: 'device', Value: 'a' }],
          Time: time,
          TimeUnit: 'MILLISECONDS',
          Version: 1,
        },
        Records: [
          {
            MeasureName: 'm',
            MeasureValueType: 'MULTI',
            MeasureValues: [
              { Name: 'v', Value: '1.5', Type: 'DOUBLE' },
              { Name: 'n', Value: '3', Type: 'BIGINT' },
              { Name: 's', Value: 'x', Type: 'VARCHAR' },
              { Name: 't', Value: time, Type: 'TIMESTAMP' },
            ],
          },
          { MeasureName: 'single', MeasureValue: '2', MeasureValueType: 'DOUBLE' },
        ],
      }),
      new write.DescribeTableCommand(table),
      new write.UpdateTableCommand({
        ...table,
        RetentionProperties: { MemoryStoreRetentionPeriodInHours: 24, MagneticStoreRetentionPeriodInDays: 7 },
      }),
      new write.ListTablesCommand({ DatabaseName: NAME, MaxResults: 3 }),
      new write.DescribeDatabaseCommand({ DatabaseName: NAME }),
    ])),
    ...(await capture.requests('timestream', new query.TimestreamQueryClient(settings), [
      sql('SELECT 1'),
      sql(
        `SELECT device, bin(time, 1m) AS minute, avg(v) FROM "${NAME}"."${NAME}" WHERE time > ago(1h) GROUP BY 1, 2 ORDER BY 2 DESC LIMIT 10`,
      ),
      sql(
        `WITH x AS (SELECT *, row_number() OVER (PARTITION BY device ORDER BY time) AS r FROM "${NAME}"."${NAME}") SELECT max_by(v, time), count(DISTINCT s) FROM x WHERE r < 5 AND measure_name LIKE 'm%'`,
      ),
      sql(
        `SELECT measure_value::double, to_milliseconds(time), CASE WHEN n > 1 THEN 'a' ELSE NULL END FROM "${NAME}"."${NAME}" WHERE s IN ('x', 'y') OR v BETWEEN 1 AND 2`,
      ),
      sql(
        "SELECT date_trunc('hour', now()), parse_duration('1h'), array[1, 2], regexp_like('a', '[a-z]+'), cast('1' AS bigint)",
      ),
      sql('SHOW DATABASES'),
      sql(`DESCRIBE "${NAME}"."${NAME}"`),
      new query.PrepareQueryCommand({ QueryString: `SELECT v FROM "${NAME}"."${NAME}"` }),
      new query.CancelQueryCommand({ QueryId: 'AEDQCANPQ' }),
    ])),
  ];
}

function token(number: number): string {
  return `00000000-0000-4000-8000-${String(number).padStart(12, '0')}`;
}

function policy(action: string): string {
  const statement = {
    Effect: 'Deny',
    Principal: { AWS: 'arn:aws:iam::111122223333:role/nobody' },
    Action: action,
    Resource: '*',
  };
  return JSON.stringify({ Version: '2012-10-17', Statement: [statement] });
}
