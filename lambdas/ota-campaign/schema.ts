import { campaignOrderSchema, campaignSettingsSchema } from '@fleetwright/contracts';
import * as z from 'zod';
import { wholeNumber } from '../shared/environment.ts';
import { laterLookSchema } from '../shared/later-look.ts';

export const environmentSchema = z.object({
  CAMPAIGN_TABLE: z.string().min(1),
  DEVICE_TABLE: z.string().min(1),
  RELEASE_TABLE: z.string().min(1),
  FIRMWARE_BUCKET: z.string().min(1),
  QUEUE_URL: z.url(),
  PROJECT: z.string().min(1),
  STAGE: z.string().min(1),
  IOT_ARN_PREFIX: z.string().min(1),
  URL_ROLE_ARN: z.string().min(1),
  URL_SECONDS: wholeNumber,
  POLL_SECONDS: wholeNumber,
  AWS_REGION: z.string().min(1),
  CAMPAIGN_DEFAULTS: z.string().transform((text) => campaignSettingsSchema.parse(JSON.parse(text))),
});

export const messageSchema = laterLookSchema;

export { campaignOrderSchema };
