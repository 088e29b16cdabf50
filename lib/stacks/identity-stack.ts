import { platformNames } from '@fleetwright/contracts';
import { CfnOutput, Stack, type StackProps } from 'aws-cdk-lib';
import type { Construct } from 'constructs';
import { alarmActionArns, basicIngestChannels, removalPolicy } from '../config/derived-settings.ts';
import type { PlatformConfig } from '../config/platform-config.ts';
import { ClaimCredentials } from '../constructs/claim-credentials/claim-credentials.ts';
import { DeviceRegistry } from '../constructs/device-registry/device-registry.ts';
import { FleetProvisioning } from '../constructs/fleet-provisioning/fleet-provisioning.ts';

export interface IdentityStackProps extends StackProps {
  readonly config: PlatformConfig;
}

/** Who devices are and how they become so. */
export class IdentityStack extends Stack {
  constructor(scope: Construct, id: string, props: IdentityStackProps) {
    super(scope, id, props);
    const { project, stage, settings } = props.config;
    const names = platformNames(project, stage);
    const shared = {
      names,
      logRetentionDays: settings.retention.logDays,
      removalPolicy: removalPolicy(settings),
      metricsNamespace: names.topicRoot,
    };
    const basicIngest = basicIngestChannels(settings);
    const registry = new DeviceRegistry(this, 'DeviceRegistry', {
      names,
      deviceTypes: settings.provisioning.deviceTypes,
      basicIngestChannels: basicIngest,
      removalPolicy: shared.removalPolicy,
    });
    const provisioning = new FleetProvisioning(this, 'FleetProvisioning', {
      ...shared,
      registry,
      admission: settings.provisioning.admission,
      sites: settings.provisioning.sites,
      deviceTypes: settings.provisioning.deviceTypes,
      basicIngestChannels: basicIngest,
      alarmActionArns: alarmActionArns(this, props.config),
    });
    const claim = new ClaimCredentials(this, 'ClaimCredentials', {
      ...shared,
      generation: settings.provisioning.claimGeneration,
    });

    const outputs: Record<string, string> = {
      TopicRoot: names.topicRoot,
      ProvisioningTemplateName: provisioning.template.ref,
      ClaimSecretArn: claim.secret.ref,
      AdmissionsTableName: provisioning.admissions.tableName,
      DevicePolicyName: registry.devicePolicy.ref,
      ThingGroupName: registry.thingGroup.ref,
      Sites: settings.provisioning.sites.join(','),
      DeviceTypes: settings.provisioning.deviceTypes.join(','),
    };
    for (const [name, value] of Object.entries(outputs)) new CfnOutput(this, name, { value });
  }
}
