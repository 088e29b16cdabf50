import cdkJson from '../../cdk.json' with { type: 'json' };
import { addPlatform } from '../../lib/platform.ts';
import { flat, list, newApp, ofType, type Resource, synthesize } from './synthesized.ts';

const ARN = 'arn:<Partition>:iot:<Region>:<AccountId>';
const { stages, ...more } = cdkJson.context.fleetwright;
const configured = (settings: object) => ({
  fleetwright: { ...more, stages: { dev: { ...stages.dev, ...settings } } },
});

/** Everything that is off by default, on. */
const EVERYTHING = configured({
  alarms: { emails: ['operator@example.com'], actionArns: ['arn:aws:sns:us-east-1:123456789012:pager'] },
  security: {
    audit: { ownAccountSettings: true, frequency: 'WEEKLY', dayOfWeek: 'SUN' },
    detect: {
      sourceIpRanges: ['10.0.0.0/8'],
      listeningTcpPorts: [22],
      customMetrics: [{ name: 'open-doors', above: 2 }],
      groups: { 'harbour-pumps': { messagesSent: 50, disconnects: null } },
    },
    quarantine: { automatic: true },
    logging: { ownAccountSettings: true, level: 'INFO' },
  },
  observability: { offlinePercent: 20, monthlyBudget: 100 },
});

