import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { GetDeploymentResponse } from '@aws-sdk/client-greengrassv2';
import type { ResourceProvider } from '../../local-cloud/src/core/resources.ts';
import { createGreengrassv2Plugin } from '../../local-cloud/src/services/greengrassv2/plugin.ts';
import { createIotPlugin } from '../../local-cloud/src/services/iot/plugin.ts';
import { ADMINISTRATOR, createTestCloud, testScope } from '../../local-cloud/src/testing/context.ts';

// source: CloudFormation template reference, AWS::GreengrassV2::ComponentVersion, AWS::GreengrassV2::Deployment

const NAME = 'com.example.Greeter';
const recipe = (version: string) =>
  JSON.stringify({
    RecipeFormatVersion: '2020-01-25',
    ComponentName: NAME,
    ComponentVersion: version,
    Manifests: [{ Lifecycle: { Run: 'sleep 1000' } }],
  });
const GROUP = 'arn:aws:iot:us-east-1:123456789012:thinggroup/cores';
let directory: string;
let cloud: ReturnType<typeof open>;

function open() {
  const made = createTestCloud({ directory });
  made.ports.provide('broker', {
    publish: () => Promise.resolve(),
    reply: () => {},
    disconnect: () => {},
    connectedClients: () => [],
    onPresence: () => {},
  });
  const resources = [createIotPlugin, createGreengrassv2Plugin].flatMap((factory) => made.use(factory).resources ?? []);
  const call = <O>(service: 'iot' | 'greengrassv2', operation: string, input: object) =>
    made.api.call<O>(ADMINISTRATOR, service, operation, input);
  const provider = (type: string) =>
    resources.find((one) => one.type === `AWS::GreengrassV2::${type}`) as ResourceProvider;
  return { ...made, call, provider };
}

beforeEach(async () => {
  directory = mkdtempSync(join(tmpdir(), 'fleetwright-test-'));
  cloud = open();
  await cloud.call('iot', 'CreateThingGroup', { thingGroupName: 'cores' });
});
afterEach(async () => {
  await cloud.close();
  rmSync(directory, { recursive: true, force: true });
});

test('a component version is known by its ARN, name and version, and is replaced with its recipe', async () => {
  const versions = cloud.provider('ComponentVersion');
  expect(versions.replaceOn).toEqual(['InlineRecipe']);
  const state = await versions.create({ InlineRecipe: recipe('1.0.0'), Tags: { team: 'edge' } }, testScope());
  const arn = `arn:aws:greengrass:us-east-1:123456789012:components:${NAME}:versions:1.0.0`;
  expect(state).toEqual({ physicalId: arn, attributes: { Arn: arn, ComponentName: NAME, ComponentVersion: '1.0.0' } });
  await expect(versions.create({ InlineRecipe: recipe('1.0.0') }, testScope())).rejects.toMatchObject({
    code: 'ConflictException',
  });
  await versions.update({ Tags: { team: 'plant' } }, {}, state, testScope());
  expect(await cloud.call('greengrassv2', 'DescribeComponent', { arn })).toMatchObject({ tags: { team: 'plant' } });
  await versions.delete(state, {}, testScope());
  await expect(cloud.call('greengrassv2', 'DescribeComponent', { arn })).rejects.toMatchObject({
    code: 'ResourceNotFoundException',
  });
});

test('a deployment is another one when anything but its tags changes, and goes with its job', async () => {
  await cloud.provider('ComponentVersion').create({ InlineRecipe: recipe('1.0.0') }, testScope());
  const deployments = cloud.provider('Deployment');
  expect(deployments.replaceOn).toEqual([
    'TargetArn',
    'DeploymentName',
    'Components',
    'IotJobConfiguration',
    'DeploymentPolicies',
  ]);
  const properties = {
    TargetArn: GROUP,
    DeploymentName: 'cores',
    Components: {
      [NAME]: { ComponentVersion: '1.0.0', ConfigurationUpdate: { Merge: '{"Greeting":"hello"}', Reset: ['/color'] } },
    },
    // Templates may write numbers as text.
    IotJobConfiguration: {
      JobExecutionsRolloutConfig: { MaximumPerMinute: '50' },
      AbortConfig: {
        CriteriaList: [
          { FailureType: 'ALL', Action: 'CANCEL', ThresholdPercentage: 20, MinNumberOfExecutedThings: '3' },
        ],
      },
    },
    DeploymentPolicies: { FailureHandlingPolicy: 'DO_NOTHING', ComponentUpdatePolicy: { TimeoutInSeconds: 10 } },
    Tags: { team: 'edge' },
  };
  const first = await deployments.create(properties, testScope());
  expect(first.attributes).toEqual({ DeploymentId: first.physicalId });
  const found = await cloud.call<GetDeploymentResponse>('greengrassv2', 'GetDeployment', {
    deploymentId: first.physicalId,
  });
  expect(found).toMatchObject({
    deploymentName: 'cores',
    deploymentStatus: 'ACTIVE',
    components: {
      [NAME]: { componentVersion: '1.0.0', configurationUpdate: { merge: '{"Greeting":"hello"}', reset: ['/color'] } },
    },
    iotJobConfiguration: {
      jobExecutionsRolloutConfig: { maximumPerMinute: 50 },
      abortConfig: { criteriaList: [{ thresholdPercentage: 20, minNumberOfExecutedThings: 3 }] },
    },
    deploymentPolicies: { failureHandlingPolicy: 'DO_NOTHING', componentUpdatePolicy: { timeoutInSeconds: 10 } },
    tags: { team: 'edge' },
  });
  // As an update of the stack does it: the new one first, then the old one is cancelled and deleted.
  const second = await deployments.create({ ...properties, DeploymentName: 'cores-2' }, testScope());
  await deployments.delete(first, properties, testScope());
  await expect(cloud.call('iot', 'DescribeJob', { jobId: found.iotJobId })).rejects.toMatchObject({
    code: 'ResourceNotFoundException',
  });
  expect(await cloud.call('greengrassv2', 'GetDeployment', { deploymentId: second.physicalId })).toMatchObject({
    revisionId: '2',
    deploymentStatus: 'ACTIVE',
    isLatestForTarget: true,
  });
});

// assumed: a promise of this project, state survives a restart
test('versions, deployments and revisions are there again after a restart', async () => {
  await cloud.provider('ComponentVersion').create({ InlineRecipe: recipe('1.0.0') }, testScope());
  const input = { targetArn: GROUP, components: { [NAME]: { componentVersion: '1.0.0' } } };
  const { deploymentId } = await cloud.call<{ deploymentId: string }>('greengrassv2', 'CreateDeployment', input);
  await cloud.close();
  cloud = open();
  expect(await cloud.call('greengrassv2', 'GetDeployment', { deploymentId })).toMatchObject({
    deploymentStatus: 'ACTIVE',
  });
  const next = await cloud.call<{ deploymentId: string }>('greengrassv2', 'CreateDeployment', input);
  expect(await cloud.call('greengrassv2', 'GetDeployment', { deploymentId: next.deploymentId })).toMatchObject({
    revisionId: '2',
  });
});
