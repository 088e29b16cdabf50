import { join } from 'node:path';
import {
  coreGroupName,
  corePolicyName,
  deviceTypeGroupName,
  ECHO_LEVEL,
  type PlatformNames,
  platformNames,
} from '@fleetwright/contracts';
import { CfnOutput, Stack, type StackProps } from 'aws-cdk-lib';
import type { Construct } from 'constructs';
import { alarmActionArns, basicIngestChannels, removalPolicy } from '../config/derived-settings.ts';
import { type CoreGroup, coreGroups, type EdgeComponentSettings, type EdgeSettings } from '../config/edge-settings.ts';
import { ConfigError } from '../config/load-platform-config.ts';
import type { PlatformConfig } from '../config/platform-config.ts';
import { ownTopics } from '../constructs/device-registry/device-policy.ts';
import {
  type BuiltComponent,
  componentFolders,
  readBuiltComponent,
} from '../constructs/greengrass-component/built-component.ts';
import { ComponentArtifacts } from '../constructs/greengrass-component/component-artifacts.ts';
import { GreengrassComponentVersion } from '../constructs/greengrass-component/greengrass-component-version.ts';
import { CoreDeployment, type DeployedComponent } from '../constructs/greengrass-core-fleet/core-deployment.ts';
import { CoreFailures } from '../constructs/greengrass-core-fleet/core-failures.ts';
import { GreengrassCoreFleet } from '../constructs/greengrass-core-fleet/greengrass-core-fleet.ts';

export interface EdgeStackProps extends StackProps {
  readonly config: PlatformConfig;
  /** Directory with a folder for each built component. */
  readonly componentsDirectory: string;
}

/** The component that sends to the cloud, and so needs to know where its core stands. */
const SPOOL = 'store-and-forward';

type Versions = ReadonlyMap<string, GreengrassComponentVersion>;

/** What Greengrass cores run, and what they may. Needs the identity stack's groups by device type. */
export class EdgeStack extends Stack {
  constructor(scope: Construct, id: string, props: EdgeStackProps) {
    super(scope, id, props);
    const { project, stage, settings } = props.config;
    const { edge } = settings;
    const names = platformNames(project, stage);
    const groups = coreGroups(edge, settings.provisioning.sites);
    const folders = componentFolders(props.componentsDirectory);
    this.checkComponents(folders, groups, props);
    const kept = {
      logRetentionDays: settings.retention.logDays,
      removalPolicy: removalPolicy(settings),
      metricsNamespace: names.topicRoot,
    };

    const artifacts = new ComponentArtifacts(this, 'Artifacts', kept);
    const built = new Map(folders.map((folder) => [folder, read(join(props.componentsDirectory, folder))]));
    // Names of components belong to the whole account and region, so they carry project and stage.
    const componentNames = new Map(
      [...built.values()].map(({ name }) => [name, `com.${project}.${stage}.${name.slice(name.lastIndexOf('.') + 1)}`]),
    );
    const versions: Versions = new Map(
      [...built].map(([folder, component]) => [
        folder,
        new GreengrassComponentVersion(this, folder, { ...kept, component, names: componentNames, artifacts }),
      ]),
    );
    const thingNames = names.thingName(edge.deviceType, '*');
    const fleet = new GreengrassCoreFleet(this, 'Cores', {
      ...kept,
      name: corePolicyName(names.topicRoot, edge.deviceType),
      thingNames,
      memberGroupNames: [deviceTypeGroupName(names.topicRoot, edge.deviceType)],
      groups: groups.map(({ name, site }) => ({
        id: name,
        name: coreGroupName(names.topicRoot, name),
        description: `cores ${name === site ? 'at' : `${name} at`} ${site}`,
      })),
      artifacts: artifacts.bucket,
      artifactKeys: artifactKeys(versions, groups, edge.components),
      publicComponents: publicComponents([...built.values()], edge),
      topics: [`${ownTopics(names)}/${ECHO_LEVEL}`],
      credentialSeconds: edge.credentialSeconds,
    });
    for (const group of groups) this.deployment(props.config, names, group, versions, fleet);
    const failures = new CoreFailures(this, 'Failures', {
      thingNames,
      deadLetterDays: settings.retention.deadLetterDays,
      removalPolicy: kept.removalPolicy,
      alarmActionArns: alarmActionArns(this, props.config),
    });

    const outputs: Record<string, string> = {
      CoreRoleAlias: fleet.alias.ref,
      CoreGroupNames: groups.map(({ name }) => coreGroupName(names.topicRoot, name)).join(','),
      ComponentBucketName: artifacts.bucket.bucketName,
      CoreFailedQueueUrl: failures.failed.queueUrl,
      CoreEventErrorQueueUrl: failures.undelivered.queueUrl,
    };
    for (const [name, value] of Object.entries(outputs)) new CfnOutput(this, name, { value });
  }

