import type { ManualClock } from '../core/clock.ts';
import type { ResourceProvider } from '../core/resources.ts';
import { createTestCloud, type TestCloud } from '../testing/context.ts';
import { type DeployStep, deployStack } from './deploy-stack.ts';
import { stackRecords } from './stack-record.ts';
import type { StackArtifact, Template } from './template-types.ts';

let cloud: TestCloud<ManualClock>;
let live: Map<string, Record<string, unknown>>;
let failOn: string | undefined;
let created: number;

beforeEach(() => {
  cloud = createTestCloud();
  live = new Map();
  failOn = undefined;
  created = 0;
});
afterEach(() => cloud.close());

/** A resource type with an immutable name and a mutable size, kept in a map. */
const box: ResourceProvider<{ Name?: string; Size?: number }> = {
  type: 'Test::Box',
  replaceOn: ['Name'],
  properties: ['Name', 'Size', 'Peer'],
  async create(properties, scope) {
    if (scope.logicalId === failOn) throw new Error('no room');
    const physicalId = `${properties.Name ?? scope.logicalId}#${++created}`;
    live.set(physicalId, { ...properties });
    return { physicalId, attributes: { Arn: `arn:box:${physicalId}` } };
  },
  async update(properties, _previous, state) {
    live.set(state.physicalId, { ...properties });
    return state;
  },
  async delete(state) {
    live.delete(state.physicalId);
  },
};

async function deploy(template: Partial<Template>): Promise<DeployStep[]> {
  const artifact: StackArtifact = {
    id: 'stack',
    stackName: 'stack',
    templateFile: 'stack.template.json',
    template: { Resources: {}, ...template },
    parameters: {},
    dependencies: [],
    account: undefined,
    region: undefined,
    tags: {},
    assets: [],
  };
  const steps: DeployStep[] = [];
  await deployStack({
    context: cloud,
    artifact,
    provider: (type) => (type === box.type ? box : undefined),
    assetPath: (_bucket, key) => key,
    onStep: (step) => steps.push(step),
  });
  return steps;
}

const summary = (steps: readonly DeployStep[]) => steps.map(({ action, logicalId }) => `${action} ${logicalId}`);

test('resources are created after those they refer to, with references resolved', async () => {
  const steps = await deploy({
    Resources: {
      B: { Type: 'Test::Box', Properties: { Peer: { 'Fn::GetAtt': ['A', 'Arn'] } } },
      A: { Type: 'Test::Box', DependsOn: 'C' },
      C: { Type: 'Test::Box' },
    },
    Outputs: { Arn: { Value: { 'Fn::GetAtt': ['B', 'Arn'] }, Export: { Name: 'b-arn' } } },
  });
  expect(summary(steps)).toEqual(['create C', 'create A', 'create B']);
  expect(live.get('B#3')).toEqual({ Peer: 'arn:box:A#2' });
  expect(stackRecords(cloud.store).get('stack')?.outputs).toEqual({
    Arn: { value: 'arn:box:B#3', exportName: 'b-arn' },
  });
});

test('a second deploy applies the difference: unchanged, update in place, replace, delete, retain', async () => {
  const keep = { DeletionPolicy: 'Retain', UpdateReplacePolicy: 'Retain' } as const;
  await deploy({
    Resources: {
      Same: { Type: 'Test::Box', Properties: { Size: 1 } },
      Grows: { Type: 'Test::Box', Properties: { Size: 1 } },
      Renamed: { Type: 'Test::Box', Properties: { Name: 'old' } },
      KeptOnRename: { Type: 'Test::Box', Properties: { Name: 'old-data' }, ...keep },
      Goes: { Type: 'Test::Box' },
      Stays: { Type: 'Test::Box', ...keep },
    },
  });
  const steps = await deploy({
    Resources: {
      Same: { Type: 'Test::Box', Properties: { Size: 1 } },
      Grows: { Type: 'Test::Box', Properties: { Size: 2 } },
      Renamed: { Type: 'Test::Box', Properties: { Name: 'new' } },
      KeptOnRename: { Type: 'Test::Box', Properties: { Name: 'new-data' }, ...keep },
    },
  });
  expect(summary(steps)).toEqual([
    'unchanged Same',
    'update Grows',
    'replace Renamed',
    'replace KeptOnRename',
    'retain Stays',
    'delete Goes',
    'retain KeptOnRename',
    'delete Renamed',
  ]);
  expect([...live.keys()]).toEqual(['Same#1', 'Grows#2', 'old-data#4', 'Stays#6', 'new#7', 'new-data#8']);
});

