import { flat, list, ofType, type Resource, synthesize } from './synthesized.ts';

const { resources, telemetry } = synthesize();

function rule(name: string): Resource {
  const found = ofType(resources, 'AWS::IoT::TopicRule').find(([, { Properties }]) => Properties.RuleName === name);
  if (found === undefined) throw new Error(`no rule ${name}`);
  return found[1];
}

function resource(id: string): Resource {
  const found = resources.get(`telemetry/${id}`);
  if (found === undefined) throw new Error(`no resource ${id}`);
  return found;
}

const queueOf = (action: { Sqs: { QueueUrl: { Ref: string } } }) => action.Sqs.QueueUrl.Ref;

describe.each(['telemetry', 'event'])('rule of the %s channel', (channel) => {
  const payload = rule(`fleetwright_dev_${channel}`).Properties.TopicRulePayload;

  test('sends the whole payload, undecoded, with where it came from', () => {
    expect(payload.Sql).toBe(
      `SELECT encode(*, 'base64') AS payload, topic() AS topic, clientid() AS clientId, principal() AS principal, ` +
        `timestamp() AS receivedAt, traceid() AS traceId FROM 'fleetwright-dev/+/+/+/${channel}'`,
    );
    expect(payload.AwsIotSqlVersion).toBe('2016-03-23');
  });

  test('feeds the ingest queue and the archive, each message as one line', () => {
    expect(queueOf(payload.Actions[0])).toMatch(/^IngestQueue/);
    expect(payload.Actions[1].Firehose).toMatchObject({ Separator: '\n', BatchMode: false });
  });
});

test('every rule has an error action, a role it waits for, and is switched on', () => {
  const rules = ofType(resources, 'AWS::IoT::TopicRule');
  expect(rules.filter(([id]) => id.startsWith('telemetry/'))).toHaveLength(3);
  for (const [, { Properties, DependsOn: dependsOn }] of rules) {
    const { ErrorAction: errorAction, RuleDisabled: disabled } = Properties.TopicRulePayload;
    expect(queueOf(errorAction)).toMatch(/ErrorsQueue/);
    expect(disabled).toBe(false);
    expect(dependsOn).toEqual(expect.arrayContaining([expect.stringMatching(/RoleDefaultPolicy/)]));
  }
});

test('the health rule writes whole numbers and text only, to a table of its own', () => {
  const payload = rule('fleetwright_dev_health').Properties.TopicRulePayload;
  expect(payload.Sql).toBe(
    'SELECT round(battery * 10) AS battery_permille, round(signal) AS signal_dbm, ' +
      'round(memoryFree) AS memory_free_bytes, firmware, bootId AS boot_id, sequence, ' +
      'round(diskFree) AS disk_free_bytes, round(cpu * 10) AS cpu_permille, ' +
      'round(temperature * 10) AS temperature_decidegrees, round(uptime) AS uptime_seconds, ' +
      'round(errors) AS error_count, round(samplesWaiting) AS samples_waiting, ' +
      'round(samplesDropped) AS samples_dropped ' +
      "FROM 'fleetwright-dev/+/+/+/health'",
  );
  const [{ Timestream: action }] = payload.Actions;
  expect(action.Dimensions).toEqual([
    { Name: 'thing_name', Value: '${topic(4)}' },
    { Name: 'site', Value: '${topic(2)}' },
    { Name: 'device_type', Value: '${topic(3)}' },
  ]);
  expect(action.Timestamp).toEqual({ Value: '${time}', Unit: 'MILLISECONDS' });
  expect(resource(action.TableName['Fn::GetAtt'][0]).Properties.TableName).toBe('health');
});

test('the ingest function reads the queue in batches and reports failures one by one', () => {
  const mappings = ofType(resources, 'AWS::Lambda::EventSourceMapping');
  const [, mapping] = mappings.find(([id]) => id.startsWith('telemetry/IngestMapping')) ?? [];
  expect(mapping?.Properties).toMatchObject({
    BatchSize: 1000,
    MaximumBatchingWindowInSeconds: 1,
    FunctionResponseTypes: ['ReportBatchItemFailures'],
    ScalingConfig: { MaximumConcurrency: 10 },
  });
  const ingest = resource(mapping?.Properties.FunctionName.Ref);
  const queue = resource(mapping?.Properties.EventSourceArn['Fn::GetAtt'][0]);
  // Lambda developer guide, "Amazon SQS": at least six times the timeout of the function.
  expect(queue.Properties.VisibilityTimeout).toBeGreaterThanOrEqual(6 * ingest.Properties.Timeout);
  expect(mapping?.DependsOn).toEqual(expect.arrayContaining([expect.stringMatching(/RoleDefaultPolicy/)]));
});

test('every queue has a dead-letter queue or is one, keeps messages 14 days and is encrypted', () => {
  const queues = ofType(resources, 'AWS::SQS::Queue');
  const ends = queues.filter(([id]) => /(Failed|FailedRuns|Rejected|Errors)Queue/.test(id));
  for (const end of ['IngestFailed', 'IngestRejected', 'RuleErrors', 'RollupsFailedRuns', 'RollupsRecomputeFailed']) {
    expect(ends.map(([id]) => id)).toContainEqual(expect.stringMatching(`^telemetry/${end}Queue`));
  }
  for (const [id, { Properties }] of queues) {
    expect(Properties.SqsManagedSseEnabled).toBe(true);
    expect(Properties.MessageRetentionPeriod).toBe(14 * 86_400);
    if (!ends.some(([end]) => end === id)) {
      expect(flat(Properties.RedrivePolicy.deadLetterTargetArn)).toMatch(/FailedQueue.*\.Arn/);
      expect(Properties.RedrivePolicy.maxReceiveCount).toBeGreaterThanOrEqual(5);
    }
  }
});

