import { CfnThingGroup } from 'aws-cdk-lib/aws-iot';
import { Construct } from 'constructs';

export interface DynamicGroupsProps {
  readonly topicRoot: string;
  /** Group that all devices of the stage are in: the index holds those of the whole account. */
  readonly stageGroup: string;
  readonly firmwareVersions: readonly string[];
  /** percent */
  readonly lowBatteryPercent: number;
}

/**
 * Groups whose members the fleet index decides (IoT developer guide, "Dynamic thing groups"): by reported firmware,
 * battery, and connection. They need fleet indexing of registry, connectivity and the named shadows, which an account
 * without it refuses. Nothing is lost with them, so they always go with their stack.
 */
export class DynamicGroups extends Construct {
  readonly groups: readonly CfnThingGroup[];

  constructor(scope: Construct, id: string, props: DynamicGroupsProps) {
    super(scope, id);
    const { lowBatteryPercent, topicRoot } = props;
    const own = `thingGroupNames:${props.stageGroup}`;
    this.groups = [
      ...props.firmwareVersions.map((version) =>
        this.group(
          `Firmware-${version}`,
          // Names of groups have no dots.
          `${topicRoot}-firmware-${version.replaceAll('.', '_')}`,
          `${own} AND shadow.name.firmware.reported.version:"${version}"`,
          `devices that report firmware ${version}`,
        ),
      ),
      this.group(
        'LowBattery',
        `${topicRoot}-low-battery`,
        `${own} AND shadow.name.health.reported.battery<${lowBatteryPercent}`,
        `devices with less than ${lowBatteryPercent} % of battery`,
      ),
      this.group(
        'Disconnected',
        `${topicRoot}-disconnected`,
        `${own} AND connectivity.connected:false`,
        'devices that are not connected',
      ),
    ];
  }

  private group(id: string, thingGroupName: string, queryString: string, description: string): CfnThingGroup {
    return new CfnThingGroup(this, id, {
      thingGroupName,
      queryString,
      thingGroupProperties: { thingGroupDescription: description },
    });
  }
}
