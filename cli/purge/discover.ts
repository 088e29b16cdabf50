import type { CloudFormationClient } from '@aws-sdk/client-cloudformation';
import type { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import {
  DescribeDefaultAuthorizerCommand,
  DescribeJobCommand,
  DescribeProvisioningTemplateCommand,
  DescribeThingTypeCommand,
  type IoTClient,
  ListPolicyVersionsCommand,
  paginateListAuthorizers,
  paginateListJobs,
  paginateListStreams,
  paginateListTargetsForPolicy,
  paginateListThings,
  paginateListThingsInThingGroup,
} from '@aws-sdk/client-iot';
import { ListObjectVersionsCommand, type S3Client } from '@aws-sdk/client-s3';
import { campaignPrefix } from '@fleetwright/contracts';
import { ifThere } from '../operator/back-off.ts';
import type { Stage } from '../operator/stage.ts';
import { belongsTo, type StageStacks, stageResources } from '../operator/stage-stacks.ts';
import { type FoundJob, type FoundThing, type Inventory, ownJobs, ownThings, physicalIds } from './inventory.ts';
import { certificatesOfAuthorities, certificatesOutOfUse } from './own-certificates.ts';

export interface DiscoverOptions {
  readonly stage: Stage;
  readonly stacks: StageStacks;
  /** Of the stage, by configuration: where stacks are gone already, their things may still be there. */
  readonly deviceTypes: readonly string[];
  readonly iot: IoTClient;
  readonly s3: S3Client;
  readonly dynamodb: DynamoDBClient;
  readonly cloudFormation: CloudFormationClient;
}

export interface Discovery {
  readonly inventory: Inventory;
  /** Groups, thing types and policies that are the stage's. */
  readonly ownPolicies: ReadonlySet<string>;
  readonly notes: readonly string[];
}

/** Finds what a purge of a stage would remove. Reads only. */
export async function discover(options: DiscoverOptions): Promise<Discovery> {
  const { cloudFormation, iot, stacks, stage } = options;
  const { names, prefix } = stage;
  const { otherPrefixes } = stacks;
  const resources = await stageResources(cloudFormation, stacks);
  const notes: string[] = [];

  const typeNames = new Set([
    ...physicalIds(resources, 'AWS::IoT::ThingType'),
    ...options.deviceTypes.map((deviceType) => names.thingType(deviceType)),
  ]);
  const thingTypes: { name: string; deprecated: boolean }[] = [];
  const typed: FoundThing[] = [];
  for (const name of typeNames) {
    const type = await ifThere(() => iot.send(new DescribeThingTypeCommand({ thingTypeName: name })));
    if (type === undefined) continue;
    thingTypes.push({ name, deprecated: type.thingTypeMetadata?.deprecated === true });
    for await (const { things = [] } of paginateListThings({ client: iot, pageSize: 250 }, { thingTypeName: name })) {
      for (const { thingName = '' } of things) typed.push({ thingName, thingTypeName: name });
    }
  }
  const grouped: string[] = [];
  await ifThere(async () => {
    const pages = paginateListThingsInThingGroup(
      { client: iot, pageSize: 250 },
      { thingGroupName: names.thingGroup, recursive: true },
    );
    for await (const { things = [] } of pages) grouped.push(...things);
  });
  const things = ownThings(typed, grouped, prefix, otherPrefixes);

  const certificates = new Set<string>();
  await ifThere(async () => {
    const pages = paginateListTargetsForPolicy({ client: iot, pageSize: 250 }, { policyName: names.devicePolicy });
    for await (const { targets = [] } of pages) {
      for (const arn of targets.filter((target) => target.includes(':cert/'))) certificates.add(arn);
    }
  });
  for (const arn of [
    ...(await certificatesOfAuthorities(iot, physicalIds(resources, 'AWS::IoT::CACertificate'))),
    ...(await certificatesOutOfUse(iot, options.dynamodb, stacks.outputs.RotationTableName)),
  ]) {
    certificates.add(arn);
  }

  const groups = new Set([names.thingGroup, ...physicalIds(resources, 'AWS::IoT::ThingGroup')]);
  const found: FoundJob[] = [];
  for await (const { jobs = [] } of paginateListJobs({ client: iot, pageSize: 250 }, {})) {
    for (const { jobId, status } of jobs) {
      if (jobId === undefined || status === 'DELETION_IN_PROGRESS') continue;
      const described = await ifThere(() => iot.send(new DescribeJobCommand({ jobId })));
      found.push({ jobId, targets: described?.job?.targets ?? [] });
    }
  }
  // Groups of update campaigns are made as these go, and are gone when they have ended; their jobs stay.
  for (const arn of found.flatMap(({ targets }) => targets)) {
    const group = /:thinggroup\/(.+)$/.exec(arn)?.[1];
    if (group?.startsWith(campaignPrefix(names.topicRoot)) === true) groups.add(group);
  }
  const { own, shared } = ownJobs(found, new Set(things), groups);
  for (const jobId of shared) notes.push(`job ${jobId} also targets others and stays`);

  const ownPolicies = new Set([names.devicePolicy, names.claimPolicy, ...physicalIds(resources, 'AWS::IoT::Policy')]);
  const policies: { name: string; oldVersions: string[] }[] = [];
  for (const name of ownPolicies) {
    const versions = await ifThere(() => iot.send(new ListPolicyVersionsCommand({ policyName: name })));
    const old = (versions?.policyVersions ?? []).filter(({ isDefaultVersion }) => isDefaultVersion !== true);
    if (old.length > 0) policies.push({ name, oldVersions: old.map(({ versionId = '' }) => versionId) });
  }

  const template = await ifThere(() =>
    iot.send(new DescribeProvisioningTemplateCommand({ templateName: names.provisioningTemplate })),
  );
  const streams: string[] = [];
  for await (const page of paginateListStreams({ client: iot }, {})) {
    for (const { streamId = '' } of page.streams ?? []) {
      if (belongsTo(prefix, otherPrefixes, streamId)) streams.push(streamId);
    }
  }
  const buckets: string[] = [];
  for (const name of physicalIds(resources, 'AWS::S3::Bucket')) {
    if (await holdsObjects(options.s3, name)) buckets.push(name);
  }
  for (const { EnableTerminationProtection, StackName } of stacks.stacks) {
    if (EnableTerminationProtection === true) {
      notes.push(
        `stack ${StackName} is protected: set removalPolicy to destroy and deploy, before it can be destroyed`,
      );
    }
  }
  return {
    ownPolicies,
    notes,
    inventory: {
      template:
        template === undefined ? undefined : { name: names.provisioningTemplate, enabled: template.enabled === true },
      thingTypes,
      things,
      certificates: [...certificates],
      jobs: own,
      policies,
      streams,
      authorizers: await activeAuthorizers(options),
      buckets,
    },
  };
}

async function activeAuthorizers({ iot, stacks, stage }: DiscoverOptions): Promise<Inventory['authorizers']> {
  const names: string[] = [];
  for await (const { authorizers = [] } of paginateListAuthorizers({ client: iot }, { status: 'ACTIVE' })) {
    for (const { authorizerName = '' } of authorizers) {
      if (belongsTo(stage.prefix, stacks.otherPrefixes, authorizerName)) names.push(authorizerName);
    }
  }
  if (names.length === 0) return [];
  const standard = await ifThere(() => iot.send(new DescribeDefaultAuthorizerCommand({})));
  const standardName = standard?.authorizerDescription?.authorizerName;
  return names.map((name) => ({ name, isDefault: name === standardName }));
}

async function holdsObjects(s3: S3Client, bucket: string): Promise<boolean> {
  const page = await ifThere(() => s3.send(new ListObjectVersionsCommand({ Bucket: bucket, MaxKeys: 1 })));
  return (page?.Versions?.length ?? 0) + (page?.DeleteMarkers?.length ?? 0) > 0;
}