test('an alarm goes off for every dead-letter queue and every function in the way of data', () => {
  const watched = ofType(resources, 'AWS::CloudWatch::Alarm').flatMap(([, { Properties }]) =>
    Properties.Dimensions === undefined ? [] : [`${Properties.MetricName} ${flat(Properties.Dimensions[0].Value)}`],
  );
  for (const pattern of [
    /MessagesVisible <IngestFailedQueue/,
    /MessagesVisible <IngestRejectedQueue/,
    /MessagesVisible <RuleErrorsQueue/,
    /Errors <IngestFunction/,
    /Errors <FleetProvisioningHookFunction/,
    /AgeOfOldestMessage <IngestQueue/,
    /MessagesVisible <RollupsFailedRunsQueue/,
    /MessagesVisible <RollupsRecomputeFailedQueue/,
  ]) {
    expect(watched).toContainEqual(expect.stringMatching(pattern));
  }
});

test('Timestream takes late records, keeps reports of what it refuses, and partitions by thing', () => {
  const tables = ofType(resources, 'AWS::Timestream::Table').filter(([id]) => id.startsWith('telemetry/HotStore'));
  expect(tables).toHaveLength(3);
  for (const [, { Properties }] of tables) {
    expect(Properties.RetentionProperties).toEqual({
      MemoryStoreRetentionPeriodInHours: '168',
      MagneticStoreRetentionPeriodInDays: '365',
    });
    expect(Properties.MagneticStoreWriteProperties).toMatchObject({
      EnableMagneticStoreWrites: true,
      MagneticStoreRejectedDataLocation: {
        S3Configuration: {
          ObjectKeyPrefix: `timestream-rejects/${Properties.TableName}`,
          EncryptionOption: 'SSE_S3',
        },
      },
    });
    expect(Properties.Schema.CompositePartitionKey).toEqual([
      { Type: 'DIMENSION', Name: 'thing_name', EnforcementInRecord: 'REQUIRED' },
    ]);
  }
});

test('the archive gathers messages into compressed files and is closed to the public', () => {
  const stream = resource('RawArchiveStream153B79CD');
  expect(stream.Properties.ExtendedS3DestinationConfiguration).toMatchObject({
    CompressionFormat: 'GZIP',
    BufferingHints: { IntervalInSeconds: 60, SizeInMBs: 16 },
    Prefix: 'raw/date=!{timestamp:yyyy-MM-dd}/hour=!{timestamp:HH}/',
    CloudWatchLoggingOptions: { Enabled: true },
  });
  const bucket = resource('RawArchiveBucket3CBB4637');
  expect(bucket.Properties.PublicAccessBlockConfiguration).toEqual({
    BlockPublicAcls: true,
    BlockPublicPolicy: true,
    IgnorePublicAcls: true,
    RestrictPublicBuckets: true,
  });
  expect(bucket.Properties.BucketEncryption).toBeDefined();
  expect(bucket.Properties.LifecycleConfiguration.Rules).toHaveLength(2);
});

test('buckets and queues refuse calls without TLS', () => {
  const policies = ofType(resources, 'AWS::S3::BucketPolicy', 'AWS::SQS::QueuePolicy');
  expect(policies.length).toBeGreaterThanOrEqual(5);
  for (const [, { Properties }] of policies) {
    expect(list(Properties.PolicyDocument.Statement)).toContainEqual(
      expect.objectContaining({ Effect: 'Deny', Condition: { Bool: { 'aws:SecureTransport': 'false' } } }),
    );
  }
});

test('tables grow with use and can be restored to any second', () => {
  const tables = ofType(resources, 'AWS::DynamoDB::Table');
  expect(tables.length).toBeGreaterThanOrEqual(2);
  for (const [, { Properties }] of tables) {
    expect(Properties.BillingMode).toBe('PAY_PER_REQUEST');
    expect(Properties.PointInTimeRecoverySpecification).toEqual({ PointInTimeRecoveryEnabled: true });
  }
});

test('without a strict channel there is no table of received sequences and no permission for one', () => {
  const lax = synthesize({
    fleetwright: {
      project: 'fleetwright',
      stages: {
        dev: {
          provisioning: { sites: ['north'], deviceTypes: ['pump-station'] },
          channels: { event: { basicIngest: false, strictReplay: false } },
        },
      },
    },
  });
  lax.telemetry.resourceCountIs('AWS::DynamoDB::Table', 0);
  expect(JSON.stringify(lax.telemetry.toJSON())).not.toContain('dynamodb:');
});

test('outputs name what operators and tools ask for', () => {
  expect(Object.keys(telemetry.toJSON().Outputs)).toEqual(
    expect.arrayContaining([
      'ArchiveBucketName',
      'DatabaseName',
      'DeliveryStreamName',
      'FailedQueueUrl',
      'HealthTableName',
      'HotStoreKind',
      'HourTableName',
      'IngestQueueUrl',
      'LakeBufferSeconds',
      'LakeDatabaseName',
      'LakeWorkGroupName',
      'LateSlotsFailedQueueUrl',
      'MinuteTableName',
      'RejectedQueueUrl',
      'RollupFailedQueueUrl',
      'RuleErrorQueueUrl',
      'TelemetryTableName',
      'TwinTableName',
    ]),
  );
});
