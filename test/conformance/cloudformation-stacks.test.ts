// source: CloudFormation API reference: DescribeStacks, ListStackResources, DeleteStack, UpdateTerminationProtection
import {
  CloudFormationClient,
  CreateStackCommand,
  DeleteStackCommand,
  DescribeStacksCommand,
  ListStackResourcesCommand,
  UpdateTerminationProtectionCommand,
} from '@aws-sdk/client-cloudformation';
import type { ResourceProvider } from '../../local-cloud/src/core/resources.ts';
import { createCloudformationPlugin } from '../../local-cloud/src/services/cloudformation/plugin.ts';
import { deployStack } from '../../local-cloud/src/template/deploy-stack.ts';
import { Stacks } from '../../local-cloud/src/template/stacks.ts';
import { type HttpsCloud, startHttpsCloud } from '../../local-cloud/src/testing/https.ts';
import { eventually } from '../support/eventually.ts';

let own: HttpsCloud;
let client: CloudFormationClient;
let stuck: boolean;

const box: ResourceProvider = {
  type: 'Test::Box',
  replaceOn: [],
  properties: [],
  create: async (_properties, scope) => ({ physicalId: `box-${scope.logicalId}`, attributes: {} }),
  update: async (_properties, _previous, state) => state,
  async delete(_state, _properties, scope) {
    if (stuck && scope.logicalId === 'Second') throw new Error('it holds things');
  },
};

beforeEach(async () => {
  stuck = false;
  own = await startHttpsCloud({ plugins: [createCloudformationPlugin] });
  const { cloud } = own;
  cloud.ports.provide('stacks', new Stacks(cloud, [box], () => {}));
  await deployStack({
    context: cloud,
    artifact: {
      id: 'boxes',
      stackName: 'boxes',
      templateFile: 'boxes.template.json',
      template: {
        Description: 'two boxes',
        Resources: { First: { Type: 'Test::Box' }, Second: { Type: 'Test::Box' } },
        Outputs: { FirstName: { Value: { Ref: 'First' } } },
      },
      parameters: {},
      dependencies: [],
      account: undefined,
      region: undefined,
      tags: { stage: 'dev' },
      assets: [],
    },
    provider: (type) => (type === box.type ? box : undefined),
    assetPath: (_bucket, key) => key,
  });
  client = new CloudFormationClient(own.client());
});
afterEach(async () => {
  client.destroy();
  await own.close();
});

const describe = async (StackName: string) => (await client.send(new DescribeStacksCommand({ StackName }))).Stacks?.[0];

test('DescribeStacks shows status, outputs and tags of a stack, ListStackResources what it is made of', async () => {
  expect(await describe('boxes')).toMatchObject({
    StackStatus: 'CREATE_COMPLETE',
    Description: 'two boxes',
    EnableTerminationProtection: false,
    Outputs: [{ OutputKey: 'FirstName', OutputValue: 'box-First' }],
    Tags: [{ Key: 'stage', Value: 'dev' }],
  });
  const { StackResourceSummaries } = await client.send(new ListStackResourcesCommand({ StackName: 'boxes' }));
  expect(StackResourceSummaries).toMatchObject([
    { LogicalResourceId: 'First', PhysicalResourceId: 'box-First', ResourceType: 'Test::Box' },
    { LogicalResourceId: 'Second', PhysicalResourceId: 'box-Second', ResourceStatus: 'CREATE_COMPLETE' },
  ]);
});

test('an unknown stack is a ValidationError that names it', async () => {
  await expect(describe('none')).rejects.toMatchObject({
    name: 'ValidationError',
    message: 'Stack with id none does not exist',
  });
});

test('a deleted stack is found by its id alone, and deleting it again is no error', async () => {
  const id = (await describe('boxes'))?.StackId as string;
  await client.send(new DeleteStackCommand({ StackName: 'boxes' }));
  await eventually('the end', async () => (await describe(id))?.StackStatus === 'DELETE_COMPLETE');
  await expect(describe('boxes')).rejects.toMatchObject({ name: 'ValidationError' });
  await client.send(new DeleteStackCommand({ StackName: 'boxes' }));
});

test('a deletion that fails says which resources are left and why, and keeps those that may be retained', async () => {
  stuck = true;
  const id = (await describe('boxes'))?.StackId as string;
  await expect(
    client.send(new DeleteStackCommand({ StackName: 'boxes', RetainResources: ['Second'] })),
  ).rejects.toMatchObject({ name: 'ValidationError' });
  await client.send(new DeleteStackCommand({ StackName: 'boxes' }));
  const failed = await eventually('the failure', async () => {
    const stack = await describe(id);
    return stack?.StackStatus === 'DELETE_FAILED' && stack;
  });
  expect(failed.StackStatusReason).toContain('The following resource(s) failed to delete: [Second]');
  const { StackResourceSummaries } = await client.send(new ListStackResourcesCommand({ StackName: 'boxes' }));
  expect(StackResourceSummaries).toMatchObject([
    { LogicalResourceId: 'Second', ResourceStatus: 'DELETE_FAILED', ResourceStatusReason: 'it holds things' },
  ]);
  await client.send(new DeleteStackCommand({ StackName: 'boxes', RetainResources: ['Second'] }));
  await eventually('the end', async () => (await describe(id))?.StackStatus === 'DELETE_COMPLETE');
});

test('a protected stack is not deleted', async () => {
  await client.send(new UpdateTerminationProtectionCommand({ StackName: 'boxes', EnableTerminationProtection: true }));
  await expect(client.send(new DeleteStackCommand({ StackName: 'boxes' }))).rejects.toThrow(
    'Stack [boxes] cannot be deleted while TerminationProtection is enabled',
  );
});

// assumed: stacks come from a synthesized assembly; an operation that would make one by other means refuses by name
test('CreateStack is refused as not built', async () => {
  await expect(client.send(new CreateStackCommand({ StackName: 'x', TemplateBody: '{}' }))).rejects.toMatchObject({
    $metadata: { httpStatusCode: 501 },
  });
});
