import { flat, list, ofType, type Resource, synthesize } from './synthesized.ts';

const { resources } = synthesize();

const twin = (type: string): [string, Resource][] => ofType(resources, type).filter(([id]) => id.startsWith('twin/'));
const rules = new Map(
  twin('AWS::IoT::TopicRule').map(([, { Properties }]) => [Properties.RuleName, Properties.TopicRulePayload]),
);
const queuesOf = (payload: { Actions: { Sqs: { QueueUrl: { Ref: string } } }[] }) =>
  payload.Actions.map(({ Sqs }) => Sqs.QueueUrl.Ref.replace(/Queue\w+$/, ''));

test.each([
  ['twin_named', '$aws/things/+/shadow/name/+/update/documents', ['HistoryRecorder']],
  ['twin_classic', '$aws/things/+/shadow/update/documents', ['HistoryRecorder']],
  ['drift_named', '$aws/things/+/shadow/name/+/update/documents', ['DriftDetector']],
  ['drift_classic', '$aws/things/+/shadow/update/documents', ['DriftDetector']],
  ['shadow_deleted_named', '$aws/things/+/shadow/name/+/delete/accepted', ['DriftDetector', 'HistoryRecorder']],
  ['shadow_deleted_classic', '$aws/things/+/shadow/delete/accepted', ['DriftDetector', 'HistoryRecorder']],
  ['presence', '$aws/events/presence/+/+', ['PresenceTracker']],
  ['last_will', 'fleetwright-dev/+/+/+/presence', ['PresenceTracker']],
  ['command_outcome', 'fleetwright-dev/+/+/+/outcome', ['CommandTracker']],
])('rule %s carries %s to its queues, of things of its own stage alone', (name, filter, queues) => {
  const payload = rules.get(`fleetwright_dev_${name}`);
  expect(payload.Sql).toContain(`FROM '${filter}'`);
  expect(queuesOf(payload)).toEqual(queues);
  if (filter.startsWith('$aws/'))
    expect(payload.Sql).toMatch(/startswith\((topic\(3\)|clientId), 'fleetwright-dev-'\)/);
  expect(queuesOf({ Actions: [payload.ErrorAction] })).toEqual(['RuleErrors']);
});

test('there are no other rules', () => {
  expect(rules.size).toBe(9);
});

test('every consumer reports failures one by one, and its queue gives it time', () => {
  const mappings = twin('AWS::Lambda::EventSourceMapping').filter(
    ([, { Properties }]) => Properties.EventSourceArn['Fn::GetAtt'] !== undefined,
  );
  expect(mappings).toHaveLength(4);
  for (const [, { DependsOn: dependsOn, Properties }] of mappings) {
    expect(Properties.FunctionResponseTypes).toEqual(['ReportBatchItemFailures']);
    expect(Properties.ScalingConfig.MaximumConcurrency).toBeGreaterThan(1);
    const queue = resources.get(`twin/${Properties.EventSourceArn['Fn::GetAtt'][0]}`);
    const consumer = resources.get(`twin/${Properties.FunctionName.Ref}`);
    expect(queue?.Properties.VisibilityTimeout).toBeGreaterThanOrEqual(6 * consumer?.Properties.Timeout);
    expect(queue?.Properties.RedrivePolicy.maxReceiveCount).toBe(5);
    expect(dependsOn).toEqual(expect.arrayContaining([expect.stringMatching(/RoleDefaultPolicy/)]));
  }
});

test('an alarm goes off for every dead-letter queue and every function of the twin', () => {
  const watched = twin('AWS::CloudWatch::Alarm').map(
    ([, { Properties }]) => `${Properties.MetricName} ${flat(Properties.Dimensions[0].Value)}`,
  );
  const ends = twin('AWS::SQS::Queue').filter(([id]) => /(Failed|Errors)Queue/.test(id));
  expect(ends).toHaveLength(5);
  for (const [id] of ends) {
    const name = id.replace('twin/', '');
    expect(watched).toContain(`ApproximateNumberOfMessagesVisible <${name}.QueueName>`);
  }
  for (const [id] of twin('AWS::Lambda::Function')) expect(watched).toContain(`Errors <${id.replace('twin/', '')}>`);
});

test('functions wait as the configuration says', () => {
  const variables = Object.assign(
    {},
    ...twin('AWS::Lambda::Function').map(([, { Properties }]) => Properties.Environment.Variables),
  );
  expect(variables).toMatchObject({
    RAISE_AFTER_SECONDS: '300',
    CLEAR_AFTER_SECONDS: '60',
    SETTLE_SECONDS: '5',
    OFFLINE_ALERT_SECONDS: '3600',
    KEEP_DAYS: '90',
  });
});

test('history goes to the store of the telemetry stack by its name, without an export to hold on to', () => {
  const statements = twin('AWS::IAM::Policy').flatMap(([, { Properties }]) =>
    list<{ Action: unknown; Resource: unknown }>(Properties.PolicyDocument.Statement),
  );
  const write = statements.find(({ Action }) => list(Action).includes('timestream:WriteRecords'));
  expect(flat(write?.Resource)).toBe(
    'arn:<Partition>:timestream:<Region>:<AccountId>:database/fleetwright-dev/table/twin',
  );
  expect(JSON.stringify([...resources].filter(([id]) => id.startsWith('twin/')))).not.toContain('Fn::ImportValue');
});

test('tables of states can be restored to any second', () => {
  const tables = twin('AWS::DynamoDB::Table');
  expect(tables).toHaveLength(4);
  for (const [, { Properties }] of tables) {
    expect(Properties.PointInTimeRecoverySpecification).toEqual({ PointInTimeRecoveryEnabled: true });
  }
});
