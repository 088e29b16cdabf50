import {
  CORE_GROUP_ATTRIBUTE,
  coreGroupName,
  corePolicyName,
  deviceTypeGroupName,
  judgeTransition,
  LIFECYCLE_ATTRIBUTE,
  siteGroupName,
} from '@fleetwright/contracts';
import type { Connection } from './schema.ts';

export interface RegisteredDevice {
  readonly attributes: Readonly<Record<string, string>>;
  readonly version: number;
}

export interface ActivationPorts {
  /** Whether this connection was looked at lately. */
  wasSeen(connection: Connection): Promise<boolean>;
  remember(connection: Connection): Promise<void>;
  /** Undefined: there is no such thing. */
  find(thingName: string): Promise<RegisteredDevice | undefined>;
  groupsOf(thingName: string): Promise<readonly string[]>;
  joinGroup(thingName: string, thingGroupName: string): Promise<void>;
  /** Gives a certificate a policy; it may have it already. */
  allow(certificateId: string, policyName: string): Promise<void>;
  /** @returns false when the thing has another version by now */
  activate(thingName: string, version: number): Promise<boolean>;
}

export type Activation = 'activated' | 'as-it-is' | 'seen' | 'no-thing';

/** Rounds in which the thing may be changed by others before the message is left to the queue. */
const ROUNDS = 3;

/** What of a stage decides about groups. */
export interface Stage {
  readonly topicRoot: string;
  /** Device types whose things are Greengrass cores. */
  readonly coreTypes: ReadonlySet<string>;
}

/**
 * Groups that a device of a stage is in: the stage's, its site's and its type's; a core also in that of cores which it is
 * said to be of, or of its site: what it is to run comes with it.
 */
function groupsFor({ coreTypes, topicRoot }: Stage, attributes: RegisteredDevice['attributes']): string[] {
  const { [CORE_GROUP_ATTRIBUTE]: chosen, deviceType, site } = attributes;
  const coreGroup = coreTypes.has(deviceType ?? '') ? (chosen ?? site) : undefined;
  return [
    topicRoot,
    ...(site === undefined ? [] : [siteGroupName(topicRoot, site)]),
    ...(deviceType === undefined ? [] : [deviceTypeGroupName(topicRoot, deviceType)]),
    ...(coreGroup === undefined ? [] : [coreGroupName(topicRoot, coreGroup)]),
  ];
}

/**
 * Lets a device that connects for the first time go from `provisioning` to `active`. Every other state is somebody's
 * decision and stays. Before that it joins the groups that it is not in, and a core's certificate gets the policy of cores.
 * @throws Error when the thing is changed by others all the time
 */
export async function activateDevice(
  connection: Connection,
  stage: Stage,
  ports: ActivationPorts,
): Promise<Activation> {
  if (await ports.wasSeen(connection)) return 'seen';
  const { thingName } = connection;
  for (let round = 0; round < ROUNDS; round++) {
    const thing = await ports.find(thingName);
    if (thing === undefined) return 'no-thing';
    const state = thing.attributes[LIFECYCLE_ATTRIBUTE];
    const due = state === 'provisioning' && judgeTransition(state, 'active').allowed;
    if (due) {
      const { deviceType = '' } = thing.attributes;
      // Before the group of cores, with which comes what a core is to ask for.
      if (stage.coreTypes.has(deviceType)) {
        await ports.allow(connection.principal, corePolicyName(stage.topicRoot, deviceType));
      }
      const there = await ports.groupsOf(thingName);
      const missing = groupsFor(stage, thing.attributes).filter((group) => !there.includes(group));
      for (const group of missing) await ports.joinGroup(thingName, group);
    }
    if (due && !(await ports.activate(thingName, thing.version))) continue;
    await ports.remember(connection);
    return due ? 'activated' : 'as-it-is';
  }
  throw new Error(`${thingName} is changed by others all the time`);
}
