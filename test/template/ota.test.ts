import cdkJson from '../../cdk.json' with { type: 'json' };
import { flat, list, ofType, type Resource, synthesize } from './synthesized.ts';

const certificateArn = 'arn:aws:acm:us-east-1:123456789012:certificate/0';
const { fleetwright } = cdkJson.context;
const withOta = (ota: object) =>
  synthesize({ fleetwright: { ...fleetwright, defaults: { ...fleetwright.defaults, ota } } }).resources;

const kms = synthesize().resources;
const signer = withOta({ signing: { method: 'signer', certificateArn } });

function own(resources: ReadonlyMap<string, Resource>, type: string): [string, Resource][] {
  return ofType(resources, type).filter(([id]) => id.startsWith('ota/'));
}

interface Statement {
  readonly Action: string | string[];
  readonly Resource: unknown;
  readonly Condition?: unknown;
}

function statementsOf(resources: ReadonlyMap<string, Resource>, role: string): Statement[] {
  return own(resources, 'AWS::IAM::Policy')
    .filter(([id]) => id.includes(role))
    .flatMap(([, { Properties }]) => list<Statement>(Properties.PolicyDocument.Statement));
}

const actionsOf = (resources: ReadonlyMap<string, Resource>, role: string) =>
  statementsOf(resources, role)
    .flatMap(({ Action }) => list(Action))
    .filter((action) => !action.startsWith('xray:'))
    .sort();

test('firmware lies in a bucket that keeps versions, encrypts, and answers over TLS alone', () => {
  const [[id, { Properties }] = ['', { Properties: {} }]] = own(kms, 'AWS::S3::Bucket');
  expect(Properties.VersioningConfiguration).toEqual({ Status: 'Enabled' });
  expect(JSON.stringify(Properties.BucketEncryption)).toContain('AES256');
  expect(Object.values(Properties.PublicAccessBlockConfiguration)).toEqual([true, true, true, true]);
  const [policy] = own(kms, 'AWS::S3::BucketPolicy').map(([, resource]) => resource);
  expect(JSON.stringify(policy?.Properties)).toContain('{"Bool":{"aws:SecureTransport":"false"}}');
  expect(flat(policy?.Properties.Bucket)).toBe(`<${id.replace('ota/', '')}>`);
  const rules = Properties.LifecycleConfiguration.Rules;
  expect(rules.find(({ Id }: { Id: string }) => Id === 'replaced')).toMatchObject({
    NoncurrentVersionExpiration: { NoncurrentDays: 90 },
  });
});

test('the upload of a manifest is told to a queue, whose policy is there before the bucket', () => {
  const [[, bucket] = ['', undefined]] = own(kms, 'AWS::S3::Bucket');
  const [notification] = bucket?.Properties.NotificationConfiguration.QueueConfigurations ?? [];
  expect(notification).toMatchObject({
    Event: 's3:ObjectCreated:*',
    Filter: {
      S3Key: {
        Rules: [
          { Name: 'prefix', Value: 'uploads/' },
          { Name: 'suffix', Value: '/manifest.json' },
        ],
      },
    },
  });
  const policies = own(kms, 'AWS::SQS::QueuePolicy');
  const [policyId] = policies.find(([, policy]) => JSON.stringify(policy).includes('s3.amazonaws.com')) ?? [''];
  expect(bucket?.DependsOn).toContain(policyId.replace('ota/', ''));
});

test('the key is P-256, signs and verifies, and nothing else', () => {
  const [[, key] = ['', undefined]] = own(kms, 'AWS::KMS::Key');
  expect(key?.Properties).toMatchObject({ KeySpec: 'ECC_NIST_P256', KeyUsage: 'SIGN_VERIFY' });
  expect(own(signer, 'AWS::KMS::Key')).toEqual([]);
});

test('with AWS Signer the profile is made for the IoT platform, on the certificate of the configuration', () => {
  const [[, profile] = ['', undefined]] = own(signer, 'Custom::SigningProfile');
  expect(profile?.Properties).toMatchObject({
    NamePrefix: 'fleetwright_dev_firmware',
    PlatformId: 'AWSIoTDeviceManagement-SHA256-ECDSA',
    CertificateArn: certificateArn,
  });
  expect(own(kms, 'Custom::SigningProfile')).toEqual([]);
});

