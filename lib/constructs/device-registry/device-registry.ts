import type { PlatformNames } from '@fleetwright/contracts';
import { ArnFormat, type RemovalPolicy, Stack } from 'aws-cdk-lib';
import { CfnPolicy, CfnThingGroup, CfnThingType } from 'aws-cdk-lib/aws-iot';
import { Construct } from 'constructs';
import { devicePolicyDocument } from './device-policy.ts';
import { checkPolicySize } from './policy-size.ts';

export interface DeviceRegistryProps {
  readonly names: PlatformNames;
  readonly deviceTypes: readonly string[];
  /** Channels that devices may publish through Basic Ingest, besides their ordinary topics. */
  readonly basicIngestChannels: readonly ('telemetry' | 'event')[];
  /** Of everything here: a type with things, and a policy with certificates, cannot be deleted anyway. */
  readonly removalPolicy: RemovalPolicy;
}

/** What every device of a stage has in common: its type, its group and the one policy, which names nobody. */
export class DeviceRegistry extends Construct {
  readonly thingTypes: readonly CfnThingType[];
  readonly thingGroup: CfnThingGroup;
  readonly devicePolicy: CfnPolicy;

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
    for (const resource of [...this.thingTypes, this.thingGroup, this.devicePolicy]) {
      resource.applyRemovalPolicy(props.removalPolicy);
    }
  }
}
