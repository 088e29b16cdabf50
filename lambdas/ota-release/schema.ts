import * as z from 'zod';
import { nameList } from '../shared/environment.ts';
import { laterLookSchema } from '../shared/later-look.ts';

const common = {
  FIRMWARE_BUCKET: z.string().min(1),
  RELEASE_TABLE: z.string().min(1),
  QUEUE_URL: z.url(),
  DEVICE_TYPES: nameList,
};

export const environmentSchema = z.discriminatedUnion('SIGNING', [
  z.object({ ...common, SIGNING: z.literal('kms'), KMS_KEY_ID: z.string().min(1) }),
  z.object({
    ...common,
    SIGNING: z.literal('signer'),
    SIGNING_PROFILE: z.string().min(1),
    CERTIFICATE_ARN: z.string().min(1),
  }),
]);

/** Of S3's notifications, what is needed (S3 user guide, "Event message structure"); and its test message. */
const notificationSchema = z.union([
  z.object({
    Records: z.array(
      z.object({ s3: z.object({ object: z.object({ key: z.string(), versionId: z.string().optional() }) }) }),
    ),
  }),
  z.object({ Event: z.literal('s3:TestEvent') }),
]);

/** Key of a look: `{uploadId}/{version of the manifest's object}`. */
export const messageSchema = z.union([laterLookSchema, notificationSchema]);

export type Message = z.infer<typeof messageSchema>;
