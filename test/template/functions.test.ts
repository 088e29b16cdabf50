import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import cdkJson from '../../cdk.json' with { type: 'json' };
import { ofType, type Resource, synthesize } from './synthesized.ts';

/** Options that are off by default, so that their functions are there too. */
const { defaults } = cdkJson.context.fleetwright;
const certificateArn = 'arn:aws:acm:us-east-1:123456789012:certificate/0';
const ota = { signing: { method: 'signer', certificateArn } };
const certificateFile = join(__dirname, '../support/factory-ca.pem');
const authority = {
  name: 'factory',
  certificateFile,
  onboarding: 'register',
  site: 'north',
  deviceType: 'pump-station',
};
const devices = [{ serialNumber: 'PS-0001', certificateFile, site: 'north', deviceType: 'pump-station' }];
const identity = { authorities: [authority], devices };
const EVERYTHING = {
  edge: true,
  'fleetwright:components': join(__dirname, '../support/edge-components'),
  fleetwright: { ...cdkJson.context.fleetwright, defaults: { ...defaults, fleet: { indexing: 'own' }, identity, ota } },
};
const { app, resources } = synthesize(EVERYTHING);
const functions = ofType(resources, 'AWS::Lambda::Function').map(
  ([id, resource]) => [resource.Properties.Environment.Variables.POWERTOOLS_SERVICE_NAME, id, resource] as const,
);

function bundleOf(resource: Resource): string {
  const hash = resource.Properties.Code.S3Key.replace('.zip', '');
  return join(app.outdir, `asset.${hash}`, 'index.js');
}

test('there is one function for each folder of lambdas', () => {
  const folders = readdirSync(join(__dirname, '../../lambdas')).filter((name) => name !== 'shared');
  expect([...new Set(functions.map(([name]) => name))].sort()).toEqual(folders.sort());
});

describe.each(functions)('%s', (_name, _id, resource) => {
  test('runs on a runtime that AWS still takes, on the cheaper architecture', () => {
    expect(resource.Properties).toMatchObject({ Runtime: 'nodejs24.x', Architectures: ['arm64'] });
  });

  test('has a log group of its own with a retention and a removal policy', () => {
    const group = [...resources].find(([id]) => id.endsWith(`/${resource.Properties.LoggingConfig.LogGroup.Ref}`))?.[1];
    expect(group?.Type).toBe('AWS::Logs::LogGroup');
    expect(group?.Properties.RetentionInDays).toBe(14);
    expect(group?.DeletionPolicy).toBeDefined();
  });

  test('loads on the Node of this machine and exports its handler', () => {
    // Values that pass every function's own check, taken from the template, with references as they would resolve.
    const environment = Object.fromEntries(
      Object.entries(resource.Properties.Environment.Variables).map(([key, value]) => [
        key,
        typeof value === 'string' ? value : 'https://sqs.us-east-1.amazonaws.com/123456789012/x',
      ]),
    );
    const script = `process.stdout.write(typeof require(${JSON.stringify(bundleOf(resource))}).handler)`;
    const options = { env: { ...environment, AWS_REGION: 'us-east-1', NODE_NO_WARNINGS: '1' } as NodeJS.ProcessEnv };
    expect(execFileSync(process.execPath, ['-e', script], options).toString()).toBe('function');
  });

  test('its bundle is the same wherever the repository lies', () => {
    expect(readFileSync(bundleOf(resource), 'utf8')).not.toContain(process.cwd());
  });
});

test('another assembly of the same sources has the same bundles', () => {
  const keys = (all: ReadonlyMap<string, Resource>) =>
    ofType(all, 'AWS::Lambda::Function').map(([, { Properties }]) => Properties.Code.S3Key);
  expect(keys(synthesize(EVERYTHING).resources)).toEqual(keys(resources));
  expect(new Set(keys(resources)).size).toBe(new Set(functions.map(([name]) => name)).size);
});
