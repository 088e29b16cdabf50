import * as z from 'zod';
import { wholeNumber } from '../shared/environment.ts';
import { laterLookSchema } from '../shared/later-look.ts';

export const environmentSchema = z.object({
  STATE_TABLE: z.string().min(1),
  QUEUE_URL: z.url(),
  /** `arn:aws:iot:<region>:<account>:cert/` */
  CERTIFICATE_ARN_PREFIX: z.string().min(1),
  CONFIRM_SECONDS: wholeNumber,
  /** How long a withdrawn certificate is kept, inactive, before it is deleted. */
  DELETE_AFTER_SECONDS: wholeNumber,
});

const level = z.string().min(1);

/** Levels of the topic that a message came on, before its last. */
export const addressSchema = z.object({ topicRoot: level, site: level, deviceType: level, thingName: level });

/** What the rotation rule puts on the queue: the device's words undecoded, so that unreadable ones get here too. */
const noticeSchema = addressSchema.extend({
  kind: z.literal('message'),
  /** `principal()`: the id of the certificate that the message came over. */
  principal: z.string(),
  payload: z.base64(),
});

export type RotationNotice = z.infer<typeof noticeSchema>;

export const messageSchema = z.discriminatedUnion('kind', [noticeSchema, laterLookSchema]);
