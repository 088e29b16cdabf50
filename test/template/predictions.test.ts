import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import cdkJson from '../../cdk.json' with { type: 'json' };
import { flat, ofType, type Resource, synthesize } from './synthesized.ts';

const { app, resources } = synthesize();

const { fleetwright } = cdkJson.context;
const configured = (own: object) =>
  synthesize({ fleetwright: { ...fleetwright, defaults: { ...fleetwright.defaults, ...own } } }).resources;

function functionOf(name: string, all = resources): Resource | undefined {
  return ofType(all, 'AWS::Lambda::Function').find(
    ([, { Properties }]) => Properties.Environment.Variables.POWERTOOLS_SERVICE_NAME === name,
  )?.[1];
}

function settingsOf(name: string): Record<string, unknown> {
  const hash = functionOf(name)?.Properties.Code.S3Key.replace('.zip', '');
  return JSON.parse(readFileSync(join(app.outdir, `asset.${hash}`, 'settings.json'), 'utf8'));
}

const actionsOf = (channel: string, all = resources) =>
  ofType(all, 'AWS::IoT::TopicRule').find(
    ([, { Properties }]) => Properties.RuleName === `fleetwright_dev_${channel}`,
  )?.[1].Properties.TopicRulePayload.Actions as readonly { Sqs?: { QueueUrl: { Ref: string } } }[];

test('a channel that rules look at also feeds the queue of alerts, and no other does', () => {
  expect(actionsOf('telemetry').map(({ Sqs }) => Sqs?.QueueUrl.Ref.slice(0, 12))).toContain('AlertSamples');
  expect(actionsOf('event').some(({ Sqs }) => Sqs?.QueueUrl.Ref.startsWith('AlertSamples'))).toBe(false);
});

test('health has a rule of its own to that queue, where alert rules look at it', () => {
  const low = { 'battery-low': { measure: 'battery', channel: 'health', below: { raise: 20, clear: 30 } } };
  const all = configured({ alerts: { rules: { 'pump-station': low } } });
  const rule = ofType(all, 'AWS::IoT::TopicRule').find(
    ([, { Properties }]) => Properties.RuleName === 'fleetwright_dev_health_alerts',
  )?.[1].Properties.TopicRulePayload;
  expect(rule?.Sql).toContain("FROM 'fleetwright-dev/+/+/+/health'");
  expect(rule?.Actions[0].Sqs.QueueUrl.Ref).toMatch(/^AlertSamples/);
  expect(actionsOf('telemetry', all).some(({ Sqs }) => Sqs?.QueueUrl.Ref.startsWith('AlertSamples'))).toBe(false);
  expect(actionsOf('health_alerts')).toBeUndefined();
});

test('the evaluation takes that queue in batches, by the name that the telemetry stack gives it', () => {
  const mapping = ofType(resources, 'AWS::Lambda::EventSourceMapping').find(
    ([id]) => id.startsWith('twin/') && id.includes('TelemetryAlerts'),
  )?.[1];
  expect(flat(mapping?.Properties.EventSourceArn)).toMatch(/:fleetwright-dev-alert-samples$/);
  expect(mapping?.Properties).toMatchObject({
    BatchSize: 1_000,
    MaximumBatchingWindowInSeconds: 2,
    ScalingConfig: { MaximumConcurrency: 5 },
    FunctionResponseTypes: ['ReportBatchItemFailures'],
  });
  const queue = ofType(resources, 'AWS::SQS::Queue').find(
    ([, { Properties }]) => Properties.QueueName === 'fleetwright-dev-alert-samples',
  )?.[1];
  expect(queue?.Properties.VisibilityTimeout).toBeGreaterThanOrEqual(
    6 * functionOf('evaluate-alerts')?.Properties.Timeout,
  );
  expect(queue?.Properties.RedrivePolicy.maxReceiveCount).toBe(5);
});

test('rules, models and what wears lie beside the functions, with every default filled in', () => {
  expect(settingsOf('evaluate-alerts')).toMatchObject({
    rules: { 'pump-station': { 'winding-hot': { channel: 'telemetry', maxGapSeconds: 900, severity: 'critical' } } },
  });
  expect(settingsOf('what-if')).toMatchObject({
    models: { 'pump-station': { shadow: 'config', settings: { speed: { max: 1800 } } } },
    rules: { 'pump-station': { 'winding-hot': {} } },
  });
  expect(settingsOf('estimate-life')).toMatchObject({
    life: { 'pump-station': { bearing: { endOfLife: 7.1, confidencePercent: 90 } } },
  });
});

test('another rule is another bundle, so that it is deployed', () => {
  const other = configured({
    alerts: { rules: { 'pump-station': { hot: { measure: 'temperature', above: { raise: 1, clear: 1 } } } } },
  });
  expect(functionOf('evaluate-alerts', other)?.Properties.Code.S3Key).not.toBe(
    functionOf('evaluate-alerts')?.Properties.Code.S3Key,
  );
});

test('without rules, models and what wears there is nothing to pay for', () => {
  const bare = configured({ alerts: {}, models: {}, remainingLife: {} });
  for (const name of ['evaluate-alerts', 'what-if', 'estimate-life']) expect(functionOf(name, bare)).toBeUndefined();
  expect(actionsOf('telemetry', bare)).toHaveLength(actionsOf('telemetry').length - 1);
  expect([...bare.values()].some(({ Properties }) => Properties?.QueueName === 'fleetwright-dev-alert-samples')).toBe(
    false,
  );
});

test('what predicts may read, and nothing else', () => {
  const actions = ofType(resources, 'AWS::IAM::Policy')
    .filter(([id]) => /^twin\/(WhatIf|RemainingLife)/.test(id))
    .flatMap(([, { Properties }]) =>
      Properties.PolicyDocument.Statement.flatMap((own: { Action: unknown }) => own.Action),
    );
  expect(actions.length).toBeGreaterThan(6);
  for (const action of actions) {
    expect(action).toMatch(/:(Describe|Get|Select)|^logs:|^xray:/);
  }
});
