import { z } from 'zod';

/** Settings of fleet indexing and of the groups that stand on it. */
export const fleetSchema = z
  .strictObject({
    /**
     * Fleet indexing is one setting for the whole account. `off`: no dynamic groups. `existing`: somebody else indexes
     * registry, shadows and connections; the groups use it. `own`: this stage adds what its groups need to the account's
     * settings, and never takes anything away.
     */
    indexing: z.enum(['off', 'existing', 'own']).default('off'),
    /** A dynamic group for each firmware version. */
    firmwareVersions: z
      .array(
        z.string().regex(/^[a-zA-Z0-9._-]{1,64}$/, 'must be 1 to 64 letters, digits, dots, underscores or hyphens'),
      )
      .refine((versions) => new Set(versions).size === versions.length, 'must not repeat a version')
      .default([]),
    /** Below it, a device is in the dynamic group of low batteries. percent */
    lowBatteryPercent: z.number().min(1).max(99).default(20),
  })
  .refine(({ firmwareVersions, indexing }) => indexing !== 'off' || firmwareVersions.length === 0, {
    path: ['firmwareVersions'],
    message: 'needs fleet.indexing to be existing or own',
  });
