import {
  DeleteCoreDeviceCommand,
  GetCoreDeviceCommand,
  ListCoreDevicesCommand,
  ListEffectiveDeploymentsCommand,
  ListInstalledComponentsCommand,
} from '@aws-sdk/client-greengrassv2';
import type { AwsServiceEvent } from '../../local-cloud/src/core/aws-events.ts';
import { eventually } from '../support/eventually.ts';
import { ARN, type TestDevice } from './data-plane-cloud.ts';
import {
  COMPONENT,
  CORE_POLICY,
  cloud,
  deploy,
  documentOf,
  greengrass,
  health,
  makeCore,
  makeGroup,
  nextNumber,
  report,
  startCloud,
  stopCloud,
} from './greengrass-cloud.ts';

// source: AWS IoT Greengrass V2 API reference; Greengrass developer guide, create-deployments, revise-deployments, device-status

beforeAll(startCloud);
afterAll(stopCloud);

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
    const parent = `parent-${nextNumber()}`;
    const child = `child-${nextNumber()}`;
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
    const device = await cloud.device(`device-${nextNumber()}`, [CORE_POLICY[0] as object]);
    expect(await cloud.ask(device, 'POST', '/greengrass/v2/resolveComponentCandidates', candidates)).toMatchObject({
      status: 403,
      errorType: expect.stringContaining('AccessDenied'),
    });
  });

  // source: device-auth (the actions of core devices hold no other)
  test('the control plane is not served to devices, whatever their policy', async () => {
    const core = await cloud.device(`device-${nextNumber()}`, [{ Effect: 'Allow', Action: '*', Resource: '*' }]);
    expect(await cloud.ask(core, 'GET', '/greengrass/v2/components')).toMatchObject({ status: 501 });
    expect(await cloud.ask(core, 'POST', '/greengrass/v2/deployments', '{}')).toMatchObject({ status: 501 });
  });
});
