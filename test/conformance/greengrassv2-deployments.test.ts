import {
  CancelDeploymentCommand,
  CreateDeploymentCommand,
  type CreateDeploymentCommandInput,
  DeleteCoreDeviceCommand,
  DeleteDeploymentCommand,
  GetCoreDeviceCommand,
  GetDeploymentCommand,
  GreengrassV2Client,
  ListCoreDevicesCommand,
  ListDeploymentsCommand,
  ListEffectiveDeploymentsCommand,
  ListInstalledComponentsCommand,
} from '@aws-sdk/client-greengrassv2';
import type { AwsServiceEvent } from '../../local-cloud/src/core/aws-events.ts';
import { createGreengrassv2Plugin } from '../../local-cloud/src/services/greengrassv2/plugin.ts';
import { createS3Plugin } from '../../local-cloud/src/services/s3/plugin.ts';
import { ADMINISTRATOR } from '../../local-cloud/src/testing/context.ts';
import { ARN, DataPlaneCloud, type TestDevice } from './data-plane-cloud.ts';

// source: AWS IoT Greengrass V2 API reference; Greengrass developer guide, create-deployments, revise-deployments, device-status

const COMPONENT = 'com.example.Greeter';
const SHADOW = 'AWSManagedGreengrassV2Deployment';
/** Developer guide, `device-auth`, "Minimal AWS IoT policy for AWS IoT Greengrass V2 core devices". */
const CORE_POLICY = [
  { Effect: 'Allow', Action: ['iot:Connect', 'iot:Publish', 'iot:Subscribe', 'iot:Receive'], Resource: '*' },
  {
    Effect: 'Allow',
    Action: ['greengrass:ResolveComponentCandidates', 'greengrass:GetComponentVersionArtifact'],
    Resource: '*',
  },
];

let cloud: DataPlaneCloud;
let greengrass: GreengrassV2Client;
let count = 0;

beforeAll(async () => {
  cloud = await DataPlaneCloud.start({ plugins: [createS3Plugin, createGreengrassv2Plugin] });
  greengrass = new GreengrassV2Client(cloud.https.client());
  for (const version of ['1.0.0', '2.0.0']) {
    const recipe = {
      RecipeFormatVersion: '2020-01-25',
      ComponentName: COMPONENT,
      ComponentVersion: version,
      Manifests: [{ Platform: { os: 'linux' }, Lifecycle: { Run: 'sleep 1000' } }],
    };
    const inlineRecipe = Buffer.from(JSON.stringify(recipe));
    await cloud.https.cloud.api.call(ADMINISTRATOR, 'greengrassv2', 'CreateComponentVersion', { inlineRecipe });
  }
});
afterAll(async () => {
  greengrass.destroy();
  await cloud.close();
});

const components = { [COMPONENT]: { componentVersion: '1.0.0' } };
const deploy = (targetArn: string, more: Partial<CreateDeploymentCommandInput> = {}) =>
  greengrass.send(new CreateDeploymentCommand({ targetArn, components, ...more }));
const get = (deploymentId: string | undefined) => greengrass.send(new GetDeploymentCommand({ deploymentId }));

async function makeGroup(): Promise<{ name: string; arn: string }> {
  const name = `cores-${count++}`;
  await cloud.iot('CreateThingGroup', { thingGroupName: name });
  return { name, arn: `${ARN}thinggroup/${name}` };
}

async function makeCore(group?: string): Promise<TestDevice> {
  const thingName = `core-${count++}`;
  // Over HTTPS there is no client id, and so no variable that stands for the thing.
  const groups = {
    Effect: 'Allow',
    Action: 'greengrass:ListThingGroupsForCoreDevice',
    Resource: `${ARN}thing/${thingName}*`,
  };
  const core = await cloud.device(thingName, [...CORE_POLICY, groups]);
  if (group !== undefined) {
    await cloud.iot('AddThingToThingGroup', { thingGroupName: group, thingName: core.thingName });
  }
  return core;
}