const byDefault = synthesize();
const all = synthesize(EVERYTHING);
const of = (resources: ReadonlyMap<string, Resource>, ...types: string[]) =>
  ofType(resources, ...types)
    .filter(([id]) => /^(security|observability)\//.test(id))
    .map(([, resource]) => resource);

test('with everything on, the AWS Solutions checks and the CloudFormation rules pass', () => {
  const app = newApp({ ...EVERYTHING, 'fleetwright:skipNag': false });
  addPlatform(app);
  expect(() => app.synth()).not.toThrow();
});

test('settings that belong to the whole account are not owned unless asked for', () => {
  const types = ['AWS::IoT::AccountAuditConfiguration', 'AWS::IoT::ScheduledAudit', 'AWS::IoT::Logging'];
  expect(ofType(byDefault.resources, ...types)).toEqual([]);
  expect(ofType(all.resources, ...types)).toHaveLength(3);
});

test('nothing is quarantined automatically unless asked for, and then for findings and violations alike', () => {
  const subscriptions = (resources: ReadonlyMap<string, Resource>) =>
    of(resources, 'AWS::SNS::Subscription').filter(({ Properties }) => Properties.Protocol === 'sqs');
  expect(subscriptions(byDefault.resources)).toEqual([]);
  const [subscription] = subscriptions(all.resources);
  expect(subscription?.Properties).toMatchObject({ RawMessageDelivery: true });
  expect(flat(subscription?.Properties.TopicArn)).toMatch(/^<FindingsTopic/);
});

test('an audit that is owned tells the findings topic, and schedules only checks that it enables', () => {
  const [configuration] = of(all.resources, 'AWS::IoT::AccountAuditConfiguration');
  const [audit] = of(all.resources, 'AWS::IoT::ScheduledAudit');
  const enabled = Object.entries(configuration?.Properties.AuditCheckConfigurations as Record<string, object>);
  expect(enabled.every(([, check]) => (check as { Enabled: boolean }).Enabled)).toBe(true);
  const names = enabled.map(([name]) => name.toUpperCase()).sort();
  const scheduled = audit?.Properties.TargetCheckNames.map((name: string) => name.replaceAll('_', ''));
  expect(names).toEqual(scheduled.sort());
  expect(audit?.Properties).toMatchObject({ Frequency: 'WEEKLY', DayOfWeek: 'SUN' });
  const target = configuration?.Properties.AuditNotificationTargetConfigurations.Sns;
  expect(flat(target.TargetArn)).toMatch(/^<FindingsTopic/);
  expect(audit?.DependsOn).toEqual(expect.arrayContaining([expect.stringMatching(/^AuditConfiguration/)]));
});

test('a stage expects something of all its devices, and alerts the findings topic', () => {
  const [profile, ...others] = of(byDefault.resources, 'AWS::IoT::SecurityProfile');
  expect(others).toEqual([]);
  const { Behaviors: behaviors, TargetArns: targets, AlertTargets: alerts } = profile?.Properties ?? {};
  expect(behaviors.map(({ Name, Metric }: { Name: string; Metric: string }) => `${Name} ${Metric}`)).toEqual([
    'messages-sent aws:num-messages-sent',
    'message-size aws:message-byte-size',
    'connection-attempts aws:num-connection-attempts',
    'disconnects aws:num-disconnects',
    'authorization-failures aws:num-authorization-failures',
    'bytes-out aws:all-bytes-out',
    'established-connections aws:num-established-tcp-connections',
  ]);
  expect(targets.map(flat)).toEqual([`${ARN}:thinggroup/fleetwright-dev`]);
  expect(flat(alerts.SNS.AlertTargetArn)).toMatch(/^<FindingsTopic/);
});

test('addresses, ports, custom metrics and further groups come from the configuration', () => {
  const profiles = of(all.resources, 'AWS::IoT::SecurityProfile');
  const named = (name: string) =>
    profiles.find(({ Properties }) => Properties.SecurityProfileName === name)?.Properties.Behaviors as {
      Name: string;
      Metric: string;
      Criteria: object;
    }[];
  const own = named('fleetwright-dev-devices');
  expect(own).toContainEqual(
    expect.objectContaining({
      Metric: 'aws:source-ip-address',
      Criteria: expect.objectContaining({ ComparisonOperator: 'in-cidr-set', Value: { Cidrs: ['10.0.0.0/8'] } }),
    }),
  );
  expect(own).toContainEqual(
    expect.objectContaining({
      Metric: 'aws:listening-tcp-ports',
      Criteria: expect.objectContaining({ ComparisonOperator: 'in-port-set', Value: { Ports: [22] } }),
    }),
  );
  expect(own).toContainEqual(
    expect.objectContaining({
      Metric: 'fleetwright-dev-open-doors',
      Criteria: expect.objectContaining({ Value: { Number: 2 } }),
    }),
  );
  const [metric] = of(all.resources, 'AWS::IoT::CustomMetric');
  expect(metric?.Properties).toMatchObject({ MetricName: 'fleetwright-dev-open-doors', MetricType: 'number' });
  const group = named('fleetwright-dev-group-harbour-pumps');
  expect(group.map(({ Name }) => Name)).not.toContain('disconnects');
  expect(group).toContainEqual(
    expect.objectContaining({
      Name: 'messages-sent',
      Criteria: expect.objectContaining({ Value: { Count: '50' }, DurationSeconds: 300 }),
    }),
  );
});

test('the quarantine policy denies everything, and is attached to the group before the function needs it', () => {
  const policy = of(byDefault.resources, 'AWS::IoT::Policy')[0]?.Properties;
  expect(policy.PolicyDocument.Statement).toEqual([{ Effect: 'Deny', Action: 'iot:*', Resource: '*' }]);
  const [attachment] = of(byDefault.resources, 'Custom::GroupPolicy');
  expect(flat(attachment?.Properties.GroupArn)).toBe(`${ARN}:thinggroup/fleetwright-dev-quarantine`);
  expect(attachment?.DependsOn).toEqual(
    expect.arrayContaining([
      expect.stringMatching(/^QuarantineGroupPolicyRoleDefaultPolicy/),
      expect.stringMatching(/^QuarantineGroup[0-9A-F]{8}$/),
    ]),
  );
});

test('what waits for the quarantine waits out its retries, and ends in a dead-letter queue', () => {
  const [mapping] = of(all.resources, 'AWS::Lambda::EventSourceMapping');
  expect(mapping?.Properties).toMatchObject({ FunctionResponseTypes: ['ReportBatchItemFailures'] });
  const queue = all.resources.get(`security/${mapping?.Properties.EventSourceArn['Fn::GetAtt'][0]}`)?.Properties;
  const target = all.resources.get(`security/${mapping?.Properties.FunctionName.Ref}`)?.Properties;
  expect(queue.VisibilityTimeout).toBeGreaterThanOrEqual(6 * target.Timeout);
  expect(flat(queue.RedrivePolicy.deadLetterTargetArn)).toMatch(/QuarantineFailedQueue/);
});

/** Actions that the service authorization reference gives no resource type, in the roles of these stacks. */
const WITHOUT_RESOURCE_TYPE = new Set([
  'cloudwatch:PutMetricData',
  'iot:DescribeEndpoint',
  'iot:ListAuditFindings',
  'iot:ListPrincipalThings',
  'xray:PutTelemetryRecords',
  'xray:PutTraceSegments',
]);

function statementsOf(resources: ReadonlyMap<string, Resource>, role: RegExp) {
  return ofType(resources, 'AWS::IAM::Policy')
    .filter(([id]) => role.test(id))
    .flatMap(([, { Properties }]) => list<Record<string, unknown>>(Properties.PolicyDocument.Statement));
}

const actionsOf = (resources: ReadonlyMap<string, Resource>, role: RegExp) =>
  statementsOf(resources, role)
    .flatMap(({ Action }) => list(Action as string))
    .sort();

test('with everything on, every role but the audit names what it acts on', () => {
  for (const statement of statementsOf(all.resources, /^(security|observability)\/(?!AuditRole)/)) {
    for (const action of list(statement.Action as string)) {
      expect(action).not.toContain('*');
      if (list(statement.Resource).map(flat).includes('*')) expect(WITHOUT_RESOURCE_TYPE).toContain(action);
    }
  }
});

test('an audit reads, and does nothing else', () => {
  const actions = actionsOf(all.resources, /^security\/AuditRole/);
  expect(actions.length).toBeGreaterThan(10);
  for (const action of actions) expect(action).toMatch(/^(iot|iam):(Get|List|Describe)/);
});

test('the quarantine function may do exactly what it does', () => {
  const always = [
    'dynamodb:GetItem',
    'dynamodb:PutItem',
    'iot:AddThingToThingGroup',
    'iot:DeleteConnection',
    'iot:DescribeCertificate',
    'iot:DescribeEndpoint',
    'iot:DescribeThing',
    'iot:GetConnection',
    'iot:ListThingGroupsForThing',
    'iot:ListThingPrincipals',
    'iot:RemoveThingFromThingGroup',
    'iot:UpdateCertificate',
    'logs:CreateLogStream',
    'logs:PutLogEvents',
    'sqs:DeleteMessage',
    'sqs:GetQueueAttributes',
    'sqs:ReceiveMessage',
    'sqs:SendMessage',
    'xray:PutTelemetryRecords',
    'xray:PutTraceSegments',
  ];
  const role = /^security\/QuarantineDeviceRole/;
  expect(actionsOf(byDefault.resources, role)).toEqual(always);
  const automatic = ['dynamodb:UpdateItem', 'iot:ListAuditFindings', 'iot:ListPrincipalThings'];
  expect(actionsOf(all.resources, role)).toEqual([...always, ...automatic].sort());
});

test('the function that attaches the quarantine policy may touch its one group', () => {
  const statements = statementsOf(byDefault.resources, /^security\/QuarantineGroupPolicyRole/);
  const attach = statements.find(({ Sid }) => Sid === 'AttachToGroup');
  expect(attach?.Action).toEqual(['iot:AttachPolicy', 'iot:DetachPolicy']);
  expect(list(attach?.Resource).map(flat)).toEqual([`${ARN}:thinggroup/fleetwright-dev-quarantine`]);
});
