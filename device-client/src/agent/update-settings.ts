import { firmwareVersionSchema } from '@fleetwright/contracts';
import * as z from 'zod';

const path = z.string().startsWith('/', 'must be an absolute path');

/** A slot of SWUpdate, and how it is told which of them runs. */
const swupdateSlotSchema = z.strictObject({
  name: z.string().min(1).max(16),
  /** What `-e` selects to write it, like `stable,copy-a`. */
  selection: z.string().regex(/^[^,\s]+,[^,\s]+$/, 'must be <software>,<mode>'),
  /** A word of the kernel's command line when this slot runs, like `root=/dev/mmcblk0p2`. */
  kernelWord: z.string().regex(/^\S+$/, 'must be one word'),
});

/** How the device updates itself. */
export const updateSettingsSchema = z
  .strictObject({
    /** The key set that the device was made with, JSON. Without it there are no updates. */
    trustedKeysFile: path.optional(),
    /** `directory`: the program alone, started by the launcher; without the launcher there are no updates. */
    adapter: z.enum(['directory', 'rauc', 'swupdate']).default('directory'),
    /** Of RAUC and SWUpdate: what they do not remember. Both slots must mount it. @default `slots` below the state directory */
    notesDirectory: path.optional(),
    /** Of RAUC and SWUpdate: what runs as long as no update was installed. */
    factoryImage: z
      .strictObject({
        version: firmwareVersionSchema,
        minimumVersion: firmwareVersionSchema,
        sha256: z.string().regex(/^[0-9a-f]{64}$/, 'must be 64 hexadecimal digits'),
        /** bytes */
        size: z.int().positive(),
      })
      .optional(),
    rauc: z
      .strictObject({
        /** Class of the slots that boot, in RAUC's system.conf. */
        slotClass: z.string().min(1).default('rootfs'),
      })
      .prefault({}),
    swupdate: z
      .strictObject({
        slots: z.array(swupdateSlotSchema).length(2, 'must be two slots').optional(),
        /** `swupdate-client` hands the image to SWUpdate's daemon, `swupdate` writes by itself, which needs root. */
        program: z.enum(['swupdate-client', 'swupdate']).default('swupdate-client'),
        /** By which `swupdate` verifies the image besides; its daemon has its own. */
        publicKeyFile: path.optional(),
      })
      .prefault({}),
    /** Resets a machine whose new firmware hangs while it is tried, like `/dev/watchdog`. @default none */
    watchdogDevice: path.optional(),
    /** ms that new firmware has to prove itself */
    selfTestTime: z.int().min(1_000).max(3_600_000).default(300_000),
  })
  .superRefine(({ adapter, swupdate, trustedKeysFile }, context) => {
    const wrong = (at: string[], message: string) => context.addIssue({ code: 'custom', path: at, message });
    if (adapter !== 'directory' && trustedKeysFile === undefined) {
      wrong(['adapter'], 'needs updates.trustedKeysFile');
    }
    if (adapter === 'swupdate' && swupdate.slots === undefined) wrong(['adapter'], 'needs updates.swupdate.slots');
    const [first, second] = swupdate.slots ?? [];
    if (first !== undefined && first.name === second?.name) wrong(['swupdate', 'slots'], 'are two of one name');
    if (first !== undefined && first.kernelWord === second?.kernelWord) {
      wrong(['swupdate', 'slots'], 'cannot be told apart by their kernelWord');
    }
    if (swupdate.publicKeyFile !== undefined && swupdate.program !== 'swupdate') {
      wrong(['swupdate', 'publicKeyFile'], 'is for the program swupdate; its daemon has its own');
    }
  });

export type UpdateSettings = z.infer<typeof updateSettingsSchema>;
