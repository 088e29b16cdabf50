import { findDevice } from '../device/find-device.ts';
import { findGroup, orderRotation } from '../device/order-rotation.ts';
import { Failure } from '../failure.ts';
import { withClients } from '../operator/clients.ts';
import { openStage, type StageOptions } from '../operator/stage.ts';
import { stageOutputs, stageStacks } from '../operator/stage-stacks.ts';

export interface DeviceRotateOptions extends StageOptions {
  readonly json?: boolean;
  /** Thing group, instead of one device. */
  readonly group?: string;
  readonly expires: number;
  readonly perMinute: number;
}

/** `fleetwright device rotate`: asks a device, or those of a group, to change their certificates. */
export async function deviceRotate(name: string | undefined, options: DeviceRotateOptions): Promise<void> {
  const { group } = options;
  if ((name === undefined) === (group === undefined)) throw new Failure('name one device, or a group with --group');
  const stage = openStage(options);
  await withClients(stage, async ({ cloudFormation, iot }) => {
    const stacks = await stageStacks(cloudFormation, stage);
    const { DeviceTypes } = stageOutputs(stacks, stage, ['DeviceTypes', 'RotationTableName']);
    let target: string;
    let label: string;
    if (group !== undefined) {
      target = await findGroup(iot, stage, stacks.otherPrefixes, group);
      label = `the devices of ${group}`;
    } else {
      const device = await findDevice(iot, stage, DeviceTypes.split(','), name as string);
      if (device.attributes.state === 'decommissioned') throw new Failure(`${device.thingName} is decommissioned`);
      target = device.thingArn ?? '';
      label = device.thingName;
    }
    const ordered = await orderRotation(iot, {
      target,
      prefix: stage.prefix,
      now: Date.now(),
      expiresHours: options.expires,
      perMinute: options.perMinute,
    });
    if (options.json === true) process.stdout.write(`${JSON.stringify({ ...ordered, target })}\n`);
    else process.stdout.write(`${ordered.jobId}\n`);
    process.stderr.write(
      `${label} will ask for new certificates until ${new Date(ordered.expiresAt).toISOString()}; the job shows who did\n`,
    );
  });
}
