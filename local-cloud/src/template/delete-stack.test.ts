import type { ManualClock } from '../core/clock.ts';
import type { ResourceProvider } from '../core/resources.ts';
import { createTestCloud, type TestCloud } from '../testing/context.ts';
import { deleteStack } from './delete-stack.ts';
import { deployStack } from './deploy-stack.ts';
import { deletedStackRecords, stackRecords } from './stack-record.ts';
import type { Template } from './template-types.ts';

let cloud: TestCloud<ManualClock>;
let deleted: string[];
let stuck: Set<string>;

beforeEach(() => {
  cloud = createTestCloud();
  deleted = [];
  stuck = new Set();
});
afterEach(() => cloud.close());

const box: ResourceProvider = {
  type: 'Test::Box',
  replaceOn: [],
  properties: ['Peer'],
  create: async (_properties, scope) => ({ physicalId: scope.logicalId, attributes: {} }),
  update: async (_properties, _previous, state) => state,
  async delete(_state, _properties, scope) {
    if (stuck.has(scope.logicalId)) throw new Error('it is in use');
    deleted.push(scope.logicalId);
  },
};
const provider = (type: string) => (type === box.type ? box : undefined);

async function deploy(resources: Template['Resources']): Promise<void> {
  await deployStack({
    context: cloud,
    artifact: {
      id: 'stack',
      stackName: 'stack',
      templateFile: 'stack.template.json',
      template: { Resources: resources },
      parameters: {},
      dependencies: [],
      account: undefined,
      region: undefined,
      tags: {},
      assets: [],
    },
    provider,
    assetPath: (_bucket, key) => key,
  });
}

const on = (peer: string) => ({ Type: 'Test::Box', Properties: { Peer: { Ref: peer } } });
const remove = (retain: string[] = []) => deleteStack({ context: cloud, stackName: 'stack', provider, retain });

test('what depends on a resource goes before it, also where the template names it first', async () => {
  await deploy({ Top: on('Middle'), Middle: on('Bottom'), Bottom: { Type: 'Test::Box' } });
  expect(await remove()).toBeUndefined();
  expect(deleted).toEqual(['Top', 'Middle', 'Bottom']);
  expect(stackRecords(cloud.store).has('stack')).toBe(false);
  expect([...deletedStackRecords(cloud.store).values()]).toMatchObject([{ stackName: 'stack' }]);
});

test('a resource that cannot go keeps what it depends on; the rest goes, and the next deletion takes it up', async () => {
  await deploy({ Base: { Type: 'Test::Box' }, Stuck: on('Base'), Apart: { Type: 'Test::Box' } });
  stuck.add('Stuck');
  expect(await remove()).toMatchObject({
    status: 'DELETE_FAILED',
    statusReason: 'The following resource(s) failed to delete: [Stuck]. ',
    resources: { Stuck: { deleteFailure: 'it is in use' }, Base: { deleteFailure: undefined } },
  });
  expect(deleted).toEqual(['Apart']);
  stuck.clear();
  expect(await remove()).toBeUndefined();
  expect(deleted).toEqual(['Apart', 'Stuck', 'Base']);
});

test('a resource to be retained is left behind, with what it depends on deleted', async () => {
  await deploy({ Base: { Type: 'Test::Box' }, Stuck: on('Base') });
  stuck.add('Stuck');
  await remove();
  expect(await remove(['Stuck'])).toBeUndefined();
  expect(deleted).toEqual(['Base']);
});

test('a resource whose policy keeps it is not deleted', async () => {
  await deploy({ Data: { Type: 'Test::Box', DeletionPolicy: 'Retain' }, Other: { Type: 'Test::Box' } });
  expect(await remove()).toBeUndefined();
  expect(deleted).toEqual(['Other']);
});

test('a stack that is not there is nothing to delete', async () => {
  expect(await remove()).toBeUndefined();
});