const job = (jobId: string | undefined) =>
  cloud.iot<{ job: Record<string, unknown> }>('DescribeJob', { jobId }).then((answer) => answer.job);
const documentOf = async (jobId: string | undefined) =>
  JSON.parse((await cloud.iot<{ document: string }>('GetJobDocument', { jobId })).document);

async function eventually(what: string, condition: () => Promise<boolean>): Promise<void> {
  for (let round = 0; round < 200; round++) {
    if (await condition()) return;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  throw new Error(`${what} did not come about`);
}

function health(core: TestDevice, more: object = {}) {
  return {
    ggcVersion: '2.12.0',
    platform: 'linux',
    architecture: 'amd64',
    thing: core.thingName,
    overallDeviceStatus: 'HEALTHY',
    sequenceNumber: 0,
    timestamp: 1_800_000_000_000,
    messageType: 'COMPLETE',
    trigger: 'NUCLEUS_LAUNCH',
    components: [],
    ...more,
  };
}

/** One connection says them all, in order. */
async function report(core: TestDevice, ...messages: object[]): Promise<void> {
  const client = await cloud.connect(core);
  for (const message of messages) {
    const topic = `$aws/things/${core.thingName}/greengrassv2/health/json`;
    await client.publishAsync(topic, JSON.stringify(message), { qos: 1 });
  }
  await client.endAsync();
}

// source: create-deployments; check-deployment-status; nucleus, DeploymentDocumentConverter.java
test('a deployment to a thing group is a continuous job whose document is the deployment', async () => {
  const group = await makeGroup();
  const made = await deploy(group.arn, {
    deploymentName: 'first',
    components: {
      [COMPONENT]: {
        componentVersion: '1.0.0',
        configurationUpdate: { merge: '{"greeting":"hello"}', reset: ['/color'] },
      },
    },
    deploymentPolicies: { failureHandlingPolicy: 'DO_NOTHING', componentUpdatePolicy: { timeoutInSeconds: 10 } },
    iotJobConfiguration: {
      jobExecutionsRolloutConfig: { maximumPerMinute: 50 },
      abortConfig: {
        criteriaList: [
          { failureType: 'FAILED', action: 'CANCEL', thresholdPercentage: 20, minNumberOfExecutedThings: 1 },
        ],
      },
      timeoutConfig: { inProgressTimeoutInMinutes: 5 },
    },
    tags: { team: 'edge' },
  });
  expect(made.iotJobArn).toBe(`${ARN}job/${made.iotJobId}`);
  expect(await job(made.iotJobId)).toMatchObject({
    targets: [group.arn],
    targetSelection: 'CONTINUOUS',
    status: 'IN_PROGRESS',
    jobExecutionsRolloutConfig: { maximumPerMinute: 50 },
    abortConfig: { criteriaList: [{ failureType: 'FAILED', thresholdPercentage: 20 }] },
    timeoutConfig: { inProgressTimeoutInMinutes: 5 },
  });
  expect(await documentOf(made.iotJobId)).toEqual({
    deploymentId: made.deploymentId,
    configurationArn: `arn:aws:greengrass:us-east-1:123456789012:configuration:thinggroup/${group.name}:1`,
    components: {
      [COMPONENT]: {
        version: '1.0.0',
        configurationUpdate: { merge: { greeting: 'hello' }, reset: ['/color'] },
      },
    },
    creationTimestamp: expect.any(Number),
    failureHandlingPolicy: 'DO_NOTHING',
    componentUpdatePolicy: { timeout: 10, action: 'NOTIFY_COMPONENTS' },
    configurationValidationPolicy: { timeout: 30 },
  });
  expect(await get(made.deploymentId)).toMatchObject({
    targetArn: group.arn,
    revisionId: '1',
    deploymentName: 'first',
    deploymentStatus: 'ACTIVE',
    isLatestForTarget: true,
    iotJobId: made.iotJobId,
    deploymentPolicies: { failureHandlingPolicy: 'DO_NOTHING' },
    tags: { team: 'edge' },
  });
});

// source: create-deployments; DeploymentPolicies, "Default"
test('policies that are not given have their defaults', async () => {
  const { deploymentId } = await deploy((await makeGroup()).arn);
  expect((await get(deploymentId)).deploymentPolicies).toEqual({
    failureHandlingPolicy: 'ROLLBACK',
    componentUpdatePolicy: { action: 'NOTIFY_COMPONENTS', timeoutInSeconds: 60 },
    configurationValidationPolicy: { timeoutInSeconds: 30 },
  });
});

// source: revise-deployments; cancel-deployments, "previous deployments cancel when you create a new revision"
test('a further deployment to the same target is its next revision, and cancels the one before', async () => {
  const { arn } = await makeGroup();
  const first = await deploy(arn);
  const second = await deploy(arn, { components: { [COMPONENT]: { componentVersion: '2.0.0' } } });
  expect(await get(second.deploymentId)).toMatchObject({ revisionId: '2', isLatestForTarget: true });
  expect(await get(first.deploymentId)).toMatchObject({
    revisionId: '1',
    isLatestForTarget: false,
    deploymentStatus: 'CANCELED',
  });
  expect(await job(first.iotJobId)).toMatchObject({ status: 'CANCELED' });
  const listed = (historyFilter: 'ALL' | 'LATEST_ONLY') =>
    greengrass
      .send(new ListDeploymentsCommand({ targetArn: arn, historyFilter }))
      .then(({ deployments }) => deployments?.map(({ deploymentId }) => deploymentId));
  expect(await listed('LATEST_ONLY')).toEqual([second.deploymentId]);
  expect(await listed('ALL')).toEqual([second.deploymentId, first.deploymentId]);
});

// source: cancel-deployments; DeleteDeployment, "To delete an active deployment, you must first cancel it"
test('an active deployment is deleted only once it is cancelled, with its job', async () => {
  const { deploymentId, iotJobId } = await deploy((await makeGroup()).arn);
  const remove = () => greengrass.send(new DeleteDeploymentCommand({ deploymentId }));
  await expect(remove()).rejects.toMatchObject({ name: 'ConflictException' });
  await greengrass.send(new CancelDeploymentCommand({ deploymentId }));
  expect((await get(deploymentId)).deploymentStatus).toBe('CANCELED');
  expect(await job(iotJobId)).toMatchObject({ status: 'CANCELED' });
  await greengrass.send(new CancelDeploymentCommand({ deploymentId }));
  await remove();
  await expect(get(deploymentId)).rejects.toMatchObject({ name: 'ResourceNotFoundException' });
});

// source: nucleus, ShadowDeploymentListener.java; EffectiveDeployment, "COMPLETED"
test('a deployment to a thing goes through its deployment shadow, and ends as the thing reports', async () => {
  const core = await makeCore();
  const made = await deploy(`${ARN}thing/${core.thingName}`);
  expect(made.iotJobId).toBeUndefined();
  const shadow = async () => cloud.https.cloud.ports.get('shadows').get(core.thingName, SHADOW);
  const desired = (await shadow())?.desired?.state as Record<string, string>;
  expect(desired.desiredStatus).toBe('SUCCEEDED');
  const configurationArn = `arn:aws:greengrass:us-east-1:123456789012:configuration:thing/${core.thingName}:1`;
  expect(JSON.parse(desired.fleetConfig as string)).toMatchObject({
    deploymentId: made.deploymentId,
    configurationArn,
  });
  expect((await get(made.deploymentId)).deploymentStatus).toBe('ACTIVE');
  const client = await cloud.connect(core);
  const says = (reported: object) =>
    client.publishAsync(
      `$aws/things/${core.thingName}/shadow/name/${SHADOW}/update`,
      JSON.stringify({ state: { reported: { fleetConfigurationArnForStatus: configurationArn, ...reported } } }),
      { qos: 1 },
    );
  await says({
    status: 'FAILED',
    statusDetails: {
      detailedStatus: 'FAILED_NO_STATE_CHANGE',
      failureCause: 'no version fits',
      errorStack: ['DEPLOYMENT_FAILURE'],
      errorTypes: ['REQUEST_ERROR'],
    },
  });
  await eventually('failure', async () => (await get(made.deploymentId)).deploymentStatus === 'FAILED');
  await client.publishAsync(`$aws/things/${core.thingName}/greengrassv2/health/json`, JSON.stringify(health(core)), {
    qos: 1,
  });
  const effective = await greengrass.send(new ListEffectiveDeploymentsCommand({ coreDeviceThingName: core.thingName }));
  expect(effective.effectiveDeployments).toMatchObject([
    {
      deploymentId: made.deploymentId,
      coreDeviceExecutionStatus: 'FAILED',
      reason: 'no version fits',
      statusDetails: { errorStack: ['DEPLOYMENT_FAILURE'], errorTypes: ['REQUEST_ERROR'] },
    },
  ]);
  await says({ status: 'SUCCEEDED', statusDetails: { detailedStatus: 'SUCCESSFUL', failureCause: '' } });
  await eventually('completion', async () => (await get(made.deploymentId)).deploymentStatus === 'COMPLETED');
  await client.endAsync();
});

test('a cancelled deployment to a thing says so in the shadow', async () => {
  const core = await makeCore();
  const { deploymentId } = await deploy(`${ARN}thing/${core.thingName}`);
  await greengrass.send(new CancelDeploymentCommand({ deploymentId }));
  const shadow = cloud.https.cloud.ports.get('shadows').get(core.thingName, SHADOW);
  expect(shadow?.desired?.state.desiredStatus).toBe('CANCELED');
  expect((await get(deploymentId)).deploymentStatus).toBe('CANCELED');
});

test.each([
  ['a target that is no ARN', { targetArn: 'cores' }, 'ValidationException'],
  ['a thing that is not there', { targetArn: `${ARN}thing/nobody` }, 'ResourceNotFoundException'],
  ['a group that is not there', { targetArn: `${ARN}thinggroup/none` }, 'ResourceNotFoundException'],
  [
    'a merge that is no JSON',
    { components: { [COMPONENT]: { componentVersion: '1.0.0', configurationUpdate: { merge: '{' } } } },
    'ValidationException',
  ],
  ['a range for a version', { components: { [COMPONENT]: { componentVersion: '^1.0.0' } } }, 'ValidationException'],
  [
    'a version that is not there',
    { components: { [COMPONENT]: { componentVersion: '9.0.0' } } },
    'ResourceNotFoundException',
  ],
  [
    'an unknown policy',
    { deploymentPolicies: { failureHandlingPolicy: 'RETRY' as 'ROLLBACK' } },
    'ValidationException',
  ],
  [
    'a job configuration that jobs refuse',
    { iotJobConfiguration: { jobExecutionsRolloutConfig: { maximumPerMinute: 5000 } } },
    'ValidationException',
  ],
  [
    'a public component that no core has',
    { components: { 'aws.greengrass.StreamManager': { componentVersion: '2.1.0' } } },
    'NotImplemented',
  ],
  [
    'another user for a component',
    { components: { [COMPONENT]: { componentVersion: '1.0.0', runWith: { posixUser: 'ggc' } } } },
    'NotImplemented',
  ],
  [
    'a document that cores would fetch',
    {
      components: {
        [COMPONENT]: {
          componentVersion: '1.0.0',
          configurationUpdate: { merge: JSON.stringify({ a: 'x'.repeat(32_000) }) },
        },
      },
    },
    'NotImplemented',
  ],
])('%s is refused', async (_what, more, name) => {
  const { arn } = await makeGroup();
  await expect(deploy(arn, more as Partial<CreateDeploymentCommandInput>)).rejects.toMatchObject({ name });
});

// source: service authorization reference, CreateDeployment, dependent actions
test('the job is made with the permissions of the caller', async () => {
  const { arn } = await makeGroup();
  const roleArn = await cloud.role(
    { AWS: '123456789012' },
    { Effect: 'Allow', Action: ['greengrass:*', 'iot:DescribeThingGroup'], Resource: '*' },
  );
  const { ports } = cloud.https.cloud;
  const session = ports.get('authorizer').assumeRole(ADMINISTRATOR, roleArn, 'test');
  const client = new GreengrassV2Client(cloud.https.client(ports.get('credentials').issue(session, 3_600_000)));
  await expect(client.send(new CreateDeploymentCommand({ targetArn: arn, components }))).rejects.toMatchObject({
    name: 'AccessDeniedException',
    message: expect.stringContaining('iot:CreateJob'),
  });
  client.destroy();
});

describe('core devices', () => {
  const named = (core: TestDevice) => ({ coreDeviceThingName: core.thingName });
  const component = (name: string, more: object = {}) => ({
    componentName: name,
    version: '1.0.0',
    fleetConfigArns: ['arn:local'],
    isRoot: true,
    status: 'RUNNING',
    ...more,
  });
  const installed = (core: TestDevice, topologyFilter: 'ALL' | 'ROOT' = 'ALL') =>
    greengrass
      .send(new ListInstalledComponentsCommand({ ...named(core), topologyFilter }))
      .then(({ installedComponents = [] }) => installedComponents);

  // source: device-status; nucleus, FleetStatusDetails.java
  test('a thing is a core device once it has reported its health', async () => {
    const core = await makeCore();
    await expect(greengrass.send(new GetCoreDeviceCommand(named(core)))).rejects.toMatchObject({
      name: 'ResourceNotFoundException',
    });
    await report(core, health(core));
    expect(await greengrass.send(new GetCoreDeviceCommand(named(core)))).toMatchObject({
      ...named(core),
      coreVersion: '2.12.0',
      platform: 'linux',
      architecture: 'amd64',
      runtime: 'aws_nucleus_classic',
      status: 'HEALTHY',
      lastStatusUpdateTimestamp: new Date(1_800_000_000_000),
    });
  });

  test('its components are those it reports: all of a complete message, changes of a partial one', async () => {
    const core = await makeCore();
    const at = 1_800_000_000_000;
    const dependency = component('com.example.Base', { isRoot: false });
    const broken = component('com.example.A', {
      status: 'BROKEN',
      componentStatusDetails: { statusCodes: ['RUN_ERROR'], statusReason: 'exit code 1' },
    });
    await report(
      core,
      health(core, { components: [component('com.example.A'), component('com.example.B'), dependency] }),
      health(core, {
        timestamp: at + 1,
        messageType: 'PARTIAL',
        trigger: 'THING_GROUP_DEPLOYMENT',
        overallDeviceStatus: 'UNHEALTHY',
        components: [broken, component('com.example.B', { fleetConfigArns: [], status: 'FINISHED' })],
      }),
      // Overtaken on the way.
      health(core, { timestamp: at - 1, components: [] }),
    );
    expect(await installed(core)).toMatchObject([
      {
        componentName: 'com.example.A',
        lifecycleState: 'BROKEN',
        lifecycleStateDetails: 'exit code 1',
        lifecycleStatusCodes: ['RUN_ERROR'],
        lastInstallationSource: 'LOCAL',
        lastStatusChangeTimestamp: new Date(at + 1),
      },
      { componentName: 'com.example.Base', isRoot: false, lastReportedTimestamp: new Date(at) },
    ]);
    expect(await installed(core, 'ROOT')).toHaveLength(1);
    const unhealthy = await greengrass.send(new ListCoreDevicesCommand({ status: 'UNHEALTHY' }));
    expect(unhealthy.coreDevices?.map((one) => one.coreDeviceThingName)).toEqual([core.thingName]);
  });

  // source: EffectiveDeployment; ListCoreDevices, thingGroupArn; InstalledComponent, lastInstallationSource
  test('deployments of its groups are followed by their job executions', async () => {
    const group = await makeGroup();
    const core = await makeCore(group.name);
    const made = await deploy(group.arn);
    const { configurationArn } = await documentOf(made.iotJobId);
    await report(core, health(core, { components: [component(COMPONENT, { fleetConfigArns: [configurationArn] })] }));
    const effective = () =>
      greengrass
        .send(new ListEffectiveDeploymentsCommand(named(core)))
        .then(({ effectiveDeployments = [] }) => effectiveDeployments[0]);
    await eventually('the execution', async () => (await effective())?.coreDeviceExecutionStatus === 'QUEUED');
    expect(await effective()).toMatchObject({ deploymentId: made.deploymentId, iotJobId: made.iotJobId });
    expect((await installed(core))[0]?.lastInstallationSource).toBe(made.deploymentId);
    const inGroup = await greengrass.send(new ListCoreDevicesCommand({ thingGroupArn: group.arn }));
    expect(inGroup.coreDevices?.map((one) => one.coreDeviceThingName)).toEqual([core.thingName]);
    const client = await cloud.connect(core);
    const update = (status: string, statusDetails: object) =>
      client.publishAsync(
        `$aws/things/${core.thingName}/jobs/${made.iotJobId}/update`,
        JSON.stringify({ status, statusDetails }),
        { qos: 1 },
      );
    await update('IN_PROGRESS', {});
    await eventually('the start', async () => (await effective())?.coreDeviceExecutionStatus === 'IN_PROGRESS');
    await expect(greengrass.send(new DeleteCoreDeviceCommand(named(core)))).rejects.toMatchObject({
      name: 'ConflictException',
    });
    await update('FAILED', {
      'detailed-deployment-status': 'FAILED_ROLLBACK_COMPLETE',
      'deployment-failure-cause': 'broken',
      'deployment-error-stack': '["DEPLOYMENT_FAILURE","COMPONENT_BROKEN"]',
    });
    await eventually('the end', async () => (await effective())?.coreDeviceExecutionStatus === 'FAILED');
    expect(await effective()).toMatchObject({
      reason: 'broken',
      statusDetails: { errorStack: ['DEPLOYMENT_FAILURE', 'COMPONENT_BROKEN'] },
    });
    await greengrass.send(new DeleteCoreDeviceCommand(named(core)));
    await expect(installed(core)).rejects.toMatchObject({ name: 'ResourceNotFoundException' });
    await client.endAsync();
  });
});

// source: deployment-health-notifications
test('the end of a deployment and a broken component are events of the default bus', async () => {
  const published: AwsServiceEvent[] = [];
  cloud.https.cloud.ports.provide('awsEvents', { publish: async (event) => void published.push(event) });
  const core = await makeCore();
  const broken = {
    componentName: COMPONENT,
    version: '1.0.0',
    fleetConfigArns: ['arn:group'],
    isRoot: true,
    status: 'BROKEN',
    componentStatusDetails: { statusCodes: ['RUN_ERROR'], statusReason: 'exit code 1' },
  };
  await report(
    core,
    health(core, {
      messageType: 'PARTIAL',
      trigger: 'THING_GROUP_DEPLOYMENT',
      components: [broken],
      deploymentInformation: {
        status: 'FAILED',
        deploymentId: 'deployment-1',
        statusDetails: { detailedStatus: 'FAILED_ROLLBACK_NOT_REQUESTED', failureCause: 'broken', errorStack: ['A'] },
      },
    }),
  );
  const resources = [`arn:aws:greengrass:us-east-1:123456789012:coreDevices:${core.thingName}`];
  expect(published).toMatchObject([
    {
      source: 'aws.greengrass',
      detailType: 'Greengrass V2 Effective Deployment Status Change',
      resources,
      detail: {
        deploymentId: 'deployment-1',
        coreDeviceExecutionStatus: 'FAILED',
        statusDetails: { errorStack: ['A'], errorTypes: [] },
        reason: 'broken',
      },
    },
    {
      detailType: 'Greengrass V2 Installed Component Status Change',
      resources,
      detail: {
        components: [
          {
            componentName: COMPONENT,
            componentVersion: '1.0.0',
            root: true,
            lifecycleState: 'BROKEN',
            lifecycleStatusCodes: ['RUN_ERROR'],
            lifecycleStateDetails: 'exit code 1',
          },
        ],
      },
    },
  ]);
});

describe('the data plane of core devices', () => {
  const candidates = JSON.stringify({
    platform: { attributes: { os: 'linux', architecture: 'amd64' } },
    componentCandidates: [{ componentName: COMPONENT, versionRequirements: { requirements: '^1.0.0' } }],
  });

  // source: device-auth, greengrass:ResolveComponentCandidates; nucleus lite, deployment_handler.c
  test('a core resolves components with its certificate', async () => {
    const core = await makeCore();
    const answer = await cloud.ask(core, 'POST', '/greengrass/v2/resolveComponentCandidates', candidates);
    expect(answer.status).toBe(200);
    const [resolved] = JSON.parse(answer.body).resolvedComponentVersions;
    expect(resolved).toMatchObject({ componentName: COMPONENT, componentVersion: '1.0.0' });
    expect(JSON.parse(Buffer.from(resolved.recipe, 'base64').toString())).toMatchObject({ ComponentName: COMPONENT });
  });

  // source: device-auth, greengrass:ListThingGroupsForCoreDevice; nucleus, ThingGroupHelper.java
  test('a core asks for its own thing groups with their ancestors, and for no other', async () => {
    const parent = `parent-${count++}`;
    const child = `child-${count++}`;
    await cloud.iot('CreateThingGroup', { thingGroupName: parent });
    await cloud.iot('CreateThingGroup', { thingGroupName: child, parentGroupName: parent });
    const core = await makeCore(child);
    const other = await makeCore();
    const path = (thing: string) => `/greengrass/v2/coreDevices/${thing}/thingGroups`;
    const answer = await cloud.ask(core, 'GET', path(core.thingName));
    expect(JSON.parse(answer.body)).toEqual({
      thingGroups: [
        {
          thingGroupName: child,
          thingGroupArn: `${ARN}thinggroup/${child}`,
          rootToParentThingGroups: [{ thingGroupName: parent, thingGroupArn: `${ARN}thinggroup/${parent}` }],
        },
      ],
    });
    expect(await cloud.ask(core, 'GET', path(other.thingName))).toMatchObject({ status: 403 });
  });

  // source: device-auth
  test('a device whose policy does not allow it is refused', async () => {
    const device = await cloud.device(`device-${count++}`, [CORE_POLICY[0] as object]);
    expect(await cloud.ask(device, 'POST', '/greengrass/v2/resolveComponentCandidates', candidates)).toMatchObject({
      status: 403,
      errorType: expect.stringContaining('AccessDenied'),
    });
  });

  // source: device-auth (the actions of core devices hold no other)
  test('the control plane is not served to devices, whatever their policy', async () => {
    const core = await cloud.device(`device-${count++}`, [{ Effect: 'Allow', Action: '*', Resource: '*' }]);
    expect(await cloud.ask(core, 'GET', '/greengrass/v2/components')).toMatchObject({ status: 501 });
    expect(await cloud.ask(core, 'POST', '/greengrass/v2/deployments', '{}')).toMatchObject({ status: 501 });
  });
});