test('AWS Signer without a certificate is refused by name', () => {
  expect(() => withOta({ signing: { method: 'signer' } })).toThrow(/ota.signing.certificateArn/);
});

const QUEUE = [
  'logs:CreateLogStream',
  'logs:PutLogEvents',
  'sqs:DeleteMessage',
  'sqs:GetQueueAttributes',
  'sqs:ReceiveMessage',
  'sqs:SendMessage',
];
const RELEASE = ['dynamodb:GetItem', 'dynamodb:PutItem', 's3:GetObject', 's3:GetObjectVersion', 's3:ListBucket'];

test('the release function may do exactly what it does', () => {
  expect(actionsOf(kms, 'Publisher')).toEqual(
    [...QUEUE, ...RELEASE, 's3:PutObject', 'kms:GetPublicKey', 'kms:Sign'].sort(),
  );
  expect(new Set(actionsOf(signer, 'Publisher'))).toEqual(
    new Set([
      ...QUEUE,
      ...RELEASE,
      's3:PutObject',
      'acm:GetCertificate',
      'signer:DescribeSigningJob',
      'signer:StartSigningJob',
    ]),
  );
});

test('the campaign function may do exactly what it does', () => {
  expect(actionsOf(kms, 'Conductor')).toEqual(
    [
      ...QUEUE,
      'dynamodb:GetItem',
      'dynamodb:GetItem',
      'dynamodb:PutItem',
      'dynamodb:PutItem',
      'dynamodb:Query',
      'iam:PassRole',
      'iot:AddThingToThingGroup',
      'iot:CancelJob',
      'iot:CreateJob',
      'iot:CreateJobTemplate',
      'iot:CreateThingGroup',
      'iot:DeleteJobTemplate',
      'iot:DeleteThingGroup',
      'iot:DescribeCertificate',
      'iot:DescribeEndpoint',
      'iot:DescribeJob',
      'iot:DescribeJobExecution',
      'iot:GetJobDocument',
      'iot:GetThingShadow',
      'iot:ListJobExecutionsForJob',
      'iot:ListThingPrincipals',
      'iot:ListThings',
      'iot:ListThingsInThingGroup',
    ].sort(),
  );
});

test('presigned URLs read releases and nothing else, for an hour at most', () => {
  const [statement, ...more] = statementsOf(kms, 'UrlRole');
  expect(more).toEqual([]);
  expect(statement?.Action).toBe('s3:GetObject');
  expect(flat(statement?.Resource)).toMatch(/^<OtaPipelineFirmwareBucket\w+\.Arn>\/releases\/\*$/);
  const conductor = own(kms, 'AWS::Lambda::Function').find(([id]) => id.includes('Conductor'))?.[1];
  expect(Number(conductor?.Properties.Environment.Variables.URL_SECONDS)).toBeLessThanOrEqual(3_600);
});

test('the role of the URLs is passed to AWS IoT alone', () => {
  const pass = statementsOf(kms, 'Conductor').find(({ Action }) => list(Action).includes('iam:PassRole'));
  expect(flat(pass?.Resource)).toMatch(/^<OtaCampaignsUrlRole\w+\.Arn>$/);
  expect(pass?.Condition).toEqual({ StringEquals: { 'iam:PassedToService': 'iot.amazonaws.com' } });
});

test('somebody is told when a campaign stops itself, firmware is refused, or work is left lying', () => {
  const alarms = own(kms, 'AWS::CloudWatch::Alarm').map(([, { Properties }]) => Properties.MetricName);
  expect(alarms.sort()).toEqual([
    'ApproximateNumberOfMessagesVisible',
    'ApproximateNumberOfMessagesVisible',
    'Errors',
    'Errors',
    'campaignsStopped',
    'uploadsRefused',
  ]);
});

test('queues give their functions six times the time that they have', () => {
  for (const [, { Properties }] of own(kms, 'AWS::Lambda::EventSourceMapping')) {
    const queue = kms.get(`ota/${Properties.EventSourceArn['Fn::GetAtt'][0]}`);
    const consumer = kms.get(`ota/${Properties.FunctionName.Ref}`);
    expect(queue?.Properties.VisibilityTimeout).toBe(6 * consumer?.Properties.Timeout);
    expect(Properties.FunctionResponseTypes).toEqual(['ReportBatchItemFailures']);
  }
});
