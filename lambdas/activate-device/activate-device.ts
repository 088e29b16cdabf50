import { judgeTransition, LIFECYCLE_ATTRIBUTE } from '@fleetwright/contracts';
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
  /** @returns false when the thing has another version by now */
  activate(thingName: string, version: number): Promise<boolean>;
}

export type Activation = 'activated' | 'as-it-is' | 'seen' | 'no-thing';

/** Rounds in which the thing may be changed by others before the message is left to the queue. */
const ROUNDS = 3;

/**
 * Lets a device that connects for the first time go from `provisioning` to `active`. Every other state is somebody's
 * decision and stays.
 * @throws Error when the thing is changed by others all the time
 */
export async function activateDevice(connection: Connection, ports: ActivationPorts): Promise<Activation> {
  if (await ports.wasSeen(connection)) return 'seen';
  const { thingName } = connection;
  for (let round = 0; round < ROUNDS; round++) {
    const thing = await ports.find(thingName);
    if (thing === undefined) return 'no-thing';
    const state = thing.attributes[LIFECYCLE_ATTRIBUTE];
    const due = state === 'provisioning' && judgeTransition(state, 'active').allowed;
    if (due && !(await ports.activate(thingName, thing.version))) continue;
    await ports.remember(connection);
    return due ? 'activated' : 'as-it-is';
  }
  throw new Error(`${thingName} is changed by others all the time`);
}
