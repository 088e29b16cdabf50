import { campaignSettingsSchema } from '@fleetwright/contracts';
import { z } from 'zod';

const { shape } = campaignSettingsSchema;

/** How campaigns go unless they say otherwise. A campaign may set each of it for itself. */
const campaignDefaultsSchema = z.strictObject({
  canary: shape.canary.prefault({}),
  waves: shape.waves.default([25, 100]),
  successPercent: shape.successPercent.default(95),
  healthPercent: shape.healthPercent.default(95),
  soakSeconds: shape.soakSeconds.default(1_800),
  abort: shape.abort.default({ failurePercent: 20, minimumEnded: 1 }),
  rollout: shape.rollout.default({ maximumPerMinute: 50 }),
  inProgressMinutes: shape.inProgressMinutes.default(60),
  waveSeconds: shape.waveSeconds.default(604_800),
  retries: shape.retries.default(1),
  maintenanceWindows: shape.maintenanceWindows.default([]),
  unknownHardware: shape.unknownHardware.default('exclude'),
  requireProof: shape.requireProof.default(true),
});

/** Settings of the OTA stack. */
export const otaSchema = z
  .strictObject({
    signing: z
      .strictObject({
        /**
         * `kms` needs nothing prepared. `signer` needs a code-signing certificate, P-256, that was imported into ACM
         * (docs/updates.md).
         */
        method: z.enum(['kms', 'signer']).default('kms'),
        certificateArn: z
          .string()
          .regex(/^arn:aws[a-z-]*:acm:[a-z0-9-]+:\d{12}:certificate\/.+$/, 'must be the ARN of an ACM certificate')
          .optional(),
      })
      .refine(({ certificateArn, method }) => method !== 'signer' || certificateArn !== undefined, {
        path: ['certificateArn'],
        message: 'is needed with ota.signing.method signer',
      })
      .prefault({}),
    /** Uploads are deleted after this time, whether they became releases or not, in days. */
    uploadDays: z.int().min(1).max(365).default(14),
    /** How long replaced or deleted files can be restored, in days. */
    noncurrentDays: z.int().min(1).max(3650).default(90),
    /** Life of the presigned URLs of a job document, in seconds; at most an hour (IoT API reference, PresignedUrlConfig). */
    urlSeconds: z.int().min(60).max(3_600).default(3_600),
    /** Between two looks at a job that is under way. */
    pollSeconds: z.int().min(1).max(900).default(30),
    campaign: campaignDefaultsSchema.prefault({}),
  })
  .prefault({});

export type OtaSettings = z.infer<typeof otaSchema>;
