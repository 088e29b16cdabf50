import cdkJson from '../../cdk.json' with { type: 'json' };
import { flat, list, ofType, type Resource, synthesize } from './synthesized.ts';

const { stages, ...more } = cdkJson.context.fleetwright;
const PAGER = 'arn:aws:sns:us-east-1:123456789012:pager';
const { resources } = synthesize();
const all = synthesize({
  fleetwright: {
    ...more,
    stages: {
      dev: {
        ...stages.dev,
        alarms: { emails: ['operator@example.com'], actionArns: [PAGER] },
        observability: { offlinePercent: 20, monthlyBudget: 100 },
      },
    },
  },
}).resources;
const TOPIC = 'arn:<Partition>:sns:<Region>:<AccountId>:fleetwright-dev-alarms';

test('every alarm of every stack notifies the topic of the stage, and what the configuration adds', () => {
  const actions = (of: ReadonlyMap<string, Resource>) =>
    ofType(of, 'AWS::CloudWatch::Alarm').map(([, { Properties }]) => list(Properties.AlarmActions).map(flat));
  expect(actions(resources).length).toBeGreaterThan(12);
  for (const targets of actions(resources)) expect(targets).toEqual([TOPIC]);
  for (const targets of actions(all)) expect(targets).toEqual([TOPIC, PAGER]);
});

test('the alarm topic has the name that alarms know, and takes messages of CloudWatch for this account only', () => {
  const topics = ofType(resources, 'AWS::SNS::Topic').filter(([id]) => id.startsWith('observability/'));
  expect(topics.map(([, { Properties }]) => Properties.TopicName)).toEqual(['fleetwright-dev-alarms']);
  const policy = ofType(resources, 'AWS::SNS::TopicPolicy').find(([id]) => id.startsWith('observability/'))?.[1];
  expect(policy?.Properties.PolicyDocument.Statement).toContainEqual(
    expect.objectContaining({
      Action: 'sns:Publish',
      Principal: { Service: 'cloudwatch.amazonaws.com' },
      Condition: { StringEquals: { 'aws:SourceAccount': { Ref: 'AWS::AccountId' } } },
    }),
  );
});

test('mail goes to those whom the configuration names, of alarms and of findings', () => {
  const mails = ofType(all, 'AWS::SNS::Subscription').filter(([, { Properties }]) => Properties.Protocol === 'email');
  expect(mails.map(([, { Properties }]) => Properties.Endpoint)).toEqual(mails.map(() => 'operator@example.com'));
  expect(new Set(mails.map(([id]) => id.split('/')[0]))).toEqual(new Set(['security', 'observability']));
});

test('each thing that an operator must hear of has an alarm', () => {
  const watched = ofType(all, 'AWS::CloudWatch::Alarm').map(([, { Properties }]) =>
    [
      Properties.Namespace,
      Properties.MetricName,
      ...(Properties.Metrics ?? []).map((one: object) => JSON.stringify(one)),
    ].join(' '),
  );
  for (const pattern of [
    /AWS\/SQS ApproximateAgeOfOldestMessage/,
    /AWS\/SQS ApproximateNumberOfMessagesVisible/,
    /AWS\/Lambda Errors/,
    /AWS\/IoT RuleMessageThrottled/,
    /fleetwright-dev devicesRefused/,
    /fleetwright-dev jobExecutionsFailed/,
    /fleetwright-dev devicesQuarantined/,
    /fleetwright-dev quarantinesOverBound/,
    /AWS\/IoTFleetMetrics/,
  ]) {
    expect(watched).toContainEqual(expect.stringMatching(pattern));
  }
});

test('the share of devices that are offline, and a budget, are watched only where asked for', () => {
  const types = ['AWS::IoT::FleetMetric', 'AWS::Budgets::Budget'];
  expect(ofType(resources, ...types)).toEqual([]);
  expect(
    ofType(all, ...types)
      .map(([, { Type }]) => Type)
      .sort(),
  ).toEqual(['AWS::Budgets::Budget', 'AWS::IoT::FleetMetric', 'AWS::IoT::FleetMetric']);
  const [[, budget] = []] = ofType(all, 'AWS::Budgets::Budget');
  expect(budget?.Properties.Budget).toMatchObject({ BudgetLimit: { Amount: 100, Unit: 'USD' }, TimeUnit: 'MONTHLY' });
});

test('failed job executions of the stage’s own devices are counted', () => {
  const rule = ofType(resources, 'AWS::IoT::TopicRule').find(([id]) => id.startsWith('observability/'))?.[1];
  expect(rule?.Properties.TopicRulePayload.Sql).toBe(
    "SELECT * FROM '$aws/events/jobExecution/+/+' WHERE topic(5) IN ['failed', 'rejected', 'timed_out'] " +
      "AND regexp_matches(thingArn, ':thing/fleetwright-dev-')",
  );
  expect(rule?.Properties.TopicRulePayload.Actions[0].CloudwatchMetric).toMatchObject({
    MetricName: 'jobExecutionsFailed',
    MetricNamespace: 'fleetwright-dev',
  });
});

test('the dashboard shows the way of the data and refers to no other stack', () => {
  const [[, dashboard] = []] = ofType(resources, 'AWS::CloudWatch::Dashboard');
  const body = flat(dashboard?.Properties.DashboardBody);
  const { widgets } = JSON.parse(body) as { widgets: { properties: { title?: string } }[] };
  expect(widgets.length).toBeGreaterThan(10);
  for (const word of ['TopicMatch', 'AgeOfOldestMessage', 'samplesStored', 'devicesRefused', 'devicesQuarantined']) {
    expect(body).toContain(word);
  }
  expect(JSON.stringify(dashboard)).not.toMatch(/ImportValue|GetStackOutput/);
});

test('every function is traced, and has a log group of its own', () => {
  const functions = ofType(resources, 'AWS::Lambda::Function');
  expect(functions.length).toBeGreaterThanOrEqual(5);
  for (const [id, { Properties }] of functions) {
    expect(Properties.TracingConfig).toEqual({ Mode: 'Active' });
    const stack = id.split('/')[0];
    expect(resources.get(`${stack}/${Properties.LoggingConfig.LogGroup.Ref}`)?.Type).toBe('AWS::Logs::LogGroup');
  }
});
