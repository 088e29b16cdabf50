import { CfnBucket } from 'aws-cdk-lib/aws-s3';
import { CfnDatabase } from 'aws-cdk-lib/aws-timestream';
import recommended from 'aws-cdk-lib/recommended-feature-flags.json' with { type: 'json' };
import cdkJson from '../../cdk.json' with { type: 'json' };
import { addPlatform } from '../../lib/platform.ts';
import { newApp } from './synthesized.ts';

const CHECKED = { 'fleetwright:skipNag': false };

test.each(['dev', 'prod'])('stage %s passes the AWS Solutions checks and the CloudFormation rules', (stage) => {
  const app = newApp({ ...CHECKED, stage });
  addPlatform(app);
  expect(() => app.synth()).not.toThrow();
});

test('the checks also pass with account and region known', () => {
  const { stages, ...more } = cdkJson.context.fleetwright;
  const env = { account: '123456789012', region: 'eu-west-1' };
  const app = newApp({ ...CHECKED, fleetwright: { ...more, stages: { dev: { ...stages.dev, env } } } });
  addPlatform(app);
  expect(() => app.synth()).not.toThrow();
});

test('the checks are at work: a bucket without TLS is found', () => {
  const app = newApp(CHECKED);
  const { telemetry } = addPlatform(app);
  new CfnBucket(telemetry, 'Careless', {});
  expect(() => app.synth()).toThrow(/AwsSolutions-S10/);
});

test('the notice on Timestream is acknowledged where it is used, and only there', () => {
  const app = newApp(CHECKED);
  const { telemetry } = addPlatform(app);
  new CfnDatabase(telemetry, 'Another', { databaseName: 'another' });
  let report = '';
  const error = jest.spyOn(console, 'error').mockImplementation((text) => {
    report += String(text);
  });
  try {
    app.synth();
  } catch (thrown) {
    report += String(thrown);
  } finally {
    error.mockRestore();
  }
  expect(report).toContain('W3697');
  expect(report).toContain('Another');
});

test('cdk.json has every feature flag that this version of the CDK recommends', () => {
  expect(cdkJson.context).toMatchObject(recommended);
  expect(cdkJson.context['@aws-cdk/core:validateAgainstDefaultRules']).toBe(true);
});
