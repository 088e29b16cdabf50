import { deviceTypeGroupName, type PlatformNames, PRESENCE_SHADOW, platformNames } from '@fleetwright/contracts';
import { CfnOutput, type RemovalPolicy, Stack, type StackProps } from 'aws-cdk-lib';
import type { Table } from 'aws-cdk-lib/aws-dynamodb';
import type { IQueue } from 'aws-cdk-lib/aws-sqs';
import type { Construct } from 'constructs';
import { alarmActionArns, basicIngestChannels, removalPolicy } from '../config/derived-settings.ts';
import { coreGroups } from '../config/edge-settings.ts';
import { foreignPlaces } from '../config/identity-settings.ts';
import { ConfigError } from '../config/load-platform-config.ts';
import type { PlatformConfig } from '../config/platform-config.ts';
import { readPem } from '../config/read-pem.ts';
import { CertificateRotation } from '../constructs/certificate-rotation/certificate-rotation.ts';
import { ClaimCredentials } from '../constructs/claim-credentials/claim-credentials.ts';
import { CustomerCa } from '../constructs/customer-ca/customer-ca.ts';
import { JustInTimeRegistration } from '../constructs/customer-ca/just-in-time-registration.ts';
import { DeadLetterQueue } from '../constructs/dead-letter-queue/dead-letter-queue.ts';
import { DeviceCredentials } from '../constructs/device-credentials/device-credentials.ts';
import { DeviceRegistry } from '../constructs/device-registry/device-registry.ts';
import { DeviceEnrollment } from '../constructs/enrolled-device/device-enrollment.ts';
import { FirstConnection } from '../constructs/first-connection/first-connection.ts';
import { DynamicGroups } from '../constructs/fleet-groups/dynamic-groups.ts';
import { FleetGroups } from '../constructs/fleet-groups/fleet-groups.ts';
import { FleetIndexing } from '../constructs/fleet-indexing/fleet-indexing.ts';
import { FleetProvisioning } from '../constructs/fleet-provisioning/fleet-provisioning.ts';
import type { QueueConsumerDefaults } from '../constructs/queue-consumer/queue-consumer.ts';

export interface IdentityStackProps extends StackProps {
  readonly config: PlatformConfig;
}

interface OnboardingProps extends QueueConsumerDefaults {
  readonly names: PlatformNames;
  readonly registry: DeviceRegistry;
  readonly groups: FleetGroups;
  readonly deviceTypes: readonly string[];
  readonly admissions: Table;
  readonly errorQueue: IQueue;
}

