import { presenceEventSchema } from '@fleetwright/contracts';
import * as z from 'zod';
import { wholeNumber } from '../shared/environment.ts';
import { laterLookSchema } from '../shared/later-look.ts';

export const environmentSchema = z.object({
  STATE_TABLE: z.string().min(1),
  QUEUE_URL: z.url(),
  ALERT_TOPIC_ARN: z.string().min(1),
  SETTLE_SECONDS: wholeNumber,
  FLAP_WINDOW_SECONDS: wholeNumber,
  FLAP_LIMIT: wholeNumber,
  FLAP_HOLD_SECONDS: wholeNumber,
  OFFLINE_ALERT_SECONDS: wholeNumber,
});

export const messageSchema = z.union([presenceEventSchema, laterLookSchema]);

export type PresenceMessage = z.infer<typeof messageSchema>;
