import { LIFECYCLE_STATES } from '@fleetwright/contracts';
import { changeState } from '../device/change-state.ts';
import { decommission } from '../device/decommission.ts';
import { findDevice } from '../device/find-device.ts';
import { Failure } from '../failure.ts';
import { withClients } from '../operator/clients.ts';
import { confirm } from '../operator/confirm.ts';
import { openStage, type StageOptions } from '../operator/stage.ts';
import { stageOutputs, stageStacks } from '../operator/stage-stacks.ts';
import { createProgress } from '../output/progress.ts';

export interface DeviceStateOptions extends StageOptions {
  readonly json?: boolean;
}

export interface DecommissionOptions extends DeviceStateOptions {
  readonly yes?: boolean;
}

/** `fleetwright device state`: moves a device from one lifecycle state to another. */
export async function deviceState(name: string, wanted: string, options: DeviceStateOptions): Promise<void> {
  const to = LIFECYCLE_STATES.find((state) => state === wanted);
  if (to === undefined) throw new Failure(`a state is one of ${LIFECYCLE_STATES.join(', ')}, not ${wanted}`);
  if (to === 'decommissioned')
    throw new Failure('use `fleetwright device decommission`, which also revokes the certificate');
  const stage = openStage(options);
  await withClients(stage, async ({ cloudFormation, iot }) => {
    const { DeviceTypes } = stageOutputs(await stageStacks(cloudFormation, stage), stage, ['DeviceTypes']);
    const device = await findDevice(iot, stage, DeviceTypes.split(','), name);
    const changed = await changeState(iot, device, to);
    const answer = { thingName: device.thingName, from: device.attributes.state, to, changed };
    if (options.json === true) process.stdout.write(`${JSON.stringify(answer)}\n`);
    createProgress(process.stderr, false).done(`${device.thingName} is ${changed ? 'now' : 'already'} ${to}`);
  });
}

/** `fleetwright device decommission`: takes a device out of service for good; its thing and its data stay. */
export async function deviceDecommission(name: string, options: DecommissionOptions): Promise<void> {
  const stage = openStage(options);
  await withClients(stage, async (clients) => {
    const { cloudFormation, iot } = clients;
    const stacks = await stageStacks(cloudFormation, stage);
    const { DeviceTypes } = stageOutputs(stacks, stage, ['DeviceTypes']);
    const device = await findDevice(iot, stage, DeviceTypes.split(','), name);
    await confirm(
      `${device.thingName} will never connect again: its certificate is revoked and its serial number denied.`,
      device.thingName,
      options.yes,
    );
    const result = await decommission(clients, await clients.data(), device, stacks.outputs.AdmissionsTableName);
    if (options.json === true) process.stdout.write(`${JSON.stringify(result)}\n`);
    const progress = createProgress(process.stderr, false);
    progress.done(
      `${result.thingName} is decommissioned: ${result.revoked.length} certificates revoked, its data kept`,
    );
    for (const id of result.shared) progress.note(`certificate ${id} is another thing's too: it was only detached`);
    if (!result.denied) progress.note('its serial number is not denied: the stage has no admissions table');
  });
}