function onboardingOf(onboarding: 'register' | 'provision' | 'none'): 'provision' | 'none' {
  return onboarding === 'provision' ? 'provision' : 'none';
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
    const groups = new FleetGroups(this, 'FleetGroups', {
      topicRoot: names.topicRoot,
      sites: settings.provisioning.sites,
      deviceTypes: settings.provisioning.deviceTypes,
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
    provisioning.template.node.addDependency(groups);
    this.indexed(props.config, registry, shared);
    const claim = new ClaimCredentials(this, 'ClaimCredentials', {
      ...shared,
      generation: settings.provisioning.claimGeneration,
    });

    const queued = {
      ...shared,
      deviceTypes: settings.provisioning.deviceTypes,
      deadLetterDays: settings.retention.deadLetterDays,
      alarmActionArns: alarmActionArns(this, props.config),
    };
    const ruleErrors = new DeadLetterQueue(this, 'RuleErrors', {
      meaning: 'An action of a topic rule of identities failed; the message holds it with its error.',
      retentionDays: queued.deadLetterDays,
      removalPolicy: queued.removalPolicy,
      alarmActionArns: queued.alarmActionArns,
    });
    const rotation = new CertificateRotation(this, 'Rotation', {
      ...queued,
      ...settings.identity.rotation,
      errorQueue: ruleErrors.queue,
    });
    const first = new FirstConnection(this, 'FirstConnection', {
      ...queued,
      sites: settings.provisioning.sites,
      errorQueue: ruleErrors.queue,
      ...(settings.edge.enabled && {
        cores: {
          deviceType: settings.edge.deviceType,
          groups: coreGroups(settings.edge, settings.provisioning.sites).map(({ name }) => name),
        },
      }),
    });
    const registrar = this.onboarding(props.config, {
      ...queued,
      registry,
      groups,
      admissions: provisioning.admissions,
      errorQueue: ruleErrors.queue,
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
      RotationTableName: rotation.state.tableName,
      RotationFailedQueueUrl: rotation.consumer.failedQueue.queueUrl,
      FirstConnectionFailedQueueUrl: first.consumer.failedQueue.queueUrl,
      IdentityRuleErrorQueueUrl: ruleErrors.queue.queueUrl,
      ...(registrar !== undefined && { RegistrationFailedQueueUrl: registrar.consumer.failedQueue.queueUrl }),
      ...(settings.identity.credentials.grants.length > 0 && { CredentialsRoleAlias: names.deviceRoleAlias }),
    };
    for (const [name, value] of Object.entries(outputs)) new CfnOutput(this, name, { value });
  }

  /** The ways into the fleet besides the claim, and what devices get there, where the configuration has them. */
  private onboarding({ settings }: PlatformConfig, shared: OnboardingProps): JustInTimeRegistration | undefined {
    const { authorities, credentials, devices } = settings.identity;
    const { admission, sites } = settings.provisioning;
    const foreign = foreignPlaces(settings.identity, settings.provisioning);
    if (foreign.length > 0) throw new ConfigError(foreign.map((place) => `identity: the stage has no ${place}`));
    const registrar = authorities.some(({ onboarding }) => onboarding === 'register')
      ? new JustInTimeRegistration(this, 'Registration', { ...shared, admission, sites })
      : undefined;
    for (const { certificateFile, name: authority, onboarding, verificationFile, ...place } of authorities) {
      const ca = new CustomerCa(this, `Authority-${authority}`, {
        ...shared,
        authority,
        certificatePem: readPem(certificateFile),
        ...(verificationFile !== undefined && { verificationPem: readPem(verificationFile) }),
        place,
        onboarding: onboarding === 'register' && registrar !== undefined ? registrar : onboardingOf(onboarding),
      });
      ca.node.addDependency(shared.groups);
    }
    if (devices.length > 0) {
      const enrollment = new DeviceEnrollment(this, 'Enrollment', { ...shared, sites });
      enrollment.node.addDependency(shared.groups);
      for (const { certificateFile, csrFile = '', ...device } of devices) {
        const known = certificateFile === undefined ? undefined : { certificatePem: readPem(certificateFile) };
        const credential = known ?? { csrPem: readPem(csrFile) };
        const { ref: value } = enrollment.enroll({ ...device, credential });
        new CfnOutput(this, `CertificateOf${device.serialNumber.replaceAll('-', '')}`, { value });
      }
    }
    if (credentials.grants.length > 0) {
      const { deviceTypes, ...rest } = credentials;
      const own = new DeviceCredentials(this, 'DeviceCredentials', {
        ...shared,
        ...rest,
        name: shared.names.deviceRoleAlias,
        groupNames: deviceTypes.map((deviceType) => deviceTypeGroupName(shared.names.topicRoot, deviceType)),
      });
      own.node.addDependency(shared.groups);
    }
    return registrar;
  }

  /** What stands on fleet indexing, where the configuration has it. */
  private indexed(
    { settings }: PlatformConfig,
    registry: DeviceRegistry,
    shared: { names: PlatformNames; logRetentionDays: number; removalPolicy: RemovalPolicy; metricsNamespace: string },
  ): void {
    const { firmwareVersions, indexing, lowBatteryPercent } = settings.fleet;
    if (indexing === 'off') return;
    const dynamic = new DynamicGroups(this, 'DynamicGroups', {
      topicRoot: shared.names.topicRoot,
      stageGroup: shared.names.thingGroup,
      firmwareVersions,
      lowBatteryPercent,
    });
    dynamic.node.addDependency(registry);
    if (indexing === 'existing') return;
    const own = new FleetIndexing(this, 'FleetIndexing', {
      ...shared,
      namedShadows: ['firmware', 'health', PRESENCE_SHADOW],
      customFields: [
        { name: 'shadow.name.firmware.reported.version', type: 'String' },
        { name: 'shadow.name.health.reported.battery', type: 'Number' },
        { name: `shadow.name.${PRESENCE_SHADOW}.reported.status`, type: 'String' },
      ],
    });
    dynamic.node.addDependency(own);
  }
}
