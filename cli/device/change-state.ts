import { type IoTClient, UpdateThingCommand } from '@aws-sdk/client-iot';
import { judgeTransition, LIFECYCLE_ATTRIBUTE, type LifecycleState } from '@fleetwright/contracts';
import { Failure } from '../failure.ts';
import { isNamed } from '../operator/back-off.ts';
import type { FoundDevice } from './find-device.ts';

/**
 * Moves a device to another lifecycle state, unless it changed since it was looked at.
 * @returns false when it has the state already
 * @throws Failure for a transition that is not allowed
 */
export async function changeState(iot: IoTClient, device: FoundDevice, to: LifecycleState): Promise<boolean> {
  const verdict = judgeTransition(device.attributes[LIFECYCLE_ATTRIBUTE], to);
  if (!verdict.allowed) throw new Failure(`${device.thingName}: ${verdict.reason}`);
  if (!verdict.changes) return false;
  try {
    await iot.send(
      new UpdateThingCommand({
        thingName: device.thingName,
        attributePayload: { attributes: { [LIFECYCLE_ATTRIBUTE]: to }, merge: true },
        expectedVersion: device.version,
      }),
    );
  } catch (error) {
    if (!isNamed(error, 'VersionConflictException')) throw error;
    throw new Failure(`${device.thingName} was changed by somebody else just now; look at it and try again`);
  }
  return true;
}