test('a failed resource is named, what was created is kept, and the next deploy goes on', async () => {
  const Resources = { A: { Type: 'Test::Box' }, B: { Type: 'Test::Box', DependsOn: 'A' } } as const;
  failOn = 'B';
  await expect(deploy({ Resources })).rejects.toMatchObject({
    code: 'RESOURCE_FAILED',
    message: 'stack.B (Test::Box): no room',
  });
  failOn = undefined;
  expect(summary(await deploy({ Resources }))).toEqual(['unchanged A', 'create B']);
});

test('an unknown type, an unsupported property and dangling references are refused together, before anything is created', async () => {
  const attempt = deploy({
    Resources: {
      A: { Type: 'Test::Box', Properties: { Colour: 'red', Size: { Ref: 'Nobody' } } },
      B: { Type: 'AWS::Nope::Thing' },
      C: { Type: 'Test::Box', DependsOn: 'Ghost' },
    },
  });
  await expect(attempt).rejects.toMatchObject({ code: 'RESOURCE_TYPE_UNKNOWN' });
  const message = await attempt.catch((error: Error) => error.message);
  expect(message).toContain(
    'property Colour of Test::Box is not supported by the local cloud (A in stack.template.json)',
  );
  expect(message).toContain(
    'resource type AWS::Nope::Thing is not known to the local cloud (B in stack.template.json)',
  );
  expect(message).toContain("'Nobody' is referred to but not in the template (Resources.A.Properties.Size");
  expect(message).toContain("'Ghost' is referred to but not in the template (Resources.C.DependsOn");
  expect(live.size).toBe(0);
});

test('a circle is refused with its members', async () => {
  const attempt = deploy({
    Resources: {
      A: { Type: 'Test::Box', DependsOn: 'B' },
      B: { Type: 'Test::Box', Properties: { Peer: { Ref: 'A' } } },
    },
  });
  await expect(attempt).rejects.toThrow(/in a circle: A → B|in a circle: B → A/);
});

test('conditions leave resources out; recorded types are taken in without running', async () => {
  const steps = await deploy({
    Parameters: { Stage: { Type: 'String', Default: 'dev' } },
    Conditions: { Production: { 'Fn::Equals': [{ Ref: 'Stage' }, 'prod'] } },
    Resources: {
      Out: { Type: 'Test::Box', Condition: 'Production' },
      Board: { Type: 'AWS::CloudWatch::Dashboard', Properties: { DashboardBody: '{}' } },
    },
  });
  expect(summary(steps)).toEqual(['record Board']);
});

test('a template rule that does not hold is refused with its description', async () => {
  const bootstrap = { Type: 'AWS::SSM::Parameter::Value<String>', Default: '/cdk-bootstrap/hnb659fds/version' };
  const assertVersion = (versions: string[]) => ({
    Parameters: { BootstrapVersion: bootstrap },
    Rules: {
      Check: {
        Assertions: [
          {
            Assert: { 'Fn::Not': [{ 'Fn::Contains': [versions, { Ref: 'BootstrapVersion' }] }] },
            AssertDescription: 'too old',
          },
        ],
      },
    },
  });
  await expect(deploy(assertVersion(['1', '2']))).resolves.toEqual([]);
  await expect(deploy(assertVersion(['30']))).rejects.toThrow('Rules.Check: too old');
});
