import * as z from 'zod';

export const environmentSchema = z.object({
  COMMAND_TABLE: z.string().min(1),
  QUEUE_URL: z.url(),
  TOPIC_ROOT: z.string().min(1),
  THING_NAME_PREFIX: z.string().min(1),
  KEEP_DAYS: z.string().regex(/^\d+$/).transform(Number),
});
