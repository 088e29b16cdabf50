import { z } from 'zod';

/** Settings of the identity stack besides provisioning by claim. */
export const identitySchema = z.strictObject({
  rotation: z
    .strictObject({
      /** How long a certificate that was taken out of use is kept, inactive, before it is deleted. */
      deleteAfterHours: z.int().min(0).max(8_760).default(24),
    })
    .prefault({}),
});

export type IdentitySettings = z.infer<typeof identitySchema>;
