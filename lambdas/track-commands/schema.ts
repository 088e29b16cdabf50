import * as z from 'zod';
import { laterLookSchema } from '../shared/later-look.ts';

export const environmentSchema = z.object({
  COMMAND_TABLE: z.string().min(1),
  QUEUE_URL: z.url(),
  KEEP_DAYS: z.string().regex(/^\d+$/).transform(Number),
});

/** What the outcome rule puts on the queue: the device's words undecoded, so that unreadable ones get here too. */
const outcomeMessageSchema = z.object({
  kind: z.literal('outcome'),
  thingName: z.string().min(1),
  /** ms since the epoch, by the clock of the rule */
  at: z.int(),
  payload: z.base64(),
});

export const messageSchema = z.discriminatedUnion('kind', [outcomeMessageSchema, laterLookSchema]);

export type CommandMessage = z.infer<typeof messageSchema>;
