import type { PlatformNames } from '@fleetwright/contracts';
import { ArnFormat, Stack } from 'aws-cdk-lib';
import { PolicyStatement } from 'aws-cdk-lib/aws-iam';
import { CfnCustomMetric, CfnSecurityProfile } from 'aws-cdk-lib/aws-iot';
import type { ITopic } from 'aws-cdk-lib/aws-sns';
import { Construct } from 'constructs';
import type { ProfileLimits } from '../../config/security-settings.ts';
import { IotServiceRole } from '../service-role/iot-service-role.ts';
import { behaviorsOf, customBehavior } from './behaviors.ts';

export interface SecurityProfilesProps {
  readonly names: PlatformNames;
  /** Of all devices of the stage. */
  readonly limits: ProfileLimits;
  readonly customMetrics: readonly { readonly name: string; readonly above: number }[];
  /** Of devices of further, existing groups. */
  readonly groups: Readonly<Record<string, ProfileLimits>>;
  readonly findings: ITopic;
}

/** What devices are expected to do, by group; Device Defender tells the topic of those that do not. */
export class SecurityProfiles extends Construct {
  constructor(scope: Construct, id: string, props: SecurityProfilesProps) {
    super(scope, id);
    const { names } = props;
    const role = new IotServiceRole(this, 'Role', { description: 'Device Defender: tells of violations' });
    role.addToPrincipalPolicy(
      new PolicyStatement({ sid: 'Alert', actions: ['sns:Publish'], resources: [props.findings.topicArn] }),
    );
    // Custom metrics belong to the whole account, so their names carry the stage.
    const metrics = props.customMetrics.map(
      ({ name }) =>
        new CfnCustomMetric(this, `Metric-${name}`, { metricName: names.securityMetric(name), metricType: 'number' }),
    );
    const custom = props.customMetrics.map(({ name, above }) =>
      customBehavior(name, names.securityMetric(name), above),
    );
    const profile = (
      profileId: string,
      name: string,
      group: string,
      behaviors: CfnSecurityProfile.BehaviorProperty[],
    ) => {
      const created = new CfnSecurityProfile(this, profileId, {
        securityProfileName: `${names.topicRoot}-${name}`,
        securityProfileDescription: `expected of things of the group ${group}`,
        behaviors,
        alertTargets: { SNS: { alertTargetArn: props.findings.topicArn, roleArn: role.roleArn } },
        targetArns: [
          Stack.of(this).formatArn({
            service: 'iot',
            resource: 'thinggroup',
            resourceName: group,
            arnFormat: ArnFormat.SLASH_RESOURCE_NAME,
          }),
        ],
      });
      created.node.addDependency(role, ...metrics);
    };
    profile('Profile', 'devices', names.thingGroup, [...behaviorsOf(props.limits), ...custom]);
    for (const [group, limits] of Object.entries(props.groups))
      profile(`Profile-${group}`, `group-${group}`, group, behaviorsOf(limits));
  }
}
