import type { PolicyDocument, PolicyStatement } from '../../core/iam/policy-document.ts';
import type { ManagedPolicyRecord } from './records.ts';

/** The dates of AWS's own policies are not kept; this one stands for all. ms since the epoch */
const PUBLISHED = Date.UTC(2015, 3, 9);

/**
 * AWS managed policies that serverless and IoT applications name (AWS managed policy reference, one page per policy).
 * Any other is refused by name: a policy that is not here must not look as if it allowed nothing.
 */
export const AWS_MANAGED_POLICIES: ReadonlyMap<string, ManagedPolicyRecord> = new Map(
  [
    policy('/', 'AdministratorAccess', 'v1', allow(['*'])),
    policy('/service-role/', 'AWSLambdaBasicExecutionRole', 'v1', allow(logWriting())),
    policy(
      '/service-role/',
      'AWSLambdaSQSQueueExecutionRole',
      'v1',
      allow(['sqs:ReceiveMessage', 'sqs:DeleteMessage', 'sqs:GetQueueAttributes', ...logWriting()]),
    ),
    policy(
      '/service-role/',
      'AWSLambdaDynamoDBExecutionRole',
      'v1',
      allow([
        'dynamodb:DescribeStream',
        'dynamodb:GetRecords',
        'dynamodb:GetShardIterator',
        'dynamodb:ListStreams',
        ...logWriting(),
      ]),
    ),
    policy(
      '/service-role/',
      'AWSLambdaKinesisExecutionRole',
      'v2',
      allow([
        'kinesis:DescribeStream',
        'kinesis:DescribeStreamSummary',
        'kinesis:GetRecords',
        'kinesis:GetShardIterator',
        'kinesis:ListShards',
        'kinesis:ListStreams',
        'kinesis:SubscribeToShard',
        ...logWriting(),
      ]),
    ),
    policy('/service-role/', 'AWSLambdaVPCAccessExecutionRole', 'v3', {
      Sid: 'AWSLambdaVPCAccessExecutionPermissions',
      ...allow([
        ...logWriting(),
        'ec2:CreateNetworkInterface',
        'ec2:DescribeNetworkInterfaces',
        'ec2:DescribeSubnets',
        'ec2:DeleteNetworkInterface',
        'ec2:AssignPrivateIpAddresses',
        'ec2:UnassignPrivateIpAddresses',
      ]),
    }),
    policy('/service-role/', 'AWSLambdaRole', 'v1', allow(['lambda:InvokeFunction'])),
    policy(
      '/',
      'AWSXRayDaemonWriteAccess',
      'v2',
      allow([
        'xray:PutTraceSegments',
        'xray:PutTelemetryRecords',
        'xray:GetSamplingRules',
        'xray:GetSamplingTargets',
        'xray:GetSamplingStatisticSummaries',
      ]),
    ),
    policy(
      '/',
      'CloudWatchLambdaInsightsExecutionRolePolicy',
      'v1',
      allow(['logs:CreateLogGroup']),
      allow(['logs:CreateLogStream', 'logs:PutLogEvents'], 'arn:aws:logs:*:*:log-group:/aws/lambda-insights:*'),
    ),
    policy(
      '/service-role/',
      'AWSIoTLogging',
      'v1',
      allow([
        ...logWriting(),
        'logs:PutMetricFilter',
        'logs:PutRetentionPolicy',
        'logs:GetLogEvents',
        'logs:DeleteLogStream',
      ]),
    ),
    policy(
      '/service-role/',
      'AWSIoTRuleActions',
      'v1',
      allow([
        'dynamodb:PutItem',
        'kinesis:PutRecord',
        'iot:Publish',
        's3:PutObject',
        'sns:Publish',
        'sqs:SendMessage*',
        'cloudwatch:SetAlarmState',
        'cloudwatch:PutMetricData',
        'es:ESHttpPut',
        'firehose:PutRecord',
      ]),
    ),
    policy('/service-role/', 'AWSIoTThingsRegistration', 'v3', allow(thingRegistration())),
  ].map((record) => [record.arn, record]),
);

function policy(
  path: string,
  policyName: string,
  versionId: string,
  ...statements: PolicyStatement[]
): ManagedPolicyRecord {
  const document: PolicyDocument = { Version: '2012-10-17', Statement: statements };
  return {
    policyName,
    policyId: `ANPA${policyName.toUpperCase()}`,
    path,
    arn: `arn:aws:iam::aws:policy${path}${policyName}`,
    description: undefined,
    createDate: PUBLISHED,
    updateDate: PUBLISHED,
    versionId,
    document,
    tags: [],
  };
}

function allow(Action: string[], Resource = '*'): PolicyStatement {
  return { Effect: 'Allow', Action, Resource };
}

function logWriting(): string[] {
  return ['logs:CreateLogGroup', 'logs:CreateLogStream', 'logs:PutLogEvents'];
}

function thingRegistration(): string[] {
  return [
    'AddThingToThingGroup',
    'AttachPolicy',
    'AttachPrincipalPolicy',
    'AttachThingPrincipal',
    'CreateCertificateFromCsr',
    'CreatePolicy',
    'CreateThing',
    'DescribeCertificate',
    'DescribeThing',
    'DescribeThingGroup',
    'DescribeThingType',
    'DetachPolicy',
    'DetachThingPrincipal',
    'GetPolicy',
    'ListAttachedPolicies',
    'ListPolicyPrincipals',
    'ListPrincipalPolicies',
    'ListPrincipalThings',
    'ListTargetsForPolicy',
    'ListThingGroupsForThing',
    'ListThingPrincipals',
    'RegisterCertificate',
    'RegisterThing',
    'RemoveThingFromThingGroup',
    'UpdateCertificate',
    'UpdateThing',
    'UpdateThingGroupsForThing',
    'AddThingToBillingGroup',
    'DescribeBillingGroup',
    'RemoveThingFromBillingGroup',
  ].map((action) => `iot:${action}`);
}
