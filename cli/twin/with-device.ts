import { findDevice } from '../device/find-device.ts';
import { type StageClients, withClients } from '../operator/clients.ts';
import { openStage, type Stage, type StageOptions } from '../operator/stage.ts';
import { stageOutputs, stageStacks } from '../operator/stage-stacks.ts';

export interface DeviceInHand<K extends string> {
  readonly stage: Stage;
  readonly thingName: string;
  readonly clients: StageClients;
  /** Outputs of the stage's stacks. */
  readonly outputs: Readonly<Record<K, string>>;
  /** All of them, whether or not they were asked for. */
  readonly allOutputs: Readonly<Record<string, string>>;
}

/** Finds a device by thing name or serial number, and runs a command's work with it. @throws Failure */
export async function withDevice<K extends string>(
  name: string,
  options: StageOptions,
  keys: readonly K[],
  work: (device: DeviceInHand<K>) => Promise<void>,
): Promise<void> {
  const stage = openStage(options);
  await withClients(stage, async (clients) => {
    const stacks = await stageStacks(clients.cloudFormation, stage);
    const outputs = stageOutputs<K | 'DeviceTypes'>(stacks, stage, [...keys, 'DeviceTypes']);
    const { thingName } = await findDevice(clients.iot, stage, outputs.DeviceTypes.split(','), name);
    await work({ stage, thingName, clients, outputs, allOutputs: stacks.outputs });
  });
}
