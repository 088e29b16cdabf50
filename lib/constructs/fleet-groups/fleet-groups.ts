import { deviceTypeGroupName, siteGroupName } from '@fleetwright/contracts';
import type { RemovalPolicy } from 'aws-cdk-lib';
import { CfnThingGroup } from 'aws-cdk-lib/aws-iot';
import { Construct } from 'constructs';

export interface FleetGroupsProps {
  /** Beginning of every name: project and stage. */
  readonly topicRoot: string;
  readonly sites: readonly string[];
  readonly deviceTypes: readonly string[];
  readonly removalPolicy: RemovalPolicy;
}

/** Static groups by site and by device type: the provisioning template and the import put devices into them. */
export class FleetGroups extends Construct {
  readonly groups: readonly CfnThingGroup[];

  constructor(scope: Construct, id: string, props: FleetGroupsProps) {
    super(scope, id);
    const { topicRoot } = props;
    this.groups = [
      ...props.sites.map((site) => this.group(`Site-${site}`, siteGroupName(topicRoot, site), `devices at ${site}`)),
      ...props.deviceTypes.map((type) =>
        this.group(`Type-${type}`, deviceTypeGroupName(topicRoot, type), `devices of type ${type}`),
      ),
    ];
    for (const group of this.groups) group.applyRemovalPolicy(props.removalPolicy);
  }

  private group(id: string, thingGroupName: string, thingGroupDescription: string): CfnThingGroup {
    return new CfnThingGroup(this, id, { thingGroupName, thingGroupProperties: { thingGroupDescription } });
  }
}
