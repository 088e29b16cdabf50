import { readFileSync } from 'node:fs';
import { trustedKeySetSchema } from '@fleetwright/contracts';
import { sleep } from '../clock.ts';
import { DeviceError, reasonOf } from '../errors.ts';
import { nodeDisk } from '../update/disk/node-disk.ts';
import { httpsClient } from '../update/download/http.ts';
import type { HealthCheck } from '../update/self-test/connected-self-test.ts';
import { createUpdateFeature, type UpdateFeature } from '../update/update-feature.ts';
import { DeviceWatchdog } from '../update/watchdog/device-watchdog.ts';
import type { AgentParts } from './agent-parts.ts';
import { proxyOf, readIf } from './device-options.ts';
import { slotEnvironment } from './environment.ts';
import { updateSlots } from './update-slots.ts';

export interface AgentUpdates {
  readonly feature: UpdateFeature;
  /** Undefined until it is known, or where it is not. */
  firmware(): string | undefined;
}

/** ms between two looks whether the maintenance is over */
const MAINTENANCE_LOOK = 1_000;

/**
 * Updates by the slots that are configured, where there are such and keys to trust are configured.
 * @param checks what must be well before new firmware is kept
 * @throws DeviceError `INPUT_INVALID`
 */
export function agentUpdates(parts: AgentParts, checks: readonly HealthCheck[]): AgentUpdates | undefined {
  const { apply, clock, config, end, log, state } = parts;
  const { selfTestTime, trustedKeysFile, watchdogDevice: device } = config.updates;
  if (trustedKeysFile === undefined) return undefined;
  const chosen = updateSlots({ config, disk: nodeDisk, environment: slotEnvironment(), end });
  if (chosen === undefined) return undefined;
  const { reboot, slots } = chosen;
  const feature = createUpdateFeature({
    slots,
    checks,
    reboot,
    trustedKeys: readTrustedKeys(trustedKeysFile),
    hardwareRevision: config.device.hardwareRevision,
    http: httpsClient(readIf(config.downloads.caFile, 'downloads.caFile'), proxyOf(config.proxy)),
    selfTestTime,
    ...(device !== undefined && { watchdog: new DeviceWatchdog({ device, clock, log }) }),
    hold: async (signal) => {
      if (state() === 'maintenance') log.info('an update waits for the end of the maintenance');
      while (state() === 'maintenance' && !signal.aborted) await sleep(clock, MAINTENANCE_LOOK, signal);
    },
  });
  feature.on('begun', () => apply('update-begun'));
  feature.on('ended', () => apply('update-ended'));
  let version: string | undefined;
  slots.status().then(
    ({ image }) => {
      version = image?.version;
    },
    (error) => log.error('the running slot cannot be read', { reason: reasonOf(error) }),
  );
  return { feature, firmware: () => version };
}

/** @throws DeviceError `INPUT_INVALID` */
export function readTrustedKeys(file: string): ReturnType<typeof trustedKeySetSchema.parse> {
  try {
    return trustedKeySetSchema.parse(JSON.parse(readFileSync(file, 'utf8')));
  } catch (error) {
    throw new DeviceError('INPUT_INVALID', `updates.trustedKeysFile: ${file}: ${reasonOf(error)}`, { cause: error });
  }
}
