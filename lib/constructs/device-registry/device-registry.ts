import type { PlatformNames } from '@fleetwright/contracts';
import { ArnFormat, type RemovalPolicy, Stack } from 'aws-cdk-lib';
import { CfnPolicy, CfnThingGroup, CfnThingType } from 'aws-cdk-lib/aws-iot';
import { Construct } from 'constructs';
import { devicePolicyDocument } from './device-policy.ts';
import { deviceServicesPolicyDocument } from './device-services-policy.ts';
import { checkPolicySize } from './policy-size.ts';

export interface DeviceRegistryProps {
  readonly names: PlatformNames;
  readonly deviceTypes: readonly string[];
  /** Channels that devices may publish through Basic Ingest, besides their ordinary topics. */
  readonly basicIngestChannels: readonly ('telemetry' | 'event')[];
  /** Of everything here: a type with things, and a policy with certificates, cannot be deleted anyway. */
  readonly removalPolicy: RemovalPolicy;
}

/** What every device of a stage has in common: its type, its group and its policies, which name nobody. */
export class DeviceRegistry extends Construct {
  readonly thingTypes: readonly CfnThingType[];
  readonly thingGroup: CfnThingGroup;
  readonly devicePolicy: CfnPolicy;
  /** A policy of its own, because one document holds 2,048 characters. */
  readonly servicesPolicy: CfnPolicy;

  constructor(scope: Construct, id: string, props: DeviceRegistryProps) {
    super(scope, id);
    this.thingTypes = props.deviceTypes.map(
      (deviceType) =>
        new CfnThingType(this, `ThingType-${deviceType}`, {
          thingTypeName: props.names.thingType(deviceType),
          thingTypeProperties: {
            thingTypeDescription: `${deviceType} of ${props.names.topicRoot}`,
            // Things of a type have up to 50 attributes instead of 3, and these three are indexed (IoT quotas).
            searchableAttributes: ['serialNumber', 'site', 'state'],
          },
        }),
    );
    this.thingGroup = new CfnThingGroup(this, 'ThingGroup', {
      thingGroupName: props.names.thingGroup,
      thingGroupProperties: { thingGroupDescription: `all devices of ${props.names.topicRoot}` },
    });
    const stack = Stack.of(this);
    const arnPrefix = stack.formatArn({ service: 'iot', resource: '', arnFormat: ArnFormat.NO_RESOURCE_NAME });
    const policyDocument = devicePolicyDocument(arnPrefix, props.names, props.basicIngestChannels);
    checkPolicySize(this, 'device policy', policyDocument);
    this.devicePolicy = new CfnPolicy(this, 'DevicePolicy', { policyName: props.names.devicePolicy, policyDocument });
    const servicesDocument = deviceServicesPolicyDocument(arnPrefix, props.names);
    checkPolicySize(this, 'device services policy', servicesDocument);
    this.servicesPolicy = new CfnPolicy(this, 'ServicesPolicy', {
      policyName: props.names.deviceServicesPolicy,
      policyDocument: servicesDocument,
    });
    for (const resource of [...this.thingTypes, this.thingGroup, this.devicePolicy, this.servicesPolicy]) {
      resource.applyRemovalPolicy(props.removalPolicy);
    }
  }
}
