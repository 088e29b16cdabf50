import { createHash } from 'node:crypto';
import type { DeviceUpdate } from '@fleetwright/contracts';

/**
 * The devices of a wave: those that were chosen before, and as many more as it lacks, by a draw that is the same whenever
 * it is repeated, and another one for each campaign, so that it is not always the same devices that go first.
 */
export function chooseWave(
  devices: readonly DeviceUpdate[],
  wave: { readonly index: number; readonly size: number; readonly canariesOnly: boolean },
): DeviceUpdate[] {
  const chosen = devices.filter((device) => device.wave === wave.index);
  const free = devices.filter(
    ({ outcome, wave: taken, canary }) =>
      outcome === 'waiting' && taken === undefined && (canary || !wave.canariesOnly),
  );
  const drawn = inDrawnOrder(free).slice(0, Math.max(0, wave.size - chosen.length));
  return [...chosen, ...drawn];
}

export function inDrawnOrder(devices: readonly DeviceUpdate[]): DeviceUpdate[] {
  const lot = ({ campaignId, thingName }: DeviceUpdate) =>
    createHash('sha256').update(`${campaignId}/${thingName}`).digest('hex');
  return devices
    .map((device) => [lot(device), device] as const)
    .sort(([left], [right]) => (left < right ? -1 : 1))
    .map(([, device]) => device);
}