  private deployment(
    { settings }: PlatformConfig,
    names: PlatformNames,
    group: CoreGroup,
    versions: Versions,
    fleet: GreengrassCoreFleet,
  ): void {
    const { edge } = settings;
    const name = coreGroupName(names.topicRoot, group.name);
    const place = {
      topicRoot: names.topicRoot,
      site: group.site,
      deviceType: edge.deviceType,
      telemetryRule: names.ruleName('telemetry'),
      eventRule: names.ruleName('event'),
      basicIngestChannels: basicIngestChannels(settings),
    };
    const own = [...versions].flatMap(([folder, version]): [string, DeployedComponent][] => {
      const chosen = settingsOf(folder, group, edge.components);
      if (chosen.enabled === false) return [];
      const merge = folder === SPOOL ? { ...place, ...chosen.merge } : chosen.merge;
      return [[version.name, { version: chosen.version ?? version.version, merge, reset: chosen.reset }]];
    });
    const target = fleet.groups.get(name);
    if (target === undefined) throw new Error(`no group is called ${name}`);
    const { resource } = new CoreDeployment(this, `Deployment-${group.name}`, {
      name,
      targetArn: target.attrArn,
      components: new Map([...own, ...Object.entries(edge.publicComponents)]),
      rollout: edge.rollout,
      policies: edge.policies,
    });
    // A core that is told of a deployment may at once ask for what is in it.
    resource.node.addDependency(fleet, ...[...versions.values()].map((version) => version.resource));
  }

  /** @throws ConfigError */
  private checkComponents(folders: readonly string[], groups: readonly CoreGroup[], props: EdgeStackProps): void {
    const { components } = props.config.settings.edge;
    const known = folders.join(', ');
    if (folders.length === 0) throw new ConfigError([`edge: no component is built in ${props.componentsDirectory}`]);
    const foreign = (place: string, named: object) =>
      Object.keys(named)
        .filter((folder) => !folders.includes(folder))
        .map((folder) => `${place}.${folder}: is none of the components (${known})`);
    const issues = [
      ...foreign('edge.components', components),
      ...groups.flatMap((group) => foreign(`edge.groups.${group.name}.components`, group.components)),
    ];
    if (issues.length > 0) throw new ConfigError(issues);
  }
}

/** What a group says of a component stands over what is said for all cores, member by member. */
function settingsOf(
  folder: string,
  group: CoreGroup,
  all: Readonly<Record<string, EdgeComponentSettings>>,
): EdgeComponentSettings {
  const [shared, own] = [all[folder], group.components[folder]];
  const merge = { ...shared?.merge, ...own?.merge };
  return { ...shared, ...own, ...(Object.keys(merge).length > 0 && { merge }) };
}

/** Artifacts of what is built, on which other components may depend, and all files of earlier versions that are named. */
function artifactKeys(
  versions: Versions,
  groups: readonly CoreGroup[],
  all: Readonly<Record<string, EdgeComponentSettings>>,
): string[] {
  return [...versions].flatMap(([folder, built]) => [
    ...built.artifactKeys,
    ...groups.flatMap((group) => {
      const { version = built.version } = settingsOf(folder, group, all);
      return version === built.version ? [] : [`${built.name}/${version}/*`];
    }),
  ]);
}

/** Components of AWS that cores get: named by the settings, or needed by what is built. */
function publicComponents(built: readonly BuiltComponent[], edge: EdgeSettings): string[] {
  const needed = built.flatMap(({ dependencies }) => dependencies.filter((name) => name.startsWith('aws.greengrass.')));
  return [...new Set([...Object.keys(edge.publicComponents), ...needed])].sort();
}

/** @throws ConfigError */
function read(directory: string): BuiltComponent {
  try {
    return readBuiltComponent(directory);
  } catch (error) {
    throw new ConfigError([`edge: ${error instanceof Error ? error.message : String(error)}`]);
  }
}
