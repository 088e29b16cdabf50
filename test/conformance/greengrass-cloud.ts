import {
  CreateDeploymentCommand,
  type CreateDeploymentCommandInput,
  GetDeploymentCommand,
  GreengrassV2Client,
} from '@aws-sdk/client-greengrassv2';
import { createGreengrassv2Plugin } from '../../local-cloud/src/services/greengrassv2/plugin.ts';
import { createS3Plugin } from '../../local-cloud/src/services/s3/plugin.ts';
import { ADMINISTRATOR } from '../../local-cloud/src/testing/context.ts';
import { ARN, DataPlaneCloud, type TestDevice } from './data-plane-cloud.ts';

export const COMPONENT = 'com.example.Greeter';
export const SHADOW = 'AWSManagedGreengrassV2Deployment';
/** Developer guide, `device-auth`, "Minimal AWS IoT policy for AWS IoT Greengrass V2 core devices". */
export const CORE_POLICY = [
  { Effect: 'Allow', Action: ['iot:Connect', 'iot:Publish', 'iot:Subscribe', 'iot:Receive'], Resource: '*' },
  {
    Effect: 'Allow',
    Action: ['greengrass:ResolveComponentCandidates', 'greengrass:GetComponentVersionArtifact'],
    Resource: '*',
  },
];

export let cloud: DataPlaneCloud;
export let greengrass: GreengrassV2Client;
let count = 0;

/** Another one at each call, for names. */
export const nextNumber = (): number => count++;

/** For `beforeAll`. */
export async function startCloud(): Promise<void> {
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
}

export async function stopCloud(): Promise<void> {
  greengrass?.destroy();
  await cloud?.close();
}

export const components = { [COMPONENT]: { componentVersion: '1.0.0' } };
export const deploy = (targetArn: string, more: Partial<CreateDeploymentCommandInput> = {}) =>
  greengrass.send(new CreateDeploymentCommand({ targetArn, components, ...more }));
export const get = (deploymentId: string | undefined) => greengrass.send(new GetDeploymentCommand({ deploymentId }));

export async function makeGroup(): Promise<{ name: string; arn: string }> {
  const name = `cores-${count++}`;
  await cloud.iot('CreateThingGroup', { thingGroupName: name });
  return { name, arn: `${ARN}thinggroup/${name}` };
}

export async function makeCore(group?: string): Promise<TestDevice> {
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

export const job = (jobId: string | undefined) =>
  cloud.iot<{ job: Record<string, unknown> }>('DescribeJob', { jobId }).then((answer) => answer.job);
export const documentOf = async (jobId: string | undefined) =>
  JSON.parse((await cloud.iot<{ document: string }>('GetJobDocument', { jobId })).document);

export function health(core: TestDevice, more: object = {}) {
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
export async function report(core: TestDevice, ...messages: object[]): Promise<void> {
  const client = await cloud.connect(core);
  for (const message of messages) {
    const topic = `$aws/things/${core.thingName}/greengrassv2/health/json`;
    await client.publishAsync(topic, JSON.stringify(message), { qos: 1 });
  }
  await client.endAsync();
}
