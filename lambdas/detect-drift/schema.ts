import { twinChangeSchema } from '@fleetwright/contracts';
import * as z from 'zod';
import { wholeNumber } from '../shared/environment.ts';
import { laterLookSchema } from '../shared/later-look.ts';

export const environmentSchema = z.object({
  STATE_TABLE: z.string().min(1),
  QUEUE_URL: z.url(),
  ALERT_TOPIC_ARN: z.string().min(1),
  RAISE_AFTER_SECONDS: wholeNumber,
  CLEAR_AFTER_SECONDS: wholeNumber,
});

export const messageSchema = z.discriminatedUnion('kind', [twinChangeSchema, laterLookSchema]);

export type DriftMessage = z.infer<typeof messageSchema>;
