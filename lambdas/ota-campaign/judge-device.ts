import {
  type CampaignSettings,
  compareFirmware,
  firmwareVersionSchema,
  type ReleaseRecord,
} from '@fleetwright/contracts';

/** What is known of a device before a campaign asks it to do anything. */
export interface Candidate {
  readonly thingName: string;
  /** Lifecycle state. */
  readonly state?: string | undefined;
  readonly hardwareRevision?: string | undefined;
  readonly firmware?: string | undefined;
}

export type Exclusion =
  | 'DECOMMISSIONED'
  | 'HARDWARE_UNKNOWN'
  | 'WRONG_HARDWARE'
  | 'ALREADY_RUNS'
  | 'NEWER'
  | 'NOT_INSTALLABLE_FROM';

/**
 * Why a device is left out, or undefined. A device whose firmware is not known is asked: it knows best, and refuses what
 * is not for it. The device types were chosen before.
 */
export function exclusionOf(
  device: Candidate,
  release: Pick<ReleaseRecord, 'version' | 'hardwareRevisions' | 'installableFrom'>,
  settings: Pick<CampaignSettings, 'unknownHardware'>,
): Exclusion | undefined {
  if (device.state === 'decommissioned') return 'DECOMMISSIONED';
  const { hardwareRevision } = device;
  if (hardwareRevision === undefined) {
    if (settings.unknownHardware === 'exclude') return 'HARDWARE_UNKNOWN';
  } else if (!release.hardwareRevisions.includes(hardwareRevision)) return 'WRONG_HARDWARE';
  const firmware = firmwareVersionSchema.safeParse(device.firmware);
  if (!firmware.success) return undefined;
  const order = compareFirmware(firmware.data, release.version);
  if (order === 0) return 'ALREADY_RUNS';
  if (order > 0) return 'NEWER';
  const { installableFrom } = release;
  if (installableFrom !== undefined && compareFirmware(firmware.data, installableFrom) < 0) {
    return 'NOT_INSTALLABLE_FROM';
  }
  return undefined;
}
