import {
  CancelDeploymentCommand,
  CreateDeploymentCommand,
  type CreateDeploymentCommandInput,
  DeleteDeploymentCommand,
  GreengrassV2Client,
  ListDeploymentsCommand,
  ListEffectiveDeploymentsCommand,
} from '@aws-sdk/client-greengrassv2';
import { ADMINISTRATOR } from '../../local-cloud/src/testing/context.ts';
import { eventually } from '../support/eventually.ts';
import { ARN } from './data-plane-cloud.ts';
import {
  COMPONENT,
  cloud,
  components,
  deploy,
  documentOf,
  get,
  greengrass,
  health,
  job,
  makeCore,
  makeGroup,
  SHADOW,
  startCloud,
  stopCloud,
} from './greengrass-cloud.ts';

// source: AWS IoT Greengrass V2 API reference; Greengrass developer guide, create-deployments, revise-deployments, device-status

beforeAll(startCloud);
afterAll(stopCloud);

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
